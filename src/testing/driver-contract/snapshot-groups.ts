/** Snapshots of several volumes at one moment: all of them or none. */
import {
  type Clauses,
  canStart,
  canStop,
  failsOnPurpose,
  firstOf,
  reopens,
  repeatsSafely,
  speaksWithGuests,
  takesSnapshots,
  unless,
} from './clauses.ts'
import { newId, type Session } from './session.ts'
import { Tale } from './tale.ts'

const groups = firstOf(
  takesSnapshots,
  unless(({ volumeSnapshot }) => volumeSnapshot.group, 'it makes no groups of snapshots'),
)
const ofAvailable = firstOf(
  groups,
  unless(({ volumeSnapshot }) => volumeSnapshot.of.includes('available'), 'it takes none of unused volumes'),
)
const membersOf = async (session: Session) => [
  { snapshot: newId('snap'), volume: await session.volume() },
  { snapshot: newId('snap'), volume: await session.volume() },
]
const countThere = async (session: Session, members: readonly { snapshot: string }[]) => {
  let there = 0
  for (const { snapshot } of members) there += await session.countListed('volumeSnapshot', snapshot)
  return there
}

export const snapshotGroupClauses: Clauses = [
  {
    title: 'takes snapshots of several volumes with one call; each then is one like any other',
    skip: ofAvailable,
    proof: async session => {
      const members = await membersOf(session)
      const taken = await session.done('volumeSnapshotGroupEnsure', newId('group'), { members })
      const facts = members.map(({ snapshot }) => [snapshot, { sizeBytes: session.sizeBytes }])
      session.expect(taken).toMatchObject({ already: false, facts: { members: Object.fromEntries(facts) } })
      session.expect(await countThere(session, members)).toBe(2)
      const from = { kind: 'volumeSnapshot', id: members[0]!.snapshot } as const
      await session.done('volumeEnsure', newId('vol'), session.volumeSpec(from))
      await session.done('volumeSnapshotDelete', members[0]!.snapshot, {})
      session.expect(await countThere(session, members)).toBe(1)
    },
  },
  {
    title: 'takes all snapshots of a group or none',
    skip: ofAvailable,
    proof: async session => {
      const [first, second] = await membersOf(session)
      const missing = { snapshot: newId('snap'), volume: newId('vol') }
      const twice = { ...second!, volume: first!.volume }
      for (const [members, code] of [
        [[first!, missing], 'notFound'],
        [[first!, twice], 'invalid'],
        [[], 'invalid'],
      ] as const) {
        await session.refused('volumeSnapshotGroupEnsure', newId('group'), { members }, code)
        session.expect(await countThere(session, members)).toBe(0)
      }
    },
  },
  {
    title: 'finds a group taken already when the call is repeated with its token, and takes no second one',
    skip: firstOf(ofAvailable, repeatsSafely),
    proof: async session => {
      const [id, token, members] = [newId('group'), newId('token'), await membersOf(session)]
      await session.done('volumeSnapshotGroupEnsure', id, { members }, token)
      const again = await session.once('volumeSnapshotGroupEnsure', id, { members }, token, 2)
      session.expect(await session.ended(again, token)).toMatchObject({ kind: 'done', already: true })
      session.expect(await countThere(session, members)).toBe(2)
    },
  },
  {
    title: 'goes on with a group that was being stored when it is opened again',
    skip: firstOf(ofAvailable, failsOnPurpose, reopens),
    proof: async session => {
      const [id, token, members] = [newId('group'), newId('token'), await membersOf(session)]
      session.subject.fail!('volumeSnapshotGroupEnsure', 'delay')
      const begun = await session.once('volumeSnapshotGroupEnsure', id, { members }, token)
      session.driver = await session.subject.reopen!()
      session.expect((await session.ended(begun, token)).kind).toBe('done')
      session.expect(await countThere(session, members)).toBe(2)
    },
  },
  {
    title: 'keeps in a group what a running guest has written, where it takes snapshots of those',
    skip: firstOf(
      groups,
      canStop,
      canStart,
      speaksWithGuests,
      unless(({ volumeSnapshot: { of, live } }) => live && of.includes('in-use'), 'it takes none of running guests'),
      unless(({ volumeSnapshot }) => volumeSnapshot.revert, 'it takes no volume back'),
      unless(({ volumeSnapshot }) => volumeSnapshot.of.includes('available'), 'it takes none of unused volumes'),
    ),
    proof: async session => {
      const tale = await Tale.begin(session)
      const [root] = tale.volumes
      if (root === undefined) return
      await tale.write('then')
      const [first, second] = await membersOf(session)
      const members = [{ ...first!, volume: root }, second!]
      await session.done('volumeSnapshotGroupEnsure', newId('group'), { members })
      await tale.write('later')
      await tale.rest()
      await session.done('volumeRevert', root, { snapshot: first!.snapshot })
      session.expect(await tale.read()).toBe('then')
    },
  },
]
