/**
 * What one account of many takes of storage, read from a table that is full of others', and how fast the rows are folded.
 * A part of `npm run bench`; at any size by itself: `node test/bench/capacity.ts 1000000 10000`.
 */
import type { Envelope } from '../../machines/grammar.ts'
import type { AnyProjection, ViewRow } from '../../projections/contract.ts'
import { type CapacityRow, projections } from '../../projections/index.ts'
import { type CapacityAsked, readCapacity } from '../../src/reports/capacity.ts'
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
  const capacity = projections.capacity as AnyProjection
  const store = sqlite(file(`capacity-${volumes}.db`))
  await store.open([capacity])
  const recent = new Recent<ViewRow>(CHUNK * 4)
  const begun = process.hrtime.bigint()
  let chunk: Envelope[] = []
  const write = async () => {
    const rows = await foldRows(capacity, chunk, store, keepsAll, recent)
    await store.writeDerived({ snapshots: [], rows, watermark: chunk.at(-1)!.position, views: ['capacity'] })
    chunk = []
  }
  for (const event of history(volumes, accounts)) if (chunk.push(event) === CHUNK) await write()
  if (chunk.length) await write()
  const foldedPerSecond = (volumes * 2 * 1e9) / Number(process.hrtime.bigint() - begun)

  const view = viewOf<CapacityRow>(capacity, store, work => work())
  const median = async (asked: (nth: number) => CapacityAsked) => {
    const times: number[] = []
    for (let nth = 0; nth < 100; nth++) {
      const from = process.hrtime.bigint()
      const { items } = await readCapacity(view, asked(nth))
      times.push(Number(process.hrtime.bigint() - from) / 1e6)
      if (items[0]?.measuredVolumes === 0) throw new Error('there is nothing to read')
    }
    return times.sort((a, b) => a - b)[50]!
  }
  const accountMs = await median(nth => ({ by: 'account', of: `account-${(nth * 97) % accounts}` }))
  const poolMs = await median(nth => ({ by: 'pool', of: `p${nth % POOLS}` }))
  const totalMs = await median(() => ({ by: 'total' }))
  await store.close()
  return { volumes, accounts, accountMs, poolMs, totalMs, foldedPerSecond }
}

if (process.argv[1] === import.meta.filename) {
  const [volumes = 1_000_000, accounts = 10_000] = process.argv.slice(2).map(Number)
  console.log(await benchCapacity(volumes, accounts))
}
