/**
 * Whether a store at rest is what its log says: chains and versions, snapshots, every row of every view, open asks and
 * armed timers. It changes nothing. (spec: reliability 4, I3 and I4.)
 */
import type { AnyProjection, ViewRow } from '../../../projections/contract.ts'
import { Catalogue } from '../../runtime/catalogue.ts'
import type { KindMap } from '../../runtime/client.ts'
import { type Hash, unseal } from '../../runtime/envelope.ts'
import type { ViewMap } from '../../runtime/listing.ts'
import { Retention } from '../../runtime/retention.ts'
import { canonical } from '../../store/canonical.ts'
import type { Opened, SignatureCheck, Store } from '../../store/store.ts'
import { OpenWork } from '../open-work.ts'
import { KeptCheckpoints } from '../past/kept.ts'
import { asStored } from '../past/query.ts'
import { Timeline } from '../past/timeline.ts'
import { type Verdict, verify } from '../verify/index.ts'
import { checkCheckpoints, compareMaps } from './checkpoints.ts'

/** One thing that is not as the log says. */
export interface Finding {
  readonly in: 'view' | 'asks' | 'timers' | 'log' | 'prune' | 'checkpoint'
  /** The view, or what stands there. */
  readonly name: string
  readonly key: string
  /** Undefined: it should not be there, or is not. */
  readonly stored?: unknown
  readonly folded?: unknown
}

export interface CheckReport {
  /** The histories, run again, and compared with the stored snapshots. */
  readonly histories: Verdict
  /** Rows compared, by view. */
  readonly views: Readonly<Record<string, number>>
  readonly asks: number
  readonly timers: number
  /** Of views, beside the store, that a look at the past would begin with. What is stale or damaged is never used. */
  readonly checkpoints: number
  readonly found: number
  /** The first of what was found. */
  readonly findings: readonly Finding[]
  readonly isSound: boolean
}

export interface CheckOptions {
  readonly kinds: KindMap
  readonly projections: ViewMap
  readonly hash: Hash
  /** Lets everybody else have a turn. */
  readonly pause: () => Promise<void>
  readonly listMax?: number
  /** Whether the seal of a prune was signed by the operator's key; without it, signatures are not looked at. */
  readonly isSigned?: SignatureCheck
}

const CHUNK = 5_000
const PAGE = 5_000

/**
 * @param store open, and nobody writes it
 * @param opened what its `open` said
 */
export async function checkStore(store: Store, opened: Opened, options: CheckOptions): Promise<CheckReport> {
  const { kinds, projections, hash, listMax = 100 } = options
  const catalogue = new Catalogue(Object.values(kinds))
  const findings: Finding[] = []
  let found = 0
  const find = (finding: Finding) => {
    found += 1
    if (findings.length < listMax) findings.push(finding)
  }
  const compare = (place: Pick<Finding, 'in' | 'name' | 'key'>, stored: unknown, folded: unknown) => {
    if (stored !== undefined && folded !== undefined && canonical(stored) === canonical(folded)) return
    find({ ...place, stored, folded })
  }
  const histories = await verify(store, { kinds, hash })
  const open = new OpenWork()
  await overLog(store, options.pause, event => open.apply(event), find)
  const around = { store, catalogue, pause: options.pause }
  const file = store.checkpoints?.()
  let checkpoints = 0
  const rows: Record<string, number> = {}
  for (const view of Object.values(projections) as AnyProjection[]) {
    const timeline = new Timeline(view, { ...around, residence: { contained: new Map(), contain() {} } }, CHUNK * 20)
    const place = (position: number) => ({ in: 'checkpoint', name: `${view.name} at ${position}` }) as const
    if (file)
      checkpoints += await checkCheckpoints(
        timeline,
        new KeptCheckpoints(file, store, view, catalogue),
        position => (key, a, b) => compare({ ...place(position), key }, a, b),
      )
    rows[view.name] = await checkView(timeline, { ...around, opened }, compare)
  }
  const asks = await allAsks(store)
  const known = new Map(open.asks().map(ask => [ask.token, ask.verb]))
  const isTold = ({ token, verb }: { token: string; verb: string }) => [token, verb] as const
  compareMaps(new Map(asks.map(isTold)), known, (key, a, b) => compare({ in: 'asks', name: 'open asks', key }, a, b))
  const timers = await store.timers(Number.MAX_SAFE_INTEGER)
  const place = ({ resource, event, dueAt }: { resource: string; event: string; dueAt: number }) =>
    [`${resource} ${event}`, dueAt] as const
  const armed = new Map(open.timers().map(place))
  compareMaps(new Map(timers.map(place)), armed, (key, a, b) => compare({ in: 'timers', name: 'timers', key }, a, b))
  for (const { name, key, sealed, found } of (await store.pruneDamages?.(options.isSigned)) ?? [])
    find({ in: 'prune', name, key, stored: found, folded: sealed })
  const isSound = found === 0 && histories.diverged === 0
  return { histories, views: rows, asks: asks.length, timers: timers.length, checkpoints, found, findings, isSound }
}

interface ViewParts {
  readonly store: Store
  readonly opened: Opened
  readonly catalogue: Catalogue
  readonly pause: () => Promise<void>
}

/** Returns the number of rows that are stored. */
async function checkView(
  timeline: Timeline,
  { store, opened, catalogue, pause }: ViewParts,
  compare: (place: Pick<Finding, 'in' | 'name' | 'key'>, stored: unknown, folded: unknown) => void,
): Promise<number> {
  const { view } = timeline
  // One that is not made yet, or folds differently now, is made when an engine opens the store.
  const watermark = opened.watermarks.get(view.name) ?? 0
  if (watermark === 0) return 0
  const retention = new Retention(catalogue, opened.horizons)
  const { rows, ended } = await timeline.at(watermark)
  const folded = new Map<string, ViewRow>()
  for (const row of rows.values()) {
    const ending = view.perResource ? ended.get(row[view.key]) : undefined
    if (!ending || !retention.wasForgotten(ending, Number.POSITIVE_INFINITY))
      folded.set(row[view.key], asStored(view, row))
  }
  const place = (key: string) => ({ in: 'view', name: view.name, key }) as const
  let count = 0
  const sort = [{ column: view.key, direction: 'asc' }] as const
  for (let after: string[] | undefined; ; ) {
    const page = await store.query(view.name, { sort, limit: PAGE, after })
    for (const row of page) {
      const key = row[view.key] as string
      compare(place(key), row, folded.get(key))
      folded.delete(key)
    }
    count += page.length
    if (page.length < PAGE) break
    after = [page.at(-1)![view.key]]
    await pause()
  }
  for (const [key, row] of folded) compare(place(key), undefined, row)
  return count
}

async function overLog(
  store: Store,
  pause: () => Promise<void>,
  apply: (event: ReturnType<typeof unseal>) => void,
  find: (finding: Finding) => void,
): Promise<void> {
  for (let after = 0, at = 0; ; ) {
    const chunk = await store.log(after, CHUNK)
    if (chunk.length === 0) return
    for (const stored of chunk) {
      try {
        const event = unseal(stored)
        if (event.at < at)
          find({ in: 'log', name: 'time goes back', key: String(stored.position), stored: event.at, folded: at })
        at = Math.max(at, event.at)
        apply(event)
      } catch (error) {
        find({ in: 'log', name: 'unreadable', key: String(stored.position), stored: String(error) })
      }
    }
    after = chunk.at(-1)!.position
    await pause()
  }
}

async function allAsks(store: Store) {
  const asks = []
  for (let after = 0; ; ) {
    const page = await store.asks(after, PAGE)
    if (page.length === 0) return asks
    // Asks of one event share its position: what a full page may have cut off is read again.
    const last = page.at(-1)!.position
    const whole = page.length < PAGE ? page : page.filter(({ position }) => position < last)
    asks.push(...whole)
    if (page.length < PAGE) return asks
    after = whole.at(-1)!.position
  }
}
