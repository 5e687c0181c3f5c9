import { type Clauses, canDestroy, canStart, canStop, firstOf, hangsGuests, unless } from './clauses.ts'
import { newId, type Session } from './session.ts'

const letters = 'abcdefghijklmnopqrstuvwxyz'
/** More are not tried out: each is a disk. */
const attachedMax = 32

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

/** A running instance with a volume: connected while it ran, or when it was started. */
const holder = async (session: Session) => {
  const volume = await session.volume()
  const device = { device: '/dev/vdb', volume }
  if (session.declared.volumeAttach.hotPlug) {
    const { id } = await session.running()
    const spec = { ...device, instance: id, generation: 1 }
    await session.done('attach', id, spec)
    return { id, spec }
  }
  const made = await session.stopped()
  await session.start(made, 2, [...made.spec.devices, { ...device, root: false }])
  return { id: made.id, spec: { ...device, instance: made.id, generation: 2 } }
}

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
    title: 'lets several instances have a volume, or refuses the second, as it declares',
    skip: canReceive,
    proof: async session => {
      const [first, second] = [await receiver(session), await receiver(session)]
      const volume = await session.volume()
      const spec = (instance: string) => ({ instance, volume, device: '/dev/vdb', generation: 1 })
      await session.done('attach', first.id, spec(first.id))
      const { multiAttach } = session.declared.volumeAttach
      if (multiAttach) await session.done('attach', second.id, spec(second.id))
      else await session.refused('attach', second.id, spec(second.id), 'precondition')
      session.expect(await session.countListed('attachment', `${second.id}/${volume}`)).toBe(multiAttach ? 1 : 0)
    },
  },
  {
    title: 'attaches as many volumes as it declares, and no more',
    skip: canReceive,
    proof: async session => {
      const { id } = await receiver(session)
      const max = Math.min(session.declared.volumeAttach.max, attachedMax)
      const next = async (at: number) => ({
        instance: id,
        volume: await session.volume(),
        device: `/dev/xvd${letters[Math.floor(at / letters.length)]}${letters[at % letters.length]}`,
        generation: 1,
      })
      for (let at = 0; at < max; at++) await session.done('attach', id, await next(at))
      if (session.declared.volumeAttach.max === max) await session.refused('attach', id, await next(max), 'exhausted')
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
    skip: firstOf(canReceive, canDestroy),
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
    title: 'detaches from a running instance only where it declares hot unplug',
    skip: firstOf(
      attaches,
      unless(
        declared => declared.volumeAttach.hotPlug || (declared.stop === 'preserves' && declared.start !== 'none'),
        'its instances run without volumes',
      ),
    ),
    proof: async session => {
      const { id, spec } = await holder(session)
      if (session.declared.volumeAttach.hotUnplug) await session.done('detach', id, spec)
      else await session.refused('detach', id, spec, 'precondition')
      const left = session.declared.volumeAttach.hotUnplug ? 0 : 1
      session.expect(await session.countListed('attachment', `${id}/${spec.volume}`)).toBe(left)
    },
  },
  {
    title: 'waits for a guest to let go of a volume only where it declares that, and not when it is forced',
    skip: firstOf(
      hangsGuests,
      unless(
        ({ volumeAttach }) => volumeAttach.max > 0 && volumeAttach.hotPlug && volumeAttach.hotUnplug,
        'it detaches nothing from a running instance',
      ),
    ),
    proof: async session => {
      const { id, spec } = await holder(session)
      await session.subject.guests!.hang!(id)
      if (session.declared.volumeAttach.detachNeedsGuest) {
        await session.refused('detach', id, spec, 'guestRefused')
        session.expect(await session.countListed('attachment', `${id}/${spec.volume}`)).toBe(1)
      }
      const force = session.declared.volumeAttach.detachNeedsGuest
      await session.done('detach', id, force ? { ...spec, force } : spec)
    },
  },
  {
    title: 'tells the serial by which a guest finds a volume, where it declares one',
    skip: firstOf(
      canReceive,
      unless(({ volumeAttach }) => volumeAttach.identity === 'serial', 'its guests find volumes by device name only'),
    ),
    proof: async session => {
      const { id } = await receiver(session)
      const serials = new Set<unknown>()
      const volumes = [await session.volume(), await session.volume()].slice(0, session.declared.volumeAttach.max)
      for (const [at, volume] of volumes.entries()) {
        await session.done('attach', id, { instance: id, volume, device: `/dev/vd${letters[at + 1]}`, generation: 1 })
        const { serial } = (await session.observe('attachment', `${id}/${volume}`)).facts
        session.expect(typeof serial).toBe('string')
        serials.add(serial)
      }
      session.expect(serials.size).toBe(volumes.length)
    },
  },
  {
    title: 'frees or deletes the volumes of a destroyed instance, as it declares and its flags say',
    skip: firstOf(
      canReceive,
      unless(
        ({ destroy, destroyFrom, stop, volumeAttach }) =>
          destroy === 'native' &&
          ((destroyFrom.includes('running') && volumeAttach.hotPlug) ||
            (destroyFrom.includes('stopped') && stop === 'preserves')),
        'it destroys no instance that has volumes',
      ),
    ),
    proof: async session => {
      const { attachmentsOnDestroy, destroyFrom, volumeAttach } = session.declared
      const runs = destroyFrom.includes('running') && volumeAttach.hotPlug
      const { id } = runs ? await session.running() : await session.stopped()
      const volumes = [await session.volume(), await session.volume()].slice(0, volumeAttach.max)
      for (const [at, volume] of volumes.entries())
        await session.done('attach', id, { instance: id, volume, device: `/dev/vd${letters[at + 1]}`, generation: 1 })
      await session.done('instanceDestroy', id, { deleteVolumes: volumes.slice(0, 1) })
      for (const [at, volume] of volumes.entries()) {
        const goes = attachmentsOnDestroy === 'deletes' || (attachmentsOnDestroy === 'byFlag' && at === 0)
        session.expect((await session.observe('volume', volume)).exists).toBe(goes ? 'no' : 'yes')
      }
    },
  },
]
