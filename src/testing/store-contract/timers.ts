import type { Clauses } from './clauses.ts'
import { event, timer } from './samples.ts'

export const timerClauses: Clauses = [
  {
    title: 'reads timers by due time, earliest first',
    proof: async session => {
      await session.open()
      const timers = [timer('i-3', 30), timer('i-1', 10), timer('i-2', 20)]
      await session.commit({ events: [event(1)], timersArmed: timers })
      session.expect((await session.store.timers(10)).map(({ dueAt }) => dueAt)).toEqual([10, 20, 30])
      session.expect(await session.store.timers(1)).toEqual([timer('i-1', 10)])
    },
  },
  {
    title: 'keeps one timer for each resource and event: arming again replaces it',
    proof: async session => {
      await session.open()
      const other = timer('i-1', 15, { event: 'instance.leaseEndDue' })
      await session.commit({ events: [event(1)], timersArmed: [timer('i-1', 10), other] })
      await session.commit({ events: [event(2)], timersArmed: [timer('i-1', 99, { position: 2, correlation: 2 })] })
      const replaced = timer('i-1', 99, { position: 2, correlation: 2 })
      session.expect(await session.store.timers(10)).toEqual([other, replaced])
    },
  },
  {
    title: 'disarms a timer, and does not mind one that is not armed',
    proof: async session => {
      await session.open()
      await session.commit({ events: [event(1)], timersArmed: [timer('i-1', 10), timer('i-2', 20)] })
      const key = ({ resource, event: type }: { resource: string; event: string }) => ({ resource, event: type })
      await session.commit({ events: [event(2)], timersDisarmed: [key(timer('i-1', 0)), key(timer('i-9', 0))] })
      session.expect(await session.store.timers(10)).toEqual([timer('i-2', 20)])
    },
  },
]
