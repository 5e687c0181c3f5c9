import {
  type Clauses,
  canStop,
  failsOnPurpose,
  firstOf,
  makesRoots,
  reopens,
  repeatsSafely,
  takesSnapshots,
  unless,
} from './clauses.ts'
import { newId, rootVolumeOf, type Session } from './session.ts'

const ofAvailable = unless(
  declared => declared.volumeSnapshot.of.includes('available'),
  'it takes no snapshots of volumes that nobody uses',
)

/** The volume goes first, where that is possible. */
const forget = async (session: Session, volume: string): Promise<void> => {
  if (session.declared.volumeSnapshot.independentOfVolume) await session.done('volumeDelete', volume, {})
}

export const snapshotClauses: Clauses = [
  {
    title: 'takes a snapshot that is observed and listed with the size of its volume',
    skip: firstOf(takesSnapshots, ofAvailable),
    proof: async session => {
      const [id, volume] = [newId('snap'), await session.volume()]
      const taken = await session.done('volumeSnapshotEnsure', id, { volume })
      session.expect(taken.already).toBe(false)
      session.expect(taken.facts.sizeBytes).toBe(session.sizeBytes)
      const seen = await session.observe('volumeSnapshot', id)
      session.expect(seen).toMatchObject({ kind: 'volumeSnapshot', id, exists: 'yes' })
      session.expect(seen.facts.sizeBytes).toBe(session.sizeBytes)
      session.expect(await session.countListed('volumeSnapshot', id)).toBe(1)
    },
  },
  {
    title: 'takes snapshots of volumes in the states it declares, and of no other',
    skip: firstOf(takesSnapshots, makesRoots, canStop),
    proof: async session => {
      const { of } = session.declared.volumeSnapshot
      // The root of an instance that is off is in use, and nobody writes to it.
      const { spec } = await session.stopped()
      const volumes = { available: await session.volume(), 'in-use': rootVolumeOf(spec)! }
      for (const state of ['available', 'in-use'] as const) {
        const [id, what] = [newId('snap'), { volume: volumes[state] }]
        if (of.includes(state)) await session.done('volumeSnapshotEnsure', id, what)
        else await session.refused('volumeSnapshotEnsure', id, what, 'precondition')
        session.expect((await session.observe('volumeSnapshot', id)).exists).toBe(of.includes(state) ? 'yes' : 'no')
      }
    },
  },
  {
    title: 'takes snapshots of the disk of a running guest only where it declares that',
    skip: firstOf(
      takesSnapshots,
      unless(({ volumeSnapshot }) => volumeSnapshot.of.includes('in-use'), 'it takes none of volumes in use'),
    ),
    proof: async session => {
      const { spec } = await session.running()
      const volume = rootVolumeOf(spec)
      if (volume === undefined) return
      const id = newId('snap')
      if (session.declared.volumeSnapshot.live) await session.done('volumeSnapshotEnsure', id, { volume })
      else await session.refused('volumeSnapshotEnsure', id, { volume }, 'precondition')
    },
  },
  {
    title: 'finds a snapshot taken already when the call is repeated with its token, and takes no second one',
    skip: firstOf(takesSnapshots, ofAvailable, repeatsSafely),
    proof: async session => {
      const [id, token, volume] = [newId('snap'), newId('token'), await session.volume()]
      await session.done('volumeSnapshotEnsure', id, { volume }, token)
      const again = await session.ended(await session.once('volumeSnapshotEnsure', id, { volume }, token, 2), token)
      session.expect(again).toMatchObject({ kind: 'done', already: true, facts: { sizeBytes: session.sizeBytes } })
      session.expect(await session.countListed('volumeSnapshot', id, token)).toBe(1)
    },
  },
  {
    title: 'keeps a snapshot when its volume grows or is deleted, or keeps the volume as long as there is one',
    skip: firstOf(takesSnapshots, ofAvailable),
    proof: async session => {
      const { id, volume } = await session.snapshot()
      if (session.declared.volume.grow !== 'none')
        await session.done('volumeResize', volume, { sizeBytes: session.sizeBytes * 2 })
      if (session.declared.volumeSnapshot.independentOfVolume) await session.done('volumeDelete', volume, {})
      else await session.refused('volumeDelete', volume, {}, 'precondition')
      const seen = await session.observe('volumeSnapshot', id)
      session.expect([seen.exists, seen.facts.sizeBytes]).toEqual(['yes', session.sizeBytes])
    },
  },
  {
    title: 'keeps what the volume was when the call was accepted, however long it takes to store',
    skip: firstOf(
      takesSnapshots,
      ofAvailable,
      failsOnPurpose,
      repeatsSafely,
      unless(declared => declared.volume.grow !== 'none', 'its volumes do not grow'),
    ),
    proof: async session => {
      const [id, token, volume] = [newId('snap'), newId('token'), await session.volume()]
      session.subject.fail!('volumeSnapshotEnsure', 'delay')
      const begun = await session.once('volumeSnapshotEnsure', id, { volume }, token)
      session.expect(begun.kind).toBe('pending')
      await session.done('volumeResize', volume, { sizeBytes: session.sizeBytes * 2 })
      session
        .expect(await session.ended(begun, token))
        .toMatchObject({ kind: 'done', facts: { sizeBytes: session.sizeBytes } })
    },
  },
  {
    title: 'makes a volume from a snapshot, as large or larger, never smaller, also without the first volume',
    skip: firstOf(takesSnapshots, ofAvailable),
    proof: async session => {
      const { id, volume } = await session.snapshot()
      await forget(session, volume)
      const from = { kind: 'volumeSnapshot', id } as const
      for (const sizeBytes of [session.sizeBytes, session.sizeBytes * 2]) {
        const made = await session.done('volumeEnsure', newId('vol'), { ...session.volumeSpec(from), sizeBytes })
        session.expect(made.facts.sizeBytes).toBe(sizeBytes)
      }
      const { minBytes, stepBytes } = session.declared.volume
      const smaller = session.sizeBytes - stepBytes
      if (smaller < Math.max(minBytes, 1)) return
      await session.refused(
        'volumeEnsure',
        newId('vol'),
        { ...session.volumeSpec(from), sizeBytes: smaller },
        'invalid',
      )
    },
  },
  {
    title: 'keeps a volume that was made from a snapshot when the snapshot is deleted',
    skip: firstOf(takesSnapshots, ofAvailable),
    proof: async session => {
      const { id } = await session.snapshot()
      const volume = newId('vol')
      await session.done('volumeEnsure', volume, session.volumeSpec({ kind: 'volumeSnapshot', id }))
      await session.done('volumeSnapshotDelete', id, {})
      session.expect((await session.observe('volume', volume)).exists).toBe('yes')
    },
  },
  {
    title: 'copies a snapshot into one that is complete without the first',
    skip: firstOf(takesSnapshots, ofAvailable),
    proof: async session => {
      const { id } = await session.snapshot()
      const copy = newId('snap')
      const made = await session.done('volumeSnapshotEnsure', copy, { from: { snapshot: id } })
      session.expect(made.facts.sizeBytes).toBe(session.sizeBytes)
      await session.done('volumeSnapshotDelete', id, {})
      session.expect((await session.observe('volumeSnapshot', copy)).exists).toBe('yes')
      await session.done('volumeEnsure', newId('vol'), session.volumeSpec({ kind: 'volumeSnapshot', id: copy }))
    },
  },
  {
    title: 'refuses a snapshot of what does not exist, and a volume from a snapshot that does not',
    skip: takesSnapshots,
    proof: async session => {
      const [id, missing] = [newId('snap'), newId('snap')]
      await session.refused('volumeSnapshotEnsure', id, { volume: newId('vol') }, 'notFound')
      await session.refused('volumeSnapshotEnsure', id, { from: { snapshot: missing } }, 'notFound')
      const from = { kind: 'volumeSnapshot', id: missing } as const
      await session.refused('volumeEnsure', newId('vol'), session.volumeSpec(from), 'notFound')
      session.expect((await session.observe('volumeSnapshot', id)).exists).toBe('no')
    },
  },
  {
    title: 'deletes a snapshot; deleting it again, or one that never was, is done already',
    skip: firstOf(takesSnapshots, ofAvailable),
    proof: async session => {
      const { id, volume } = await session.snapshot()
      session.expect((await session.done('volumeSnapshotDelete', id, {})).already).toBe(false)
      session.expect((await session.observe('volumeSnapshot', id)).exists).toBe('no')
      session.expect((await session.done('volumeSnapshotDelete', id, {})).already).toBe(true)
      session.expect((await session.done('volumeSnapshotDelete', newId('snap'), {})).already).toBe(true)
      session.expect((await session.observe('volume', volume)).exists).toBe('yes')
    },
  },
  {
    title: 'keeps a snapshot when it is opened again, and goes on with one that was being stored',
    skip: firstOf(takesSnapshots, ofAvailable, failsOnPurpose, reopens),
    proof: async session => {
      const { id, volume } = await session.snapshot()
      const [second, token] = [newId('snap'), newId('token')]
      session.subject.fail!('volumeSnapshotEnsure', 'delay')
      const begun = await session.once('volumeSnapshotEnsure', second, { volume }, token)
      session.expect(begun.kind).toBe('pending')
      session.driver = await session.subject.reopen!()
      session.expect((await session.observe('volumeSnapshot', id)).exists).toBe('yes')
      session.expect((await session.ended(begun, token)).kind).toBe('done')
      session.expect(await session.countListed('volumeSnapshot', second, token)).toBe(1)
    },
  },
]
