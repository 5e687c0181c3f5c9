/** What sums of capacity come to, as they are shown. (spec: cloudstack 3.4.) */

import { ownRoot } from './capacity.instance.ts'
import { committedBytes, limitBytes } from './capacity.pools.ts'
import {
  type CapacityAmount,
  type CapacityRow,
  type Cause,
  type PoolSettings,
  type Storage,
  summed,
} from './capacity.row.ts'
import { layersOf } from './capacity.tree.ts'
import { takenBy } from './capacity.ts'
import { arrivingOf, ownOf } from './capacity.volume.ts'
import type { Amounts } from './contract.ts'

export interface CapacityFigures {
  readonly volumes: number
  /** Virtual sizes of the volumes that are there. */
  readonly allocatedBytes: number
  /** Of those promised, and not made yet. */
  readonly requestedBytes: number
  /** Of those on their way out, which still hold their place. */
  readonly reclaimableBytes: number
  /** Frozen layers of disks under VM snapshots; `visibleLayers` without those whose snapshots their owners deleted. */
  readonly snapshotLayers: number
  readonly visibleLayers: number
  /** What is taken if each divergent path is once written in full. */
  readonly branchBytes: number
  /** What is taken if every layer is written in full: the frozen ones, and the volumes themselves. */
  readonly upperBoundBytes: number
  /** Memory kept with VM snapshots. */
  readonly memoryBytes: number
  /** Everything that is promised: allocated, requested, reclaimable, branches and memory. */
  readonly committedBytes: number
  /** Upper bound and memory. */
  readonly worstCaseBytes: number
  /** What drivers measured of the volumes, the oldest of it `physicalAsOf` (ms since 1970). Null until there is any. */
  readonly physicalBytes: number | null
  readonly physicalAsOf: number | null
  readonly measuredVolumes: number
  /** Volume snapshots kept beside their volumes. */
  readonly snapshotBytesOnPrimary: number
}

/** @param physicalAsOf when the oldest of what was measured was, in ms since 1970 */
export function capacityFigures(sums: Amounts, physicalAsOf?: number | null): CapacityFigures {
  const of = (name: CapacityAmount) => sums[name] ?? 0
  const liveBytes = of('allocatedBytes') + of('requestedBytes') + of('reclaimableBytes')
  const upperBoundBytes = of('frozenBytes') + liveBytes
  const isMeasured = of('measuredVolumes') > 0
  return {
    volumes: of('volumes'),
    allocatedBytes: of('allocatedBytes'),
    requestedBytes: of('requestedBytes'),
    reclaimableBytes: of('reclaimableBytes'),
    snapshotLayers: of('snapshotLayers'),
    visibleLayers: of('visibleLayers'),
    branchBytes: of('branchBytes'),
    upperBoundBytes,
    memoryBytes: of('memoryBytes'),
    committedBytes: committedBytes(sums),
    worstCaseBytes: upperBoundBytes + of('memoryBytes'),
    physicalBytes: isMeasured ? of('physicalBytes') : null,
    physicalAsOf: isMeasured ? (physicalAsOf ?? null) : null,
    measuredVolumes: of('measuredVolumes'),
    snapshotBytesOnPrimary: of('snapshotBytesOnPrimary'),
  }
}

export interface PoolFigures extends PoolSettings {
  /** What its provider says of it, and when; null until it has been asked, or where it measures nothing. */
  readonly storage: Storage | null
  /** What it may be filled to with new volumes, and by those that grow. */
  readonly allocationLimitBytes: number
  readonly resizeLimitBytes: number
}
export const poolFigures = (settings: PoolSettings, storage: Storage | undefined): PoolFigures => ({
  ...settings,
  storage: storage ?? null,
  allocationLimitBytes: limitBytes(settings, settings.allocationThreshold),
  resizeLimitBytes: limitBytes(settings, settings.resizeThreshold),
})

/** What an event came to, and of what. All of them together are the number. */
export interface CapacityPart {
  /** The volume, the snapshot, or the root that a provider makes: by its id if it has one, else `<instance>/root`. */
  readonly of: string
  readonly cause: Cause
  readonly amounts: Amounts
}

/**
 * The events behind what a row takes by itself. Of an instance: by all its trees hold, wherever that counts.
 * @param where of a volume that is being moved, what it takes of only one of the two
 */
export function partsOf(row: CapacityRow, where?: 'place' | 'target'): CapacityPart[] {
  const { key, holder, cause, tree } = row
  if (holder === 'volume') return diskParts(row, key, where)
  if (holder === 'snapshot') {
    const amounts = takenBy(row)
    return Object.keys(amounts).length ? [{ of: key, cause: cause!, amounts }] : []
  }
  const parts = new Map<string, CapacityPart>()
  for (const { disk, snapshot, amounts, cause } of layersOf(tree, ownRoot(row))) {
    const name = JSON.stringify([disk, snapshot])
    parts.set(name, { of: disk, cause, amounts: summed(parts.get(name)?.amounts, amounts) })
  }
  return [...diskParts(row, ownRoot(row)), ...parts.values()]
}

/** Of a volume, or of a root that counts with its instance: what it takes by itself. */
function diskParts(row: CapacityRow, of: string, where?: 'place' | 'target'): CapacityPart[] {
  const { cause, physicalCause } = row
  const { measuredVolumes, physicalBytes, ...placed } = ownOf(row)
  const taken = [...(where === 'target' ? [] : [placed]), ...(where === 'place' ? [] : [arrivingOf(row)])]
  const parts = taken.filter(amounts => Object.keys(amounts).length).map(amounts => ({ of, cause: cause!, amounts }))
  if (where === 'target' || physicalBytes === undefined) return parts
  return [...parts, { of, cause: physicalCause!, amounts: { measuredVolumes, physicalBytes } as Amounts }]
}
