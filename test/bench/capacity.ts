/**
 * What one account of many takes of storage, and used of it, read from tables that are full of others', and how fast the
 * rows are folded.
 * A part of `npm run bench`; at any size by itself: `node test/bench/capacity.ts 1000000 10000`.
 */
import type { Envelope } from '../../machines/grammar.ts'
import type { AnyProjection, ViewRow } from '../../projections/contract.ts'
import { type CapacityRow, projections, type UsageRow } from '../../projections/index.ts'
import { type CapacityAsked, readCapacity } from '../../src/reports/capacity.ts'
import { readUsage } from '../../src/reports/usage.ts'
import { foldRows } from '../../src/runtime/fold-rows.ts'
import { viewOf } from '../../src/runtime/listing.ts'
import { Recent } from '../../src/runtime/recent.ts'
import type { Retention } from '../../src/runtime/retention.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { file } from './setting.ts'

export interface CapacityFigures {
  readonly volumes: number
  readonly accounts: number
  /** Milliseconds for each reading, the median of 100. */
  readonly accountMs: number
  readonly poolMs: number
  readonly totalMs: number
  /** Usage of one account. */
  readonly usageMs: number
  readonly foldedPerSecond: number
}

const CHUNK = 5_000
const POOLS = 20
const keepsAll = {
  fold: (view: AnyProjection, row: ViewRow | undefined, event: Envelope, key: string) => view.fold(row, event, key),
} as unknown as Retention

/** Volumes as they come into being, two events each, spread over the accounts and over pools. */
function* history(volumes: number, accounts: number): Generator<Envelope> {
  let position = 0
  const rest = { origin: 'reported', rules: 1, schema: 1, region: 'here', actor: 'bench', digest: '' } as const
  const event = (
    resource: string,
    account: string,
    type: string,
    version: number,
    before: string,
    state: string,
    data: object,
  ) => {
    position += 1
    const of = { resource, kind: 'volume', account, type, version, before, state, data: data as Envelope['data'] }
    return { ...rest, ...of, position, at: position, correlation: position }
  }
  for (let nth = 0; nth < volumes; nth++) {
    const id = `vol-${nth.toString(16).padStart(17, '0')}`
    const account = `account-${nth % accounts}`
    const size = { sizeBytes: (1 + (nth % 64)) * 2 ** 30 }
    const data = { ...size, provider: 'lab', zone: 'a', pool: `pool/p${nth % POOLS}` }
    yield event(id, account, 'volume.createRequested', 1, 'absent', 'creating', data)
    yield event(id, account, 'volume.created', 2, 'creating', 'available', { ...size, allocatedBytes: 4096 })
  }
}

export async function benchCapacity(volumes: number, accounts: number): Promise<CapacityFigures> {
  const views = [projections.capacity, projections.usage] as readonly AnyProjection[]
  const store = sqlite(file(`capacity-${volumes}.db`))
  await store.open(views)
  const recent = views.map(() => new Recent<ViewRow>(CHUNK * 4))
  const begun = process.hrtime.bigint()
  let chunk: Envelope[] = []
  const write = async () => {
    for (const [place, view] of views.entries()) {
      const rows = await foldRows(view, chunk, store, keepsAll, recent[place])
      await store.writeDerived({ snapshots: [], rows, watermark: chunk.at(-1)!.position, views: [view.name] })
    }
    chunk = []
  }
  for (const event of history(volumes, accounts)) if (chunk.push(event) === CHUNK) await write()
  if (chunk.length) await write()
  const foldedPerSecond = (volumes * 2 * 1e9) / Number(process.hrtime.bigint() - begun)

  const median = async (read: (nth: number) => Promise<boolean>) => {
    const times: number[] = []
    for (let nth = 0; nth < 100; nth++) {
      const from = process.hrtime.bigint()
      const isThere = await read(nth)
      times.push(Number(process.hrtime.bigint() - from) / 1e6)
      if (!isThere) throw new Error('there is nothing to read')
    }
    return times.sort((a, b) => a - b)[50]!
  }
  const capacity = viewOf<CapacityRow>(views[0]!, store, work => work())
  const taken = (asked: (nth: number) => CapacityAsked) =>
    median(async nth => (await readCapacity(capacity, asked(nth))).items[0]?.measuredVolumes !== 0)
  const usage = viewOf<UsageRow>(views[1]!, store, work => work())
  const period = { fromMs: 0, toMs: 3 * volumes, asOfMs: 3 * volumes }
  const accountOf = (nth: number) => `account-${(nth * 97) % accounts}`
  const accountMs = await taken(nth => ({ by: 'account', of: accountOf(nth) }))
  const poolMs = await taken(nth => ({ by: 'pool', of: `p${nth % POOLS}` }))
  const totalMs = await taken(() => ({ by: 'total' }))
  const usageMs = await median(async nth => (await readUsage(usage, { ...period, account: accountOf(nth) })).length > 0)
  await store.close()
  return { volumes, accounts, accountMs, poolMs, totalMs, usageMs, foldedPerSecond }
}

if (process.argv[1] === import.meta.filename) {
  const [volumes = 1_000_000, accounts = 10_000] = process.argv.slice(2).map(Number)
  console.log(await benchCapacity(volumes, accounts))
}
