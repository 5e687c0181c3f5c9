import { type Clauses, canStart, canStop, firstOf, unless } from './clauses.ts'
import { newId, type Session } from './session.ts'

const attaches = unless(declared => declared.volumeAttach.max > 0, 'it attaches no volumes')

/** An instance that takes volumes now: running where it takes them then, else stopped. */
const receiver = (session: Session) =>
  session.declared.volumeAttach.hotPlug && session.declared.volumeAttach.hotUnplug
    ? session.running()
    : session.stopped()
const canReceive = firstOf(
  attaches,
  unless(
    declared => (declared.volumeAttach.hotPlug && declared.volumeAttach.hotUnplug) || declared.stop === 'preserves',
    'it attaches only to stopped instances, and stops none',
  ),
)

export const attachmentClauses: Clauses = [
  {
    title: 'attaches a volume and detaches it; each again is done already',
    skip: canReceive,
    proof: async session => {
      const { id } = await receiver(session)
      const volume = await session.volume()
      const spec = { instance: id, volume, device: '/dev/vdb', generation: 1 }
      session.expect((await session.done('attach', id, spec)).already).toBe(false)
      session.expect((await session.done('attach', id, spec)).already).toBe(true)
      session.expect(await session.countListed('attachment', `${id}/${volume}`)).toBe(1)
      await session.refused('volumeDelete', volume, {}, 'precondition')
      session.expect((await session.done('detach', id, spec)).already).toBe(false)
      session.expect((await session.done('detach', id, spec)).already).toBe(true)
      session.expect(await session.countListed('attachment', `${id}/${volume}`)).toBe(0)
      session.expect((await session.done('volumeDelete', volume, {})).already).toBe(false)
    },
  },
  {
    title: 'refuses to attach a volume that another instance has',
    skip: firstOf(
      canReceive,
      unless(declared => !declared.volumeAttach.multiAttach, 'its volumes may have several users'),
    ),
    proof: async session => {
      const [first, second] = [await receiver(session), await receiver(session)]
      const volume = await session.volume()
      const spec = (instance: string) => ({ instance, volume, device: '/dev/vdb', generation: 1 })
      await session.done('attach', first.id, spec(first.id))
      await session.refused('attach', second.id, spec(second.id), 'precondition')
      session.expect(await session.countListed('attachment', `${second.id}/${volume}`)).toBe(0)
    },
  },
  {
    title: 'refuses to attach what does not exist, or to what does not exist',
    skip: canReceive,
    proof: async session => {
      const { id } = await receiver(session)
      const spec = { instance: id, volume: newId('vol'), device: '/dev/vdb', generation: 1 }
      await session.refused('attach', id, spec, 'notFound', 'precondition')
      const [instance, volume] = [newId('i'), await session.volume()]
      await session.refused('attach', instance, { ...spec, instance, volume }, 'notFound', 'precondition')
    },
  },
  {
    title: 'finds a volume detached already from an instance that is gone',
    skip: canReceive,
    proof: async session => {
      const { id } = await receiver(session)
      const volume = await session.volume()
      const spec = { instance: id, volume, device: '/dev/vdb', generation: 1 }
      await session.done('attach', id, spec)
      await session.destroy(id)
      session.expect((await session.done('detach', id, spec)).already).toBe(true)
    },
  },
  {
    title: 'refuses to attach to an older launch',
    skip: firstOf(canReceive, canStop, canStart),
    proof: async session => {
      const { id, spec } = await session.stopped()
      await session.done('instancePower', id, { want: 'running', mode: 'hard', generation: 2, devices: spec.devices })
      const volume = await session.volume()
      await session.refused('attach', id, { instance: id, volume, device: '/dev/vdb', generation: 1 }, 'precondition')
    },
  },
  {
    title: 'attaches to a running instance only where it declares hot plug',
    skip: attaches,
    proof: async session => {
      const { id } = await session.running()
      const spec = { instance: id, volume: await session.volume(), device: '/dev/vdb', generation: 1 }
      if (session.declared.volumeAttach.hotPlug) await session.done('attach', id, spec)
      else await session.refused('attach', id, spec, 'precondition')
    },
  },
  {
    title: 'keeps or deletes the data volumes of a destroyed instance, as it declares',
    skip: canReceive,
    proof: async session => {
      const { id } = await receiver(session)
      const volume = await session.volume()
      await session.done('attach', id, { instance: id, volume, device: '/dev/vdb', generation: 1 })
      await session.destroy(id)
      const deletes = session.declared.attachmentsOnDestroy === 'deletes'
      session.expect((await session.observe('volume', volume)).exists).toBe(deletes ? 'no' : 'yes')
    },
  },
]
