/**
 * A segment of usage: a stretch of time in which a resource was the same size, of the same offering, and in the same use.
 * Half open, in whole milliseconds: one ends where the next begins. (spec: cloudstack 4.5.)
 */
import type { Envelope } from '../machines/grammar.ts'

export interface UsageRow {
  /** The resource while the segment goes on; once it is over, `<resource>@<version>` of the event that began it. */
  readonly key: string
  readonly resource: string
  readonly kind: string
  readonly account: string
  readonly region: string
  readonly provider?: string
  readonly zone?: string
  /** Milliseconds since 1970; without an end it goes on. */
  readonly fromMs: number
  readonly toMs?: number
  /** The events that began and ended it: their places in the log, and of the first the version in its stream. */
  readonly fromPosition: number
  readonly fromVersion: number
  readonly toPosition?: number
  /** 1 if it counts; 0 while nothing is there yet. */
  readonly counted: number
  /** Of an instance: 1 while it runs. */
  readonly running?: number
  readonly offering?: string
  readonly vcpus?: number
  readonly memoryBytes?: number
  /** Of an instance: the size of the root that its provider makes; it has no segment of its own before that is there. */
  readonly sizeBytes?: number
  /** Of an instance: 1 while a root is there that its provider made. */
  readonly rooted?: number
  readonly volumeType?: string
  /** Of a volume: the instance it is attached to. */
  readonly instance?: string
  /** Of a volume: the instance that has a claim on it, attached or not. It begins no new segment. */
  readonly claimant?: string
  /** Of a volume whose shape is being changed: what it returns to if that fails. It begins no new segment. */
  readonly original?: { readonly sizeBytes: number; readonly volumeType?: string }
}

/** What is metered of a resource: a change of any of these ends a segment and begins the next. */
export const metered = [
  'counted',
  'running',
  'rooted',
  'offering',
  'vcpus',
  'memoryBytes',
  'sizeBytes',
  'volumeType',
  'instance',
] as const

/** What a kind makes of an event: what is metered from then on, or undefined once there is nothing any more. */
export type Meter = (before: UsageRow | undefined, event: Envelope) => Partial<UsageRow> | undefined

// biome-ignore lint/suspicious/noExplicitAny: the data of an event is what its kind says
export const said = ({ data }: Envelope): Record<string, any> => data as Record<string, any>
