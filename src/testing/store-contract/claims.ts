import { claimFault } from './append.ts'
import type { Clauses } from './clauses.ts'
import { event } from './samples.ts'
import type { Session } from './session.ts'

const claim = (used: number | undefined, expected: number, account = 'acme') => ({
  view: 'limits',
  key: account,
  row: used === undefined ? undefined : { account, used },
  expected,
})
/** Commits event number `position` with a claim. */
const commit = (session: Session, position: number, ...claims: ReturnType<typeof claim>[]) =>
  session.commit({ events: [event(position)], claims })
const read = async ({ store }: Session, account = 'acme') => (await store.claims('limits', [account])).get(account)

export const claimClauses: Clauses = [
  ...claimFault,
  {
    title: 'gives a row the position of its commit as revision, and takes the next claim on that',
    proof: async session => {
      await session.open()
      await commit(session, 1, claim(1, 0))
      session.expect(await read(session)).toEqual({ row: { account: 'acme', used: 1 }, revision: 1 })
      await session.commit({ events: [event(2), event(3)], claims: [claim(2, 1)] })
      session.expect(await read(session)).toEqual({ row: { account: 'acme', used: 2 }, revision: 3 })
      session.expect(await read(session, 'zenith')).toBe(undefined)
    },
  },
  {
    title: 'refuses a claim on no row where there is one, and on a row where there is none',
    proof: async session => {
      await session.open()
      await commit(session, 1, claim(1, 0))
      const refused = { on: 'claim', key: 'limits/acme' }
      session.expect(await session.refusal(commit(session, 2, claim(2, 0)))).toEqual(refused)
      session.expect(await session.refusal(commit(session, 2, claim(undefined, 0)))).toEqual(refused)
      const absent = { on: 'claim', key: 'limits/zenith' }
      session.expect(await session.refusal(commit(session, 2, claim(1, 1, 'zenith')))).toEqual(absent)
      session.expect(await session.refusal(commit(session, 2, claim(undefined, 1, 'zenith')))).toEqual(absent)
      await commit(session, 2, claim(undefined, 0, 'zenith'))
    },
  },
  {
    title: 'gives the last unit to exactly one of many racers',
    proof: async session => {
      await session.open()
      await commit(session, 1, claim(0, 0))
      const racers = Array.from({ length: 8 }, (_, index) =>
        session.commit({ events: [event(index + 2, `i-${index}`, 1)], claims: [claim(1, 1)] }),
      )
      session.expect(await session.accepted(racers)).toBe(1)
      session.expect((await read(session))?.row).toEqual({ account: 'acme', used: 1 })
      session.expect((await session.store.log(0, 100)).length).toBe(2)
    },
  },
  {
    title: 'never takes an old claim for a row that went and came back',
    proof: async session => {
      await session.open()
      await commit(session, 1, claim(1, 0))
      await commit(session, 2, claim(undefined, 1))
      session.expect(await read(session)).toBe(undefined)
      await commit(session, 3, claim(5, 0))
      session
        .expect(await session.refusal(commit(session, 4, claim(2, 1))))
        .toEqual({ on: 'claim', key: 'limits/acme' })
      session.expect((await read(session))?.row).toEqual({ account: 'acme', used: 5 })
    },
  },
  {
    title: 'claims several rows of one commit together or not at all',
    proof: async session => {
      await session.open()
      await commit(session, 1, claim(1, 0), claim(1, 0, 'zenith'))
      session
        .expect(await session.refusal(commit(session, 2, claim(2, 1), claim(2, 0, 'zenith'))))
        .toEqual({ on: 'claim', key: 'limits/zenith' })
      session.expect((await read(session))?.row).toEqual({ account: 'acme', used: 1 })
    },
  },
]
