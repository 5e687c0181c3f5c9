/**
 * Rows of capacity: what a volume, a tree of VM snapshots or a volume snapshot takes of storage, and the sums of that.
 * Bytes are whole numbers; what is promised, what is there and what was measured are never mixed. (spec: cloudstack 3.4.)
 */
import type { Envelope } from '../machines/grammar.ts'
import type { Amounts } from './contract.ts'

/** What is summed. Of what has none of one of them, that is left out. */
export const capacityAmounts = [
  'volumes',
  'allocatedBytes',
  'requestedBytes',
  'reclaimableBytes',
  'snapshotLayers',
  'visibleLayers',
  'frozenBytes',
  'branchBytes',
  'memoryBytes',
  'measuredVolumes',
  'physicalBytes',
  'snapshotBytesOnPrimary',
] as const
export type CapacityAmount = (typeof capacityAmounts)[number]

/** An event behind a number. */
export interface Cause {
  readonly resource: string
  readonly position: number
  readonly type: string
  /** Milliseconds since 1970. */
  readonly at: number
}
export const causeOf = ({ resource, position, type, at }: Envelope): Cause => ({ resource, position, type, at })

/** A VM snapshot of an instance. */
export interface SnapshotNode {
  readonly parent?: string
  /** Its owner deleted it, and others come after it. */
  readonly hidden?: boolean
  readonly memoryBytes: number
  /** The disk whose place its memory takes. */
  readonly root?: string
  /** Sizes of the disks as they were then, by volume. */
  readonly disks: Readonly<Record<string, number>>
  readonly cause: Cause
}
export interface Tree {
  readonly nodes: Readonly<Record<string, SnapshotNode>>
  /** The snapshot from which the live disk descends. */
  readonly live?: string
  /** Where promises are kept: what those that are being made will take of memory. */
  readonly promised?: Readonly<Record<string, Pick<SnapshotNode, 'memoryBytes' | 'root' | 'cause'>>>
  /** And the snapshot that is gone back to, until that is answered. */
  readonly going?: string
}

/**
 * Of a volume. `requested`: promised and not made yet; `allocated`: there; `reclaimable`: on its way out, and still there;
 * `failed`: it could not be made, and takes nothing; `gone`: only VM snapshots still hold something of it.
 */
export type Phase = 'requested' | 'allocated' | 'reclaimable' | 'failed' | 'gone'

export interface PoolSettings {
  readonly enabled: boolean
  readonly totalBytes: number
  readonly overprovisionFactor: number
  readonly allocationThreshold?: number
  readonly resizeThreshold?: number
  readonly volumeTypes?: readonly string[]
}

/** What a provider said of a pool, and when (ms since 1970). */
export interface Storage {
  readonly totalBytes?: number
  readonly freeBytes?: number
  readonly usedBytes?: number
  readonly provisionedBytes?: number
  readonly asOf: number
}

export interface CapacityRow {
  /** Id of a volume, instance, snapshot, pool, account or domain, or `zone/<provider>/<zone>`. */
  readonly key: string
  readonly holder: 'volume' | 'instance' | 'snapshot' | 'pool' | 'zone' | 'provider' | 'account' | 'domain'
  readonly account?: string
  readonly provider?: string
  readonly zone?: string
  /** The row of where it is: its pool, or its zone outside of any pool. */
  readonly place?: string
  /** Of a volume that is being moved: the row of where it goes, which holds room for it. */
  readonly target?: string
  /** Of a volume: the instance that has a claim on it. */
  readonly instance?: string
  /** Of an instance: the id of the root that its provider makes, where that has one of its own. */
  readonly root?: string
  /** Of a volume, a volume snapshot, and the root of an instance that its provider makes. */
  readonly phase?: Phase
  readonly sizeBytes?: number
  /** Of a volume whose size is being changed: what it returns to if that fails. */
  readonly originalBytes?: number
  readonly cause?: Cause
  readonly physicalBytes?: number
  /** When it was measured (ms since 1970). */
  readonly physicalAsOf?: number
  readonly physicalCause?: Cause
  /** Of an instance: its VM snapshots. */
  readonly tree?: Tree
  /** Of a volume: what trees hold of it. Of a pool, zone, account or domain: the sums. */
  readonly figures?: Amounts
  /** Of a pool. */
  readonly settings?: PoolSettings
  readonly storage?: Storage
  /** Of a provider, to commands: its pools. */
  readonly pools?: readonly string[]
  /** Of an account or a domain: the domain it counts in. */
  readonly above?: string
  /** 1 of what somebody made: its row stays when there is nothing in it. */
  readonly declared?: number
}

// biome-ignore lint/suspicious/noExplicitAny: the data of an event is what its kind says
export const said = ({ data }: Envelope): Record<string, any> => data as Record<string, any>

/** Sums; what comes to nothing is left out. */
export function summed(...all: readonly (Amounts | undefined)[]): Amounts {
  const sums: Record<string, number> = {}
  for (const each of all) for (const name in each) sums[name] = (sums[name] ?? 0) + each[name]!
  for (const name in sums) if (sums[name] === 0) return withoutZeros(sums)
  return sums
}
function withoutZeros(sums: Amounts): Amounts {
  const rest: Record<string, number> = {}
  for (const name in sums) if (sums[name] !== 0) rest[name] = sums[name]!
  return rest
}

/** What somebody sees of a row that says nothing: nobody made it, and there is nothing in it. */
export const isEmpty = ({ holder, phase, declared, figures = {}, tree, pools }: CapacityRow): boolean => {
  if (declared || pools?.length) return false
  if (holder === 'volume') return phase === 'gone' && Object.keys(figures).length === 0
  if (holder === 'instance') return tree === undefined && (phase === undefined || phase === 'gone')
  if (holder === 'snapshot') return phase === 'gone'
  return Object.keys(figures).length === 0
}

export const zoneKey = (provider: string, zone: string): string =>
  `zone/${encodeURIComponent(provider)}/${encodeURIComponent(zone)}`
/** The provider and zone that a key names. */
export function zoneOf(key: string): { readonly provider: string; readonly zone: string } {
  const [, provider = '', zone = ''] = key.split('/').map(decodeURIComponent)
  return { provider, zone }
}
