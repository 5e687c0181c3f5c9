/** Taking a volume back to one of its snapshots. */
import {
  type Clauses,
  canStart,
  canStop,
  firstOf,
  hasVolumes,
  repeatsSafely,
  speaksWithGuests,
  takesSnapshots,
  unless,
} from './clauses.ts'
import { newId, rootVolumeOf, type Session } from './session.ts'
import { Tale } from './tale.ts'

const reverts = firstOf(
  takesSnapshots,
  unless(({ volumeSnapshot }) => volumeSnapshot.revert, 'it takes no volume back'),
)
/** What is written is on a root, so that has to be a volume. */
const withRootVolumes = firstOf(
  reverts,
  canStop,
  canStart,
  speaksWithGuests,
  unless(({ volumeSnapshot }) => volumeSnapshot.of.includes('available'), 'it takes no snapshots of unused volumes'),
)
/** A volume that nobody uses with what was written, its snapshot, and what was written after it. */
const written = async (session: Session) => {
  const tale = await Tale.begin(session)
  const volume = rootVolumeOf(tale.made.spec)
  await tale.write('before')
  await tale.rest()
  const snapshot = newId('snap')
  if (volume !== undefined) await session.done('volumeSnapshotEnsure', snapshot, { volume })
  await tale.write('after')
  return { tale, volume, snapshot }
}

export const volumeRevertClauses: Clauses = [
  {
    title: 'takes a volume back to what its snapshot keeps, when nobody runs with it',
    skip: withRootVolumes,
    proof: async session => {
      const { tale, volume, snapshot } = await written(session)
      if (volume === undefined) return
      await session.refused('volumeRevert', volume, { snapshot }, 'precondition')
      await tale.rest()
      session.expect((await session.done('volumeRevert', volume, { snapshot })).already).toBe(false)
      session.expect(await tale.read()).toBe('before')
      session.expect((await session.observe('volumeSnapshot', snapshot)).exists).toBe('yes')
    },
  },
  {
    title: 'takes a volume back once for one token: what was written since is not lost to a repetition',
    skip: firstOf(withRootVolumes, repeatsSafely),
    proof: async session => {
      const { tale, volume, snapshot } = await written(session)
      if (volume === undefined) return
      await tale.rest()
      const token = newId('token')
      await session.done('volumeRevert', volume, { snapshot }, token)
      await tale.write('since')
      await tale.rest()
      const again = await session.ended(await session.once('volumeRevert', volume, { snapshot }, token, 2), token)
      session.expect(again).toMatchObject({ kind: 'done', already: true })
      session.expect(await tale.read()).toBe('since')
    },
  },
  {
    title: 'gives a volume the size that its snapshot has, or leaves it, as it declares',
    skip: firstOf(
      reverts,
      hasVolumes,
      unless(({ volume }) => volume.grow !== 'none', 'its volumes do not grow'),
      unless(({ volumeSnapshot }) => volumeSnapshot.of.includes('available'), 'it takes none of unused volumes'),
    ),
    proof: async session => {
      const { id, volume } = await session.snapshot()
      const larger = session.sizeBytes * 2
      await session.done('volumeResize', volume, { sizeBytes: larger })
      const back = await session.done('volumeRevert', volume, { snapshot: id })
      const sizeBytes = session.declared.volumeSnapshot.revertRestoresSize ? session.sizeBytes : larger
      session.expect(back.facts.sizeBytes).toBe(sizeBytes)
      session.expect((await session.observe('volume', volume)).facts.sizeBytes).toBe(sizeBytes)
    },
  },
  {
    title: 'takes no volume back to what is not its own snapshot, and none that is not there',
    skip: reverts,
    proof: async session => {
      const { id, volume } = await session.snapshot()
      const other = await session.volume()
      await session.refused('volumeRevert', volume, { snapshot: newId('snap') }, 'notFound')
      await session.refused('volumeRevert', newId('vol'), { snapshot: id }, 'notFound')
      await session.refused('volumeRevert', other, { snapshot: id }, 'invalid')
    },
  },
]
