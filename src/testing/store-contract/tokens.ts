import { tokenFault } from './append.ts'
import type { Clauses } from './clauses.ts'
import { event, token } from './samples.ts'

export const tokenClauses: Clauses = [
  ...tokenFault,
  {
    title: 'finds a token again, for its own account only',
    proof: async session => {
      await session.open()
      const theirs = token('t-1', { account: 'zenith', result: '"theirs"' })
      await session.commit({ events: [event(1)], tokens: [token('t-1'), theirs] })
      session.expect(await session.store.token('acme', 't-1')).toEqual(token('t-1'))
      session.expect(await session.store.token('zenith', 't-1')).toEqual(theirs)
      session.expect(await session.store.token('zenith', 't-2')).toBe(undefined)
    },
  },
  {
    title: 'forgets tokens older than asked, in steps, the oldest first',
    proof: async session => {
      await session.open()
      const tokens = [50, 10, 40, 20, 30].map(at => token(`t-${at}`, { at }))
      await session.commit({ events: [event(1)], tokens })
      const { store } = session
      session.expect(await store.pruneTokens(40, 2)).toBe(2)
      session.expect(await store.token('acme', 't-20')).toBe(undefined)
      session.expect(await store.token('acme', 't-30')).toEqual(token('t-30', { at: 30 }))
      session.expect(await store.pruneTokens(40, 2)).toBe(1)
      session.expect(await store.pruneTokens(40, 2)).toBe(0)
      session.expect(await store.token('acme', 't-40')).toEqual(token('t-40', { at: 40 }))
    },
  },
]
