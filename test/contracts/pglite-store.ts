/**
 * A store on PostgreSQL, as small as it can be: appending, claims and positions, to show that the contract is not shaped
 * like SQLite. What it does not keep rejects.
 */
import type { PGlite, Transaction } from '@electric-sql/pglite'
import {
  type ByResource,
  type Commit,
  Conflict,
  type Opened,
  type ResourceRange,
  type Share,
  type Store,
  type StoredEvent,
  type ViewRow,
} from '../../src/store/store.ts'

const schema = `
  create table if not exists events (
    position bigint primary key, resource text not null, version bigint not null, digest text not null, text bytea not null,
    constraint events_by_stream unique (resource, version)
  );
  create table if not exists claims (
    view text not null, key text not null, revision bigint not null, row jsonb not null, primary key (view, key)
  );
`

type Stored = Omit<StoredEvent, 'text'> & { text: Uint8Array }
// PostgreSQL text has no NUL, which a JSON text may not hold bare either, but bytes make no difference between stores.
const toEvent = ({ position, resource, version, digest, text }: Stored): StoredEvent => ({
  position: Number(position),
  resource,
  version: Number(version),
  text: new TextDecoder().decode(text),
  digest,
})

const unsupported = () => Promise.reject(new Error('this test store keeps only append, claims and positions'))

export class PgliteStore implements Store {
  readonly #database: PGlite
  #isOpen = false

  constructor(database: PGlite) {
    this.#database = database
  }

  async open(): Promise<Opened> {
    await this.#database.exec(schema)
    this.#isOpen = true
    const { rows } = await this.#database.query<Stored>('select * from events order by position desc limit 1')
    const last = rows[0] && toEvent(rows[0])
    const at = last ? JSON.parse(last.text).at : 0
    return { position: last?.position ?? 0, at, watermarks: new Map(), horizons: new Map() }
  }

  async commit({ events, claims }: Commit): Promise<void> {
    if (!this.#isOpen) throw new Error('the store is closed')
    await this.#database.transaction(async transaction => {
      for (const event of events) await append(transaction, event)
      const revision = events.at(-1)?.position ?? 0
      for (const change of claims)
        if (!(await claim(transaction, change, revision))) throw new Conflict('claim', `${change.view}/${change.key}`)
    })
  }

  async stream(resource: string, fromVersion: number, limit: number): Promise<StoredEvent[]> {
    const text = 'select * from events where resource = $1 and version >= $2 order by version limit $3'
    return (await this.#database.query<Stored>(text, [resource, fromVersion, limit])).rows.map(toEvent)
  }

  async log(after: number, limit: number, share: Share = { part: 0, parts: 1 }): Promise<StoredEvent[]> {
    const { part, parts, count = 1 } = share
    const text = `select * from events
      where position > $1 and abs(hashtext(resource)::bigint) % $3 between $4 and $4 + $5 - 1
      order by position limit $2`
    return (await this.#database.query<Stored>(text, [after, limit, parts, part, count])).rows.map(toEvent)
  }

  async byResource(): Promise<ByResource> {
    const { rows } = await this.#database.query<Stored>('select * from events order by position')
    const position = Number(rows.at(-1)?.position ?? 0)
    const events = rows.map(toEvent)
    // Sorting keeps the order of what is equal.
    const streams = [...events].sort((a, b) => Number(a.resource > b.resource) - Number(a.resource < b.resource))
    let next = [...streams]
    return {
      position,
      ranges: async count => rangesOf(streams, count),
      seek({ from, before }) {
        next = streams.filter(({ resource }) => resource >= from && (before === undefined || resource < before))
      },
      next: async limit => next.splice(0, limit),
      at: async positions => events.filter(each => positions.includes(each.position)),
      close: async () => {},
    }
  }

  async claims(view: string, keys: readonly string[]): Promise<Map<string, { row: ViewRow; revision: number }>> {
    type Claimed = { key: string; revision: number; row: ViewRow }
    const text = 'select key, revision, row from claims where view = $1 and key = any($2)'
    const { rows } = await this.#database.query<Claimed>(text, [view, [...keys]])
    return new Map(rows.map(({ key, revision, row }) => [key, { row, revision: Number(revision) }]))
  }

  async close(): Promise<void> {
    this.#isOpen = false
  }

  writeDerived = unsupported
  resetView = unsupported
  refill = unsupported
  snapshots = unsupported
  rows = unsupported
  query = unsupported
  token = unsupported
  asks = unsupported
  countAsks = unsupported
  timers = unsupported
  pruneTokens = unsupported
  endings = unsupported
  forget = unsupported
  measures = unsupported
}

function rangesOf(streams: readonly StoredEvent[], count: number): ResourceRange[] {
  const starts = Array.from(
    { length: count - 1 },
    (_, nth) => streams[Math.floor(((nth + 1) * streams.length) / count)],
  )
  const froms = [...new Set(['', ...starts.flatMap(event => event?.resource ?? [])])]
  return froms.map((from, nth) => ({ from, before: froms[nth + 1] }))
}

async function append(
  transaction: Transaction,
  { position, resource, version, digest, text }: StoredEvent,
): Promise<void> {
  try {
    const values = [position, resource, version, digest, new TextEncoder().encode(text)]
    await transaction.query(
      'insert into events (position, resource, version, digest, text) values ($1, $2, $3, $4, $5)',
      values,
    )
  } catch (cause) {
    const { constraint } = cause as { constraint?: string }
    if (constraint === 'events_pkey') throw new Conflict('position', String(position), { cause })
    if (constraint === 'events_by_stream') throw new Conflict('version', `${resource}@${version}`, { cause })
    throw cause
  }
}

/** Whether the claim held, and was written. */
async function claim(transaction: Transaction, change: Commit['claims'][number], revision: number): Promise<boolean> {
  const { view, key, row, expected } = change
  const one = async (text: string, values: unknown[]) => (await transaction.query(text, values)).affectedRows === 1
  if (row === undefined && expected === 0)
    return (await transaction.query('select 1 from claims where view = $1 and key = $2', [view, key])).rows.length === 0
  if (row === undefined)
    return one('delete from claims where view = $1 and key = $2 and revision = $3', [view, key, expected])
  const text = JSON.stringify(row)
  if (expected === 0)
    return one('insert into claims (view, key, revision, row) values ($1, $2, $3, $4) on conflict do nothing', [
      view,
      key,
      revision,
      text,
    ])
  return one('update claims set revision = $3, row = $4 where view = $1 and key = $2 and revision = $5', [
    view,
    key,
    revision,
    text,
    expected,
  ])
}
