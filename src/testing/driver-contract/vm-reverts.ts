/** Taking an instance back to one of its VM snapshots: what was there then is there again, and nothing else is lost. */
import { type Clauses, canStop, firstOf, repeatsSafely, speaksWithGuests, unless } from './clauses.ts'
import { newId } from './session.ts'
import { Tale } from './tale.ts'
import { keepsAgain } from './vm-snapshots.ts'

const branches = unless(({ vmSnapshot }) => vmSnapshot.tree, 'it goes back only to the last')

export const vmRevertClauses: Clauses = [
  {
    title:
      'goes back to a VM snapshot that has others after it, and on from there, or only to the last, as it declares',
    skip: keepsAgain,
    proof: async session => {
      const tale = await Tale.begin(session)
      const [first, second] = [await tale.keep(), await tale.keep()]
      if (!session.declared.vmSnapshot.tree) {
        await session.refused('vmSnapshotRevert', tale.id, await tale.reverting(first), 'precondition')
        return tale.revert(second)
      }
      await tale.revert(first)
      const third = await tale.keep()
      const parents = [second, third].map(async id => (await session.observe('vmSnapshot', id)).facts.parent)
      session.expect(await Promise.all(parents)).toEqual([first, first])
      if (session.declared.vmSnapshot.layered) return
      await tale.forget(first)
      for (const id of [second, third]) {
        session.expect((await session.observe('vmSnapshot', id)).facts.parent).toBe(undefined)
        await tale.revert(id)
      }
    },
  },
  {
    title: 'takes out one that several are built on, or none until fewer are, as it declares',
    skip: firstOf(keepsAgain, branches),
    proof: async session => {
      const tale = await Tale.begin(session)
      const [first, second] = [await tale.keep(), await tale.keep()]
      await tale.revert(first)
      if (!session.declared.vmSnapshot.layered) {
        session.expect(await tale.forget(first)).toBe(false)
        return
      }
      await session.refused('vmSnapshotDelete', tale.id, { snapshot: first }, 'precondition')
      session.expect(await tale.isKept(first)).toBe(true)
      await tale.forget(second)
      session.expect(await tale.forget(first)).toBe(false)
    },
  },
  {
    title: 'brings back what was written before each VM snapshot of a tree, also without the one they come from',
    skip: firstOf(keepsAgain, branches, speaksWithGuests),
    proof: async session => {
      const tale = await Tale.begin(session)
      const kept = new Map<string, string>()
      const keep = async (text: string) => {
        await tale.write(text)
        const id = await tale.keep()
        kept.set(id, text)
        return id
      }
      const first = await keep('first')
      await keep('second')
      await tale.write('lost')
      await tale.revert(first)
      session.expect(await tale.read()).toBe('first')
      await keep('third')
      for (const [id, text] of kept) {
        await tale.revert(id)
        session.expect(await tale.read()).toBe(text)
      }
      if (session.declared.vmSnapshot.layered) return
      await tale.forget(first)
      kept.delete(first)
      for (const [id, text] of kept) {
        await tale.revert(id)
        session.expect(await tale.read()).toBe(text)
      }
    },
  },
  {
    title: 'takes back an instance that runs only where it declares that',
    skip: keepsAgain,
    proof: async session => {
      const tale = await Tale.begin(session)
      const snapshot = await tale.keep()
      await tale.run()
      if (session.declared.vmSnapshot.revertWhileRunning) return tale.revert(snapshot)
      const asked = { snapshot, generation: tale.generation + 1, run: true }
      await session.refused('vmSnapshotRevert', tale.id, asked, 'precondition')
      session.expect(await tale.status()).toBe('running')
    },
  },
  {
    title: 'takes back an instance that is off, to be off or to run its next launch',
    skip: keepsAgain,
    proof: async session => {
      const tale = await Tale.begin(session)
      const snapshot = await tale.keep()
      await tale.rest()
      const off = { snapshot, generation: tale.generation, run: false }
      const back = await session.done('vmSnapshotRevert', tale.id, off)
      session.expect(back.facts).toMatchObject({ status: 'stopped', generation: tale.generation })
      const ended = { snapshot, generation: tale.generation, run: true }
      await session.refused('vmSnapshotRevert', tale.id, ended, 'precondition')
      await tale.revert(snapshot)
      session.expect(await tale.status()).toBe('running')
    },
  },
  {
    title: 'goes back once for one token: what the guest wrote since is not lost to a repetition',
    skip: firstOf(keepsAgain, speaksWithGuests, repeatsSafely),
    proof: async session => {
      const tale = await Tale.begin(session)
      await tale.write('before')
      const [snapshot, token] = [await tale.keep(), newId('token')]
      const spec = await tale.reverting(snapshot)
      await session.done('vmSnapshotRevert', tale.id, spec, token)
      await tale.write('since')
      const again = await session.ended(await session.once('vmSnapshotRevert', tale.id, spec, token, 2), token)
      session.expect(again).toMatchObject({ kind: 'done', already: true, facts: { status: 'running' } })
      session.expect(await tale.read()).toBe('since')
    },
  },
  {
    title: 'goes back to no VM snapshot that is not there or is of another instance, and to none for an older launch',
    skip: firstOf(keepsAgain, canStop),
    proof: async session => {
      const [tale, other] = [await Tale.begin(session), await Tale.begin(session)]
      const snapshot = await tale.keep()
      await other.rest()
      const asked = { snapshot, generation: other.generation + 1, run: true }
      await session.refused('vmSnapshotRevert', other.id, asked, 'notFound')
      await session.refused('vmSnapshotRevert', other.id, { ...asked, snapshot: newId('vmsnap') }, 'notFound')
      await tale.rest()
      await tale.run()
      const older = { snapshot, generation: tale.generation - 1, run: true }
      await session.refused('vmSnapshotRevert', tale.id, older, 'precondition')
      session.expect(await tale.status()).toBe('running')
    },
  },
]
