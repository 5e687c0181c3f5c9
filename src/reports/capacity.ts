/** Reading capacity: the sums of an account, a pool or the whole, and the events behind them. (spec: cloudstack 3.4.) */
import {
  type CapacityFigures,
  type CapacityPart,
  type CapacityRow,
  capacityFigures,
  ownRoot,
  type PoolFigures,
  partsOf,
  poolFigures,
  sumOf,
  takenBy,
} from '../../projections/index.ts'
import type { View } from '../runtime/listing.ts'

export const capacityScopes = ['volume', 'instance', 'pool', 'account', 'domain', 'zone', 'total'] as const
export type CapacityScope = (typeof capacityScopes)[number]

export interface CapacityAsked {
  readonly by: CapacityScope
  /** One of them: an id, the name of a pool, account or domain, or `<provider>/<zone>`. Without it, all. */
  readonly of?: string
  /** Of volumes and instances: only those of this account. */
  readonly account?: string
  /** 1 to 1000; default 100. */
  readonly limit?: number
  readonly cursor?: string
}
export interface CapacityItem extends CapacityFigures {
  readonly by: CapacityScope
  /** Its id; of a zone `<provider>/<zone>`, of everything `total`. */
  readonly key: string
  readonly account?: string
  readonly provider?: string
  readonly zone?: string
  /** Of a volume, and of an instance whose root its provider made: where that is; of a volume also who has it. */
  readonly pool?: string
  readonly instance?: string
  readonly settings?: PoolFigures
}
export interface CapacityListing {
  readonly items: readonly CapacityItem[]
  readonly next: string | undefined
}

type Rows = View<CapacityRow>
const ROOT = 'domain/root'
const prefixed = (kind: string, name: string) => (name.startsWith(`${kind}/`) ? name : `${kind}/${name}`)

/**
 * Figures, one item for each volume, instance, pool, account, domain or zone, or one for all there is. An account or
 * domain that has nothing is as one that has zero.
 * @param view `engine.views.capacity`
 * Throws InvalidRequest for a limit out of range, or a cursor of another question.
 */
export async function readCapacity(view: Rows, asked: CapacityAsked): Promise<CapacityListing> {
  const { by, of } = asked
  if (by === 'total') return one(await totalOf(view))
  if (by === 'zone') return zonesOf(view, of)
  if (by === 'domain' && of !== undefined && prefixed('domain', of) === ROOT) return one(await rootOf(view))
  if (of !== undefined) {
    const isNamed = by === 'pool' || by === 'account' || by === 'domain'
    const key = isNamed ? prefixed(by, of) : of
    const row = await view.get(key)
    if (row?.holder === by) return isHidden(row, asked) ? one() : one(await itemOf(view, by, row))
    const isSum = by === 'account' || by === 'domain'
    return isSum ? one({ by, key, ...capacityFigures({}) }) : one()
  }
  const { account, limit, cursor } = asked
  const isOwned = by === 'volume' || by === 'instance'
  const where = { holder: by, ...(isOwned && account !== undefined && { account }) }
  const { items, next } = await view.list({ where, limit, cursor })
  const read: CapacityItem[] = []
  for (const row of items) read.push(await itemOf(view, by, row))
  // Everything is in the root, so it has no row of its own that every commit would write.
  if (by === 'domain' && cursor === undefined) read.unshift(await rootOf(view))
  return { items: read, next }
}
const one = (item?: CapacityItem): CapacityListing => ({ items: item ? [item] : [], next: undefined })
const isHidden = ({ account }: CapacityRow, asked: CapacityAsked) =>
  asked.account !== undefined && account !== undefined && account !== asked.account

async function itemOf(view: Rows, by: CapacityScope, row: CapacityRow): Promise<CapacityItem> {
  const { key, account, provider, zone, place, instance, settings, storage } = row
  const { sums, asOf } = await summedOf(view, row)
  const pool = place?.startsWith('pool/') ? place : undefined
  return {
    by,
    key,
    ...present({ account, provider, zone, pool, instance }),
    ...capacityFigures(sums, asOf),
    ...(settings && { settings: poolFigures(settings, storage) }),
  }
}
const present = <F extends object>(fields: F): Partial<F> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => (value ?? null) !== null)) as Partial<F>

/** What a row comes to, and when the oldest measure in it was. */
async function summedOf(view: Rows, row: CapacityRow) {
  const { key, holder, physicalAsOf, figures = {} } = row
  switch (holder) {
    case 'volume':
      return { sums: takenBy(row), asOf: physicalAsOf }
    case 'instance': {
      const volumes = await every(view, { holder: 'volume', instance: key })
      const times = [row, ...volumes].flatMap(each => each.physicalAsOf ?? [])
      return { sums: sumOf(...[row, ...volumes].map(takenBy)), asOf: times.length ? Math.min(...times) : undefined }
    }
    case 'account':
      return { sums: figures, asOf: figures.measuredVolumes ? await oldest(view, { account: nameIn(key) }) : undefined }
    case 'domain':
      return { sums: figures, asOf: figures.measuredVolumes ? await oldestBelow(view, key) : undefined }
    default:
      return { sums: figures, asOf: figures.measuredVolumes ? await oldest(view, { place: key }) : undefined }
  }
}
const nameIn = (key: string) => key.slice(key.indexOf('/') + 1)

type Where = NonNullable<NonNullable<Parameters<Rows['all']>[0]>['where']>
async function every(view: Rows, where: Where) {
  const rows: CapacityRow[] = []
  for await (const row of view.all({ where })) rows.push(row)
  return rows
}

async function oldest(view: Rows, where: { readonly account: string } | { readonly place: string }) {
  const measured = { ...where, holder: ['volume', 'instance'], physicalAsOf: { above: -1 } }
  const { items } = await view.list({ where: measured, sort: ['physicalAsOf'], limit: 1 })
  return items[0]?.physicalAsOf
}

/** Of a domain: of all accounts in it and below, one after the other, since rows do not say which domains they are in. */
async function oldestBelow(view: Rows, domain: string): Promise<number | undefined> {
  const times: number[] = []
  for (const { key } of await accountsBelow(view, domain))
    times.push((await oldest(view, { account: nameIn(key) })) ?? Infinity)
  const first = Math.min(...times)
  return Number.isFinite(first) ? first : undefined
}
async function accountsBelow(view: Rows, domain: string): Promise<CapacityRow[]> {
  const found: CapacityRow[] = []
  for (let above = [domain]; above.length; ) {
    const rows: CapacityRow[] = []
    for (const each of above) rows.push(...(await every(view, { holder: ['account', 'domain'], above: each })))
    found.push(...rows.filter(({ holder }) => holder === 'account'))
    above = rows.filter(({ holder }) => holder === 'domain').map(({ key }) => key)
  }
  return found
}

const placesOf = (view: Rows) => every(view, { holder: ['pool', 'zone'] })

async function together(view: Rows, places: readonly CapacityRow[]): Promise<CapacityFigures> {
  const all = await Promise.all(places.map(each => summedOf(view, each)))
  const times = all.flatMap(({ asOf }) => asOf ?? [])
  return capacityFigures(sumOf(...all.map(({ sums }) => sums)), times.length ? Math.min(...times) : undefined)
}
const totalOf = async (view: Rows): Promise<CapacityItem> => ({
  by: 'total',
  key: 'total',
  ...(await together(view, await placesOf(view))),
})
const rootOf = async (view: Rows): Promise<CapacityItem> => ({ ...(await totalOf(view)), by: 'domain', key: ROOT })

/** A zone is its pools, and what is in it outside of them. */
async function zonesOf(view: Rows, of: string | undefined): Promise<CapacityListing> {
  const zones = new Map<string, CapacityRow[]>()
  for (const place of await placesOf(view)) {
    const name = `${place.provider}/${place.zone}`
    if (of === undefined || of === name) zones.set(name, [...(zones.get(name) ?? []), place])
  }
  const items: CapacityItem[] = []
  for (const [key, places] of [...zones].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { provider, zone } = places[0]!
    items.push({ by: 'zone', key, provider, zone, ...(await together(view, places)) })
  }
  return { items, next: undefined }
}

/**
 * The events behind the figures of one volume, instance, pool, account, domain or zone, or of all there is: what each
 * came to. Together they are the figures.
 * @param asked with `of`, save for the total
 */
export async function* explainCapacity(view: Rows, asked: CapacityAsked): AsyncGenerator<CapacityPart> {
  const { by, of = '' } = asked
  if (by === 'volume' || by === 'instance') {
    const row = await view.get(of)
    if (row?.holder !== by || isHidden(row, asked)) return
    yield* by === 'volume' ? volumeParts(view, row) : instanceParts(view, row)
    return
  }
  for (const where of await wheresOf(view, by, of))
    for await (const row of view.all({ where })) {
      if (row.holder === 'volume')
        yield* volumeParts(view, row, 'target' in where ? 'target' : 'place' in where ? 'place' : undefined)
      else if (row.holder === 'instance') yield* ownRootParts(row)
      else yield* partsOf(row)
    }
}

async function wheresOf(view: Rows, by: CapacityScope, of: string): Promise<Where[]> {
  const holder = ['volume', 'instance', 'snapshot']
  if (by === 'account') return [{ holder, account: nameIn(prefixed('account', of)) }]
  if (by === 'pool') return bothWays(holder, [prefixed('pool', of)])
  if (by === 'total' || (by === 'domain' && prefixed('domain', of) === ROOT)) return [{ holder }]
  if (by === 'domain') {
    const accounts = await accountsBelow(view, prefixed('domain', of))
    return accounts.map(({ key }) => ({ holder, account: nameIn(key) }))
  }
  const places = (await placesOf(view)).filter(({ provider, zone }) => `${provider}/${zone}` === of)
  return bothWays(
    holder,
    places.map(({ key }) => key),
  )
}
/** What is in these places, and what is on its way there. */
const bothWays = (holder: string[], keys: readonly string[]): Where[] =>
  keys.flatMap(key => [
    { holder, place: key },
    { holder, target: key },
  ])

/** Its own events, and those of the VM snapshots that hold something of it. */
async function* volumeParts(view: Rows, row: CapacityRow, only?: 'place' | 'target'): AsyncGenerator<CapacityPart> {
  yield* partsOf(row, only)
  if (only === 'target' || Object.keys(row.figures ?? {}).length === 0) return
  for (const instance of await keepersOf(view, row))
    for (const part of partsOf(instance)) if (part.of === row.key) yield part
}
/** Instances whose snapshots hold it: the one it is attached to, or whichever of its account had it before. */
async function keepersOf(view: Rows, volume: CapacityRow): Promise<CapacityRow[]> {
  const { account, instance, figures = {} } = volume
  const row = instance === undefined ? undefined : await view.get(instance)
  const layers = row ? partsOf(row).filter(({ of, amounts }) => of === volume.key && amounts.snapshotLayers).length : 0
  if (row && layers === figures.snapshotLayers) return [row]
  return (await every(view, { holder: 'instance', account })).filter(({ tree }) => tree)
}
async function* instanceParts(view: Rows, row: CapacityRow): AsyncGenerator<CapacityPart> {
  yield* ownRootParts(row)
  for await (const volume of view.all({ where: { holder: 'volume', instance: row.key } }))
    yield* volumeParts(view, volume)
}
const ownRootParts = (row: CapacityRow) => partsOf(row).filter(({ of }) => of === ownRoot(row))
