import { askFault } from './append.ts'
import type { Clauses } from './clauses.ts'
import { ask, event } from './samples.ts'

export const askClauses: Clauses = [
  ...askFault,
  {
    title: 'keeps open asks as they were given, in order of position',
    proof: async session => {
      await session.open()
      const asks = [
        ask('i-1.1.0', { position: 1, supersedes: true, handle: '{"op":7}', lastError: 'no route', attempts: 3 }),
        ask('i-1.1.1', { position: 1, progressed: 'instance.progressed' }),
        ask('a-0.2.0', { position: 2, dueAt: 5_000 }),
      ]
      await session.commit({ events: [event(1), event(2)], asksOpened: asks })
      session.expect(await session.store.asks(0, 10)).toEqual(asks)
      session.expect(await session.store.asks(1, 10)).toEqual(asks.slice(2))
      session.expect(await session.store.asks(0, 2)).toEqual(asks.slice(0, 2))
      session.expect(await session.store.countAsks()).toBe(3)
    },
  },
  {
    title: 'closes an ask once',
    proof: async session => {
      await session.open()
      await session.commit({ events: [event(1)], asksOpened: [ask('i-1.1.0'), ask('i-1.1.1')] })
      await session.commit({ events: [event(2)], asksClosed: ['i-1.1.0'] })
      session.expect((await session.store.asks(0, 10)).map(({ token }) => token)).toEqual(['i-1.1.1'])
      const again = session.commit({ events: [event(3)], asksClosed: ['i-1.1.0'] })
      session.expect(await session.refusal(again)).toEqual({ on: 'ask', key: 'i-1.1.0' })
    },
  },
  {
    title: 'lets exactly one of two racers answer an ask',
    proof: async session => {
      await session.open()
      await session.commit({ events: [event(1)], asksOpened: [ask('i-1.1.0')] })
      const racers = [2, 3].map(position =>
        session.commit({ events: [event(position, `i-${position}`, 1)], asksClosed: ['i-1.1.0'] }),
      )
      session.expect(await session.accepted(racers)).toBe(1)
    },
  },
  {
    title: 'updates how an ask is getting on, and nothing else of it',
    proof: async session => {
      await session.open()
      await session.commit({ events: [event(1)], asksOpened: [ask('i-1.1.0'), ask('i-1.1.1')] })
      const update = { attempts: 2, dueAt: 9_000, handle: '{"op":1}', lastError: 'busy' }
      await session.commit({ asksUpdated: [{ token: 'i-1.1.0', ...update }] })
      session.expect(await session.store.asks(0, 10)).toEqual([ask('i-1.1.0', update), ask('i-1.1.1')])
      await session.commit({ asksUpdated: [{ token: 'i-1.1.0', attempts: 3, dueAt: 1 }] })
      session.expect((await session.store.asks(0, 1))[0]).toEqual(ask('i-1.1.0', { attempts: 3, dueAt: 1 }))
      const closed = session.commit({ asksUpdated: [{ token: 'i-9.1.0', attempts: 1, dueAt: 1 }] })
      session.expect(await session.refusal(closed)).toEqual({ on: 'ask', key: 'i-9.1.0' })
    },
  },
  {
    title: 'opens, updates and closes an ask in one commit',
    proof: async session => {
      await session.open()
      await session.commit({
        events: [event(1)],
        asksOpened: [ask('i-1.1.0')],
        asksUpdated: [{ token: 'i-1.1.0', attempts: 1, dueAt: 1 }],
        asksClosed: ['i-1.1.0'],
      })
      session.expect(await session.store.countAsks()).toBe(0)
    },
  },
]
