/** Commits that touch every table, and pictures of everything that can be read, to tell whole commits from halves. */
import type { Commit, Projection, Store } from '../../src/store/store.ts'
import {
  ask,
  ending,
  event,
  inventory,
  limits,
  nothing,
  snapshot,
  timer,
  token,
} from '../../src/testing/store-contract/samples.ts'

export const views: readonly Projection[] = [limits, inventory]

/** Commit number `n`, from 1: two events, and rows of every other kind, some of them replacing those of commit n - 1. */
export const commitNumber = (n: number): Commit => {
  const resource = `i-${n}`
  const position = 2 * n
  return {
    ...nothing,
    events: [event(position - 1, resource, 1), event(position, resource, 2)],
    asksOpened: [ask(`${resource}.1.0`, { resource, position })],
    asksClosed: n > 1 ? [`i-${n - 1}.1.0`] : [],
    timersArmed: [timer(resource, 1_000 * n), timer('i-0', n)],
    timersDisarmed: n > 1 ? [{ resource: `i-${n - 1}`, event: 'instance.stopTimedOut' }] : [],
    tokens: [token(`t-${n}`, { at: n })],
    claims: [{ view: 'limits', key: 'acme', row: { account: 'acme', used: n }, expected: n > 1 ? position - 2 : 0 }],
    derived: {
      snapshots: [snapshot(resource, 2), snapshot('i-0', n)],
      endings: [ending(resource, position)],
      rows: [
        { view: 'inventory', key: resource, row: { id: resource, state: 'running', tags: [n] } },
        { view: 'inventory', key: 'i-0', row: { id: 'i-0', sizeBytes: n } },
      ],
      watermark: position,
    },
  }
}

/** Everything that can be read after at most `count` of these commits. */
export async function picture(store: Store, count: number): Promise<unknown> {
  const numbers = Array.from({ length: count + 1 }, (_, n) => n)
  return {
    log: await store.log(0, 1_000),
    asks: await store.asks(0, 1_000),
    timers: await store.timers(1_000),
    tokens: await Promise.all(numbers.map(n => store.token('acme', `t-${n}`))),
    claims: [...(await store.claims('limits', ['acme']))],
    snapshots: await store.snapshots(numbers.map(n => `i-${n}`)),
    endings: await store.endings('instance', 1_000),
    rows: await store.query('inventory', { limit: 1_000 }),
  }
}
