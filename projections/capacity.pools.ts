/**
 * What is placed on pools, in the transaction of the events: who places a volume reads it, and nobody gets what another
 * got. A pool that has no room objects to what is requested; what a provider reports is true, and is never refused.
 * The rows are those of `capacity`, of pools and what is on them alone. (spec: cloudstack 3.2, 3.4; docs/decisions/0045.)
 */
import type { Envelope } from '../machines/grammar.ts'
import { changesRoot, instanceAfter, ownRoot } from './capacity.instance.ts'
import { poolAfter, poolsAfter, providerKey } from './capacity.pool.ts'
import { type CapacityRow, isEmpty, said, summed } from './capacity.row.ts'
import { claimedOf, promisedAfter } from './capacity.tree.ts'
import { addTo, capacity, rootedAfter, treeKeys } from './capacity.ts'
import { arrivingOf, changesTaken, ownOf, volumeAfter } from './capacity.volume.ts'
import { type Amounts, type Counted, type Objection, projection } from './contract.ts'

/** Everything that a pool has promised, or holds, of what it has. Templates are not kept on pools. */
export const committedBytes = (figures: Amounts = {}): number => volumeBytes(figures) + snapshotBytes(figures)
const volumeBytes = ({ allocatedBytes = 0, requestedBytes = 0, reclaimableBytes = 0 }: Amounts) =>
  allocatedBytes + requestedBytes + reclaimableBytes
const snapshotBytes = ({ branchBytes = 0, memoryBytes = 0 }: Amounts) => branchBytes + memoryBytes

/** What a pool may be filled to, in bytes, where a threshold is set or not. */
export const limitBytes = (
  { totalBytes, overprovisionFactor }: { readonly totalBytes: number; readonly overprovisionFactor: number },
  threshold = 1,
): number => Math.floor(totalBytes * overprovisionFactor * threshold)

const isPool = (place: string | undefined): place is string => place?.startsWith('pool/') === true
const isOnPool = ({ place, target }: CapacityRow) => isPool(place) || isPool(target)

function countsIn(row: CapacityRow): Counted[] {
  const { holder, place, target, tree, figures } = row
  if (holder === 'volume')
    return [
      ...(isPool(place) ? [{ in: place, amounts: summed(placedOf(row), figures) }] : []),
      ...(isPool(target) ? [{ in: target, amounts: arrivingOf(row) }] : []),
    ]
  if (holder !== 'instance') return []
  const own = ownRoot(row)
  const claimed = claimedOf(tree, own)
  const disks = [...claimed].filter(([disk]) => disk !== own).map(([disk, amounts]) => ({ in: disk, amounts }))
  return isPool(place) ? [{ in: place, amounts: summed(placedOf(row), claimed.get(own)) }, ...disks] : disks
}
/** What a provider measures is no promise. */
const placedOf = (row: CapacityRow): Amounts => ownOf({ ...row, physicalBytes: undefined })

function objectsTo(before: CapacityRow | undefined, { key, holder, settings, figures }: CapacityRow): Objection[] {
  if (holder !== 'pool' || !settings) return []
  const [had, has] = [before?.figures ?? {}, figures ?? {}]
  const limit = limitOf(had, has, settings)
  const more = committedBytes(has) - committedBytes(had)
  if (limit === undefined || more <= 0 || committedBytes(has) <= limit) return []
  const sentence = `The pool ${key.slice('pool/'.length)} may be filled to ${limit} bytes: ${committedBytes(had)} are taken, and this takes ${more} more.`
  return [{ requirement: 'poolRoom', code: 'poolsFull', sentence }]
}
/** New volumes, and those that are moved to it, fill it to one threshold, volumes that grow to another; VM snapshots to the first, if it is set. */
function limitOf(had: Amounts, has: Amounts, settings: NonNullable<CapacityRow['settings']>): number | undefined {
  const { allocationThreshold, resizeThreshold } = settings
  const isNew = (name: string) => (has[name] ?? 0) > (had[name] ?? 0)
  if (isNew('volumes') || isNew('requestedBytes')) return limitBytes(settings, allocationThreshold)
  if (volumeBytes(has) > volumeBytes(had)) return limitBytes(settings, resizeThreshold)
  return allocationThreshold === undefined ? undefined : limitBytes(settings, allocationThreshold)
}

const listing = new Set(['pool.defineRequested', 'pool.retireRequested'])

export const pools = projection<'pools', CapacityRow>({
  name: 'pools',
  version: 4,
  key: 'key',
  columns: capacity.columns,
  indexes: [['holder', 'key']],
  consistency: 'claimed',
  keys: event => {
    const { kind, type, resource } = event
    // What a provider measures is no promise.
    if (type === 'pool.measured') return []
    if (kind === 'pool') return listing.has(type) ? [resource, providerKey(said(event).provider)] : [resource]
    if (kind === 'vm-snapshot') return treeKeys(event)
    if (changesRoot(event)) return isLaunchElsewhere(event) ? [] : [resource]
    return changesTaken(event) && !isElsewhere(event) ? [resource] : []
  },
  fold: (row, event, key) => {
    if (event.kind === 'pool') return key === event.resource ? poolAfter(row, event) : poolsAfter(row, event)
    if (event.kind === 'vm-snapshot') return rootedAfter(row, event, promisedAfter)
    if (event.kind === 'instance') return instanceAfter(row, event)
    const after = volumeAfter(row, event)
    return after && isOnPool(after) ? after : undefined
  },
  counts: countsIn,
  add: (row, key, amounts) => (row || key.startsWith('pool/') ? addTo(row, key, amounts) : undefined),
  objects: objectsTo,
  isEmpty,
})

/** A volume that comes into being outside of any pool. */
const isElsewhere = (event: Envelope) => event.version === 1 && said(event).pool === undefined
/** The same of an instance, whose root its provider makes or somebody else. */
const isLaunchElsewhere = (event: Envelope) => event.version === 1 && said(event).providerRoot?.pool === undefined
