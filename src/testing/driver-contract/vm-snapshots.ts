/** Snapshots of instances as a whole: which there are, how they are kept, and what they keep others from doing. */
import { takesVmSnapshots } from '../../drivers/optional-calls.ts'
import {
  bootsFromVolume,
  type Clauses,
  canStart,
  canStop,
  failsOnPurpose,
  firstOf,
  reopens,
  repeatsSafely,
  unless,
} from './clauses.ts'
import { newId } from './session.ts'
import { Tale } from './tale.ts'

export const keepsInstances = unless(takesVmSnapshots, 'it keeps no VM snapshots')
/** To be kept again and again it has to come to where it can be. */
export const keepsAgain = firstOf(keepsInstances, canStop, canStart)
/** More at once are not tried out. */
const countMax = 32

export const vmSnapshotClauses: Clauses = [
  {
    title: 'keeps a running instance with its memory, observed and listed with its disks, or says that it does not',
    skip: keepsInstances,
    proof: async session => {
      const tale = await Tale.begin(session)
      const id = newId('vmsnap')
      if (!session.declared.vmSnapshot.memory)
        return session.refused('vmSnapshotEnsure', tale.id, tale.ensuring(id, true), 'unsupported')
      const kept = await session.done('vmSnapshotEnsure', tale.id, tale.ensuring(id, true))
      session.expect(kept).toMatchObject({ already: false, facts: { instance: tale.id, state: 'running' } })
      session.expect((kept.facts.memoryBytes as number) > 0).toBe(true)
      const seen = await session.observe('vmSnapshot', id)
      session.expect(seen).toMatchObject({ kind: 'vmSnapshot', id, exists: 'yes', facts: kept.facts })
      session.expect(Object.keys(seen.facts.disks as object).sort()).toEqual(tale.volumes.sort())
      session.expect(await session.countListed('vmSnapshot', id)).toBe(1)
      session.expect(await tale.status()).toBe('running')
    },
  },
  {
    title: 'keeps the disks of a stopped instance alone, or says that it does not',
    skip: firstOf(keepsInstances, canStop),
    proof: async session => {
      const tale = await Tale.begin(session)
      await tale.rest()
      const id = newId('vmsnap')
      if (!session.declared.vmSnapshot.diskOnly)
        return session.refused('vmSnapshotEnsure', tale.id, tale.ensuring(id, false), 'unsupported')
      const kept = await session.done('vmSnapshotEnsure', tale.id, tale.ensuring(id, false))
      session.expect(kept.facts).toMatchObject({ instance: tale.id, state: 'stopped', memoryBytes: 0 })
      session.expect(await tale.isKept(id)).toBe(true)
      session.expect(await tale.status()).toBe('stopped')
    },
  },
  {
    title: 'keeps the disks alone of a running guest only where it declares that',
    skip: firstOf(
      keepsInstances,
      unless(({ vmSnapshot }) => vmSnapshot.diskOnly, 'it keeps no disks alone'),
    ),
    proof: async session => {
      const tale = await Tale.begin(session)
      const asked = tale.ensuring(newId('vmsnap'), false)
      if (session.declared.vmSnapshot.live) await session.done('vmSnapshotEnsure', tale.id, asked)
      else await session.refused('vmSnapshotEnsure', tale.id, asked, 'precondition')
      session.expect(await tale.isKept(asked.snapshot)).toBe(session.declared.vmSnapshot.live)
      session.expect(await tale.status()).toBe('running')
    },
  },
  {
    title: 'has a guest write out first what it holds back, or says that it can not',
    skip: firstOf(
      keepsInstances,
      unless(({ vmSnapshot: { memory, live } }) => memory || live, 'it keeps no running guests'),
    ),
    proof: async session => {
      const tale = await Tale.begin(session)
      const asked = { ...tale.ensuring(newId('vmsnap')), quiesce: true }
      if (session.declared.vmSnapshot.quiesce) await session.done('vmSnapshotEnsure', tale.id, asked)
      else await session.refused('vmSnapshotEnsure', tale.id, asked, 'unsupported')
    },
  },
  {
    title: 'finds a VM snapshot kept already when the call is repeated with its token, and keeps no second one',
    skip: firstOf(keepsAgain, repeatsSafely),
    proof: async session => {
      const tale = await Tale.begin(session)
      await tale.readyToKeep()
      const [token, asked] = [newId('token'), tale.ensuring(newId('vmsnap'))]
      const first = await session.done('vmSnapshotEnsure', tale.id, asked, token)
      const again = await session.ended(await session.once('vmSnapshotEnsure', tale.id, asked, token, 2), token)
      session.expect(again).toMatchObject({ kind: 'done', already: true, facts: first.facts })
      session.expect(await session.countListed('vmSnapshot', asked.snapshot, token)).toBe(1)
      if (session.declared.idempotency.by !== 'id') return
      const other = { ...asked, volumes: [...asked.volumes, newId('vol')] }
      await session.refused('vmSnapshotEnsure', tale.id, other, 'conflict')
    },
  },
  {
    title: 'keeps no VM snapshot of an instance that is not there, or whose caller believes in other volumes',
    skip: keepsAgain,
    proof: async session => {
      const tale = await Tale.begin(session)
      await tale.readyToKeep()
      const asked = tale.ensuring(newId('vmsnap'))
      await session.refused('vmSnapshotEnsure', newId('i'), asked, 'notFound')
      const more = { ...asked, volumes: [...asked.volumes, newId('vol')] }
      await session.refused('vmSnapshotEnsure', tale.id, more, 'precondition', 'notFound')
      session.expect(await tale.isKept(asked.snapshot)).toBe(false)
    },
  },
  {
    title: 'keeps as many VM snapshots as it declares, and no more',
    skip: firstOf(
      keepsAgain,
      unless(
        ({ vmSnapshot: { maxCount, maxDepth } }) => maxCount <= Math.min(maxDepth, countMax),
        'others limit it first',
      ),
    ),
    proof: async session => {
      const tale = await Tale.begin(session)
      for (let count = 0; count < session.declared.vmSnapshot.maxCount; count++) await tale.keep()
      await session.refused('vmSnapshotEnsure', tale.id, tale.ensuring(newId('vmsnap')), 'exhausted')
    },
  },
  {
    title: 'keeps as many VM snapshots in a line as it declares, and no more',
    skip: firstOf(
      keepsAgain,
      unless(
        ({ vmSnapshot: { maxCount, maxDepth } }) => maxDepth <= Math.min(maxCount, countMax),
        'others limit it first',
      ),
    ),
    proof: async session => {
      const tale = await Tale.begin(session)
      for (let count = 0; count < session.declared.vmSnapshot.maxDepth; count++) await tale.keep()
      await session.refused('vmSnapshotEnsure', tale.id, tale.ensuring(newId('vmsnap')), 'exhausted')
    },
  },
  {
    title: 'shows a guest as running all the while that it is kept, unless it declares that it stands still',
    skip: firstOf(
      keepsInstances,
      failsOnPurpose,
      unless(({ vmSnapshot: { memory, live } }) => memory || live, 'it keeps no running guests'),
    ),
    proof: async session => {
      const tale = await Tale.begin(session)
      const token = newId('token')
      session.subject.fail!('vmSnapshotEnsure', 'delay')
      const begun = await session.once('vmSnapshotEnsure', tale.id, tale.ensuring(newId('vmsnap')), token)
      session.expect(begun.kind).toBe('pending')
      const { facts } = await session.driver.observe('instance', tale.id, session.context(newId('token')))
      if (!session.declared.vmSnapshot.stunsVm) session.expect(facts.status).toBe('running')
      session.expect((await session.ended(begun, token)).kind).toBe('done')
      session.expect(await tale.status()).toBe('running')
    },
  },
  {
    title: 'refuses what it declares to refuse while there are VM snapshots, and nothing else',
    skip: firstOf(
      keepsAgain,
      bootsFromVolume,
      unless(({ volumeAttach }) => volumeAttach.max > 1, 'its instances have no volumes'),
      unless(({ vmSnapshot: { diskOnly } }) => diskOnly, 'it keeps only guests that run'),
    ),
    proof: async session => {
      const { blocks } = session.declared.vmSnapshot
      const { id, spec } = await session.stopped()
      const [kept, other] = [await session.volume(), await session.volume()]
      const attaching = (volume: string, device: string) => ({ instance: id, volume, device, generation: 1 })
      await session.done('attach', id, attaching(kept, '/dev/vdb'))
      const roots = spec.devices.map(({ volume }) => volume)
      const snapshot = newId('vmsnap')
      const asked = { snapshot, memory: false, generation: 1, volumes: [...roots, kept] }
      await session.done('vmSnapshotEnsure', id, asked)
      const calls = [
        ['attach', 'attach', id, attaching(other, '/dev/vdc')],
        ['resize', 'volumeResize', kept, { sizeBytes: session.sizeBytes * 2 }],
        ['migrate', 'volumeMigrate', kept, { pool: session.pools[1] }],
        ['detach', 'detach', id, attaching(kept, '/dev/vdb')],
      ] as const
      for (const [what, call, of, how] of calls) {
        if (what === 'resize' && session.declared.volume.grow === 'none') continue
        if (what === 'migrate' && session.declared.volume.migrate === 'none') continue
        if (blocks.includes(what)) await session.refused(call, of, how, 'precondition')
        else await session.done(call, of, how)
      }
      await session.refused('volumeDelete', kept, {}, 'precondition')
      await session.done('vmSnapshotDelete', id, { snapshot })
      if (blocks.includes('detach')) await session.done('detach', id, attaching(kept, '/dev/vdb'))
      await session.done('volumeDelete', kept, {})
    },
  },
  {
    title: 'deletes a VM snapshot; deleting it again, or one that never was, is done already',
    skip: keepsAgain,
    proof: async session => {
      const tale = await Tale.begin(session)
      const id = await tale.keep()
      session.expect(await tale.forget(id)).toBe(false)
      session.expect((await session.observe('vmSnapshot', id)).exists).toBe('no')
      session.expect(await tale.forget(id)).toBe(true)
      session.expect(await tale.forget(newId('vmsnap'))).toBe(true)
    },
  },
  {
    title: 'lets VM snapshots go with their instance, and keeps no volume of it',
    skip: firstOf(keepsAgain, bootsFromVolume),
    proof: async session => {
      const tale = await Tale.begin(session)
      const id = await tale.keep()
      await session.destroy(tale.id, tale.generation)
      session.expect((await session.observe('vmSnapshot', id)).exists).toBe('no')
      for (const volume of tale.volumes) await session.done('volumeDelete', volume, {})
    },
  },
  {
    title: 'keeps a VM snapshot when it is opened again, and goes on with one that was being kept',
    skip: firstOf(keepsAgain, reopens),
    proof: async session => {
      const tale = await Tale.begin(session)
      const first = await tale.keep()
      const [token, asked] = [newId('token'), tale.ensuring(newId('vmsnap'))]
      session.subject.fail?.('vmSnapshotEnsure', 'delay')
      const begun = await session.once('vmSnapshotEnsure', tale.id, asked, token)
      session.driver = await session.subject.reopen!()
      session.expect(await tale.isKept(first)).toBe(true)
      session.expect((await session.ended(begun, token)).kind).toBe('done')
      session.expect(await session.countListed('vmSnapshot', asked.snapshot, token)).toBe(1)
      session.expect((await session.observe('vmSnapshot', asked.snapshot)).facts.parent).toBe(first)
    },
  },
]
