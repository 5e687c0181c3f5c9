/**
 * Capacity: what takes storage, as sums by account, by domain with all that is below it, by pool, and by zone outside of
 * any pool. A volume has a row, and so has each instance, whose tree of VM snapshots counts in the rows of its volumes;
 * those count in the account and in the place. It is folded from events alone, so it is never off by what a timer or a
 * driver missed, and each number is what certain events came to. (spec: cloudstack 3.4; docs/capacity.md.)
 */
import type { Envelope } from '../machines/grammar.ts'
import { changesRoot, instanceAfter, ownRoot } from './capacity.instance.ts'
import { poolAfter } from './capacity.pool.ts'
import { type CapacityRow, causeOf, isEmpty, said, summed, zoneKey, zoneOf } from './capacity.row.ts'
import { takenOf, treeAfter } from './capacity.tree.ts'
import { arrivingOf, changesClaim, changesTaken, ownOf, volumeAfter } from './capacity.volume.ts'
import { type Amounts, type Counted, projection } from './contract.ts'

const ROOT = 'domain/root'
const born = new Set(['account.openRequested', 'domain.createRequested'])

/** The row a VM snapshot touches: its instance's. */
export const treeKeys = (event: Envelope): string[] => {
  const { instance } = said(event)
  return instance === undefined ? [] : [instance]
}
/** The row of an instance after an event of one of its VM snapshots. */
export function rootedAfter(row: CapacityRow | undefined, event: Envelope, after = treeAfter): CapacityRow | undefined {
  const { account } = event
  const tree = after(row?.tree, event)
  if (tree === row?.tree) return row
  const key: string = said(event).instance
  return { key, holder: 'instance', account, ...row, tree }
}

/** The instance itself has a row until it has ended, whatever it takes. */
function instanceHeld(row: CapacityRow | undefined, event: Envelope): CapacityRow | undefined {
  const after = instanceAfter(row, event)
  return after && { ...after, declared: event.state === 'terminated' ? undefined : 1 }
}

function heldAfter(row: CapacityRow | undefined, event: Envelope): CapacityRow {
  const { resource: key, kind } = event
  const { domain = 'root', parent = 'root' } = said(event)
  const above = `domain/${kind === 'account' ? domain : parent}`
  const holder = kind === 'account' ? 'account' : 'domain'
  return { figures: {}, ...row, key, holder, declared: 1, above: above === ROOT ? undefined : above }
}

/** A volume snapshot that its provider keeps beside the volume it is of. */
function snapshotAfter(row: CapacityRow | undefined, event: Envelope): CapacityRow | undefined {
  const { resource: key, account, type, state, version } = event
  const { provider, primary, sizeBytes, allocatedBytes } = said(event)
  if (version === 1 && primary)
    return {
      ...{ key, holder: 'snapshot', account, provider, zone: primary.zone, phase: 'requested', sizeBytes },
      place: primary.pool ?? zoneKey(provider, primary.zone),
      cause: causeOf(event),
    }
  if (!row) return undefined
  if (state === 'deleted') return { ...row, phase: 'gone' }
  if (type === 'snapshot.createFailed') return { ...row, phase: 'failed', cause: causeOf(event) }
  if (type !== 'snapshot.completed' && type !== 'snapshot.measured') return row
  return { ...row, phase: 'allocated', sizeBytes: allocatedBytes ?? sizeBytes, cause: causeOf(event) }
}

/** What a row that is no sum takes by itself and in sums. */
export function takenBy(row: CapacityRow): Amounts {
  const { holder, phase, tree, sizeBytes = 0, figures } = row
  if (holder === 'volume') return summed(ownOf(row), figures, arrivingOf(row))
  if (holder === 'snapshot') return phase === 'allocated' ? { snapshotBytesOnPrimary: sizeBytes } : {}
  // A root that its provider made is no volume: it counts with its instance.
  return summed(ownOf(row), takenOf(tree, ownRoot(row)).get(ownRoot(row)))
}

function countsIn(row: CapacityRow): Counted[] {
  const { holder, account, place, target, tree, above, figures = {} } = row
  if (holder === 'account' || holder === 'domain') return above === undefined ? [] : [{ in: above, amounts: figures }]
  if (holder !== 'volume' && holder !== 'instance' && holder !== 'snapshot') return []
  const [all, arriving] = [takenBy(row), arrivingOf(row)]
  const here = target === undefined ? all : summed(ownOf(row), figures)
  const sums = [
    { in: `account/${account}`, amounts: all },
    ...(place === undefined ? [] : [{ in: place, amounts: here }]),
    ...(target === undefined ? [] : [{ in: target, amounts: arriving }]),
  ]
  const own = ownRoot(row)
  const disks = holder === 'instance' ? [...takenOf(tree, own)].filter(([disk]) => disk !== own) : []
  return [...sums, ...disks.map(([disk, amounts]) => ({ in: disk, amounts }))]
}

const sumHolders: Readonly<Record<string, 'pool' | 'zone' | 'account' | 'domain'>> = {
  pool: 'pool',
  zone: 'zone',
  account: 'account',
  domain: 'domain',
}
/** The row with more in it. A volume that was never heard of has none. */
export function addTo(row: CapacityRow | undefined, key: string, amounts: Amounts): CapacityRow | undefined {
  const end = key.indexOf('/')
  const holder = end < 0 ? undefined : sumHolders[key.slice(0, end)]
  const before: CapacityRow | undefined =
    row ?? (holder && { key, holder, ...(holder === 'zone' && zoneOf(key)), figures: {} })
  return before && { ...before, figures: summed(before.figures, amounts) }
}

export const capacity = projection<'capacity', CapacityRow>({
  name: 'capacity',
  version: 4,
  key: 'key',
  columns: {
    key: 'text',
    holder: 'text',
    account: 'text',
    provider: 'text',
    zone: 'text',
    place: 'text',
    target: 'text',
    instance: 'text',
    root: 'text',
    phase: 'text',
    sizeBytes: 'integer',
    originalBytes: 'integer',
    cause: 'json',
    physicalBytes: 'integer',
    physicalAsOf: 'integer',
    physicalCause: 'json',
    tree: 'json',
    figures: 'json',
    settings: 'json',
    storage: 'json',
    pools: 'json',
    above: 'text',
    declared: 'integer',
  },
  indexes: [
    ['holder', 'key'],
    ['account', 'holder', 'physicalAsOf'],
    ['place', 'holder', 'physicalAsOf'],
    ['target', 'holder', 'key'],
    ['instance', 'key'],
  ],
  keys: event => {
    const { kind, type, resource } = event
    if (changesTaken(event) || changesClaim(event) || changesRoot(event) || kind === 'pool') return [resource]
    // The root is all there is: it has no sum that every commit writes.
    if (born.has(type)) return resource === ROOT ? [] : [resource]
    if (kind === 'vm-snapshot') return treeKeys(event)
    return kind === 'snapshot' ? [resource] : []
  },
  fold: (row, event) => {
    switch (event.kind) {
      case 'volume':
        return volumeAfter(row, event)
      case 'vm-snapshot':
        return rootedAfter(row, event)
      case 'instance':
        return instanceHeld(row, event)
      case 'snapshot':
        return snapshotAfter(row, event)
      case 'pool':
        return poolAfter(row, event)
      default:
        return heldAfter(row, event)
    }
  },
  counts: countsIn,
  add: addTo,
  isEmpty,
})
