/** One engine on a database of its own, with a clock that stands still and a provider that does as it is told. */
import Database from 'better-sqlite3'
import type { Envelope } from '../../machines/grammar.ts'
import { projection } from '../../projections/contract.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { createEngine } from '../../src/engine.ts'
import type { KindMap } from '../../src/runtime/client.ts'
import type { ViewMap } from '../../src/runtime/listing.ts'
import { type SqliteStore, sqlite } from '../../src/store/sqlite/index.ts'
import type { Store } from '../../src/store/store.ts'
import { Bench } from './bench.ts'
import { rest, TestClock } from './clock.ts'
import { lamp } from './light.ts'

export interface InventoryRow {
  readonly id: string
  readonly kind: string
  readonly account: string
  readonly state: string
  readonly version: number
  readonly label: string | null
}
export const inventory = projection({
  name: 'inventory',
  version: 1,
  key: 'id',
  columns: { id: 'text', kind: 'text', account: 'text', state: 'text', version: 'integer', label: 'text' },
  indexes: [['account', 'kind']],
  keys: event => [event.resource],
  fold: (row: InventoryRow | undefined, event) => ({
    id: event.resource,
    kind: event.kind,
    account: event.account,
    state: event.state.split('.')[0]!,
    version: event.version,
    label: (event.data as { label?: string }).label ?? row?.label ?? null,
  }),
})

export const acme = { account: 'acme', actor: 'ops@acme' } as const

type Given<K extends KindMap, P extends ViewMap> = Partial<Omit<EngineOptions<K, P, Store>, 'store' | 'clock'>> & {
  readonly kinds: K
  readonly projections: P
  readonly clock?: TestClock
  readonly bench?: Bench
  readonly database?: Database.Database
  /** Stands between the engine and the database. */
  readonly between?: (store: SqliteStore) => Store
}

/** Opens an engine on kinds and views of the test's own. */
export async function openWith<const K extends KindMap, const P extends ViewMap>(given: Given<K, P>) {
  const {
    clock = new TestClock(),
    bench = new Bench(),
    database = new Database(':memory:'),
    between,
    ...options
  } = given
  const plain = sqlite({ database })
  const store = between ? between(plain) : plain
  const engine = await createEngine<K, P, Store>({ drivers: { lab: bench.driver }, ...options, store, clock })
  return {
    engine,
    clock,
    bench,
    database,
    acme: engine.as(acme),
    /** Rows of a query, to look behind the engine. */
    rows: (sql: string) => database.prepare(sql).all() as Record<string, unknown>[],
  }
}

/** Opens an engine that knows lamps and their inventory. */
export const open = (given: Partial<Given<{ lamp: typeof lamp }, { inventory: typeof inventory }>> = {}) =>
  openWith({ kinds: { lamp }, projections: { inventory }, ...given } as const)

/** What a process that dies leaves behind: the database as it is at this moment, without a word to the engine. */
export const copyOf = (database: Database.Database): Database.Database => new Database(database.serialize())

/** Every event of the log, as the engine shows it. */
export async function logOf(
  engine: { subscribe: (o: { signal: AbortSignal }) => AsyncGenerator<Envelope> },
  count: number,
) {
  const abort = new AbortController()
  const events: Envelope[] = []
  if (count === 0) return events
  for await (const event of engine.subscribe({ signal: abort.signal })) {
    events.push(event)
    if (events.length === count) abort.abort()
  }
  return events
}

export async function historyOf(reader: { history: (id: string) => AsyncGenerator<Envelope> }, id: string) {
  const events: Envelope[] = []
  for await (const event of reader.history(id)) events.push(event)
  return events
}
export const typesOf = async (reader: Parameters<typeof historyOf>[0], id: string) =>
  (await historyOf(reader, id)).map(({ type }) => type)

/** What a promise came to, when either will do. */
export const outcomeOf = async <T>(promise: Promise<T>) =>
  promise.then(
    value => ({ value, error: undefined }),
    // biome-ignore lint/suspicious/noExplicitAny: tests look at the error's own fields
    (error: any) => ({ value: undefined, error }),
  )

/** Everything that the database holds, table by table, to compare two moments or two databases. */
export function contentOf(database: Database.Database, ...tables: string[]) {
  const all = database
    .prepare(`select name from sqlite_master where type = 'table' order by name`)
    .pluck()
    .all() as string[]
  const names = tables.length ? tables : all.filter(name => !name.startsWith('migration') && !name.startsWith('sqlite'))
  return Object.fromEntries(
    names.map(name => [
      name,
      database
        .prepare(`select * from ${name}`)
        .all()
        .map(row => JSON.stringify(row))
        .sort(),
    ]),
  )
}
export { rest }
