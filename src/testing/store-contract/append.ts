import type { Commit } from '../../store/store.ts'
import type { Clauses } from './clauses.ts'
import { ask, event, snapshot, timer, token } from './samples.ts'
import type { Session } from './session.ts'

/** A commit that touches every table the store keeps, valid but for what is put on top of it. */
const everything = ({ parts }: Session, position: number, rest: Partial<Commit>): Partial<Commit> => ({
  claims: parts.has('claims')
    ? [{ view: 'limits', key: 'zenith', row: { account: 'zenith', used: 1 }, expected: 0 }]
    : [],
  asksOpened: parts.has('asks') ? [ask('i-2.1.0', { position })] : [],
  asksUpdated: parts.has('asks') ? [{ token: 'i-1.1.0', attempts: 9, dueAt: 9 }] : [],
  timersArmed: parts.has('timers') ? [timer('i-1', 5), timer('i-2', 5)] : [],
  tokens: parts.has('tokens') ? [token('t-2')] : [],
  derived: parts.has('derived')
    ? {
        snapshots: [snapshot('i-1', 2), snapshot('i-2')],
        rows: [{ view: 'inventory', key: 'i-2', row: { id: 'i-2' } }],
        watermark: position,
      }
    : undefined,
  ...rest,
  events: [event(position, 'i-2', 1), ...(rest.events ?? [])],
})

/** A store in which every table has something to lose. */
const filled = async (session: Session): Promise<void> => {
  const { parts } = session
  await session.open()
  await session.commit({
    events: [event(1, 'i-1', 1)],
    claims: parts.has('claims')
      ? [{ view: 'limits', key: 'acme', row: { account: 'acme', used: 1 }, expected: 0 }]
      : [],
    asksOpened: parts.has('asks') ? [ask('i-1.1.0')] : [],
    timersArmed: parts.has('timers') ? [timer('i-1', 90)] : [],
    tokens: parts.has('tokens') ? [token('t-1')] : [],
    derived: parts.has('derived')
      ? {
          snapshots: [snapshot('i-1')],
          rows: [{ view: 'inventory', key: 'i-1', row: { id: 'i-1' } }],
          watermark: 1,
        }
      : undefined,
  })
}

/** The commit is refused for this reason, leaves nothing in any table, and the same without its fault is accepted. */
const leavesNothing = async (session: Session, fault: Partial<Commit>, on: string, key: string): Promise<void> => {
  await filled(session)
  const before = await session.picture()
  session.expect(await session.refusal(session.commit(everything(session, 2, fault)))).toEqual({ on, key })
  session.expect(await session.picture()).toEqual(before)
  await session.commit(everything(session, 2, {}))
  session.expect((await session.store.log(1, 10)).map(({ position }) => position)).toEqual([2])
}

const stale = { view: 'limits', key: 'acme', row: { account: 'acme', used: 2 } }

export const appendClauses: Clauses = [
  {
    title: 'reads a stream back as it was written',
    proof: async session => {
      await session.open()
      const strange = '{"at":7,"name":"Grüße, \\u0000 \\"quoted\\" 🌍"}'
      const written = [event(1), { ...event(2), text: strange }, event(3, 'i-2', 1), event(4, 'i-1', 3)]
      await session.commit({ events: written.slice(0, 2) })
      await session.commit({ events: written.slice(2) })
      session.expect(await session.store.stream('i-1', 1, 10)).toEqual([written[0], written[1], written[3]])
      session.expect(await session.store.stream('i-1', 2, 1)).toEqual([written[1]])
      session.expect(await session.store.stream('i-1', 4, 10)).toEqual([])
      session.expect(await session.store.stream('i-3', 1, 10)).toEqual([])
    },
  },
  {
    title: 'refuses a version that the stream has already, and leaves nothing of that commit',
    proof: session => leavesNothing(session, { events: [event(3, 'i-1', 1)] }, 'version', 'i-1@1'),
  },
  {
    title: 'refuses two events of one version in one commit, and leaves nothing of it',
    proof: session => leavesNothing(session, { events: [event(3, 'i-2', 1)] }, 'version', 'i-2@1'),
  },
  {
    title: 'refuses a position that is taken, and leaves nothing of that commit',
    proof: session => leavesNothing(session, { events: [event(1, 'i-3', 1)] }, 'position', '1'),
  },
  {
    title: 'keeps as many events in one commit as it is given',
    proof: async session => {
      await session.open()
      const events = Array.from({ length: 1_000 }, (_, index) => event(index + 1, `i-${index % 7}`, index + 1))
      await session.commit({ events })
      session.expect(await session.store.log(0, 2_000)).toEqual(events)
    },
  },
]

/** What other chapters add to the reasons for which a whole commit is refused. */
export const claimFault: Clauses = [
  {
    title: 'refuses a stale claim, and leaves nothing of that commit',
    proof: session => leavesNothing(session, { claims: [{ ...stale, expected: 7 }] }, 'claim', 'limits/acme'),
  },
]
export const askFault: Clauses = [
  {
    title: 'refuses to close an ask that is not open, and leaves nothing of that commit',
    proof: session => leavesNothing(session, { asksClosed: ['i-9.1.0'] }, 'ask', 'i-9.1.0'),
  },
]
export const tokenFault: Clauses = [
  {
    title: 'refuses a token that the account has used, and leaves nothing of that commit',
    proof: session => leavesNothing(session, { tokens: [token('t-1')] }, 'token', 'acme/t-1'),
  },
]
