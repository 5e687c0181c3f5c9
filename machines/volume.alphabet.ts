/** What a volume remembers, and what can happen to it. */
import { z } from 'zod'
import {
  type EventNamed,
  type EventOf,
  elapsed,
  events,
  reference,
  rejection,
  reported,
  requested,
  told,
} from './grammar.ts'

export interface VolumeContext {
  readonly sizeBytes: number
  readonly zone: string
  readonly provider: string
  /** When the provider can make a volume of this sort larger. */
  readonly grow: 'online' | 'offline' | 'none'
  readonly name?: string
  readonly volumeType?: string
  readonly from?: { readonly kind: 'image' | 'volumeSnapshot'; readonly id: string }
  /** The one claim on it. */
  readonly attachment?: { readonly instance: string; readonly device: string }
  /** Its instance is gone already and wanted it deleted. */
  readonly condemned?: boolean
  /** A resize under way, with the size to return to if it fails. */
  readonly resizing?: { readonly fromBytes: number }
  readonly allocatedBytes?: number
  readonly overdue?: boolean
  readonly reason?: { readonly code: string; readonly message: string }
}
export const unborn: VolumeContext = { sizeBytes: 0, zone: '', provider: '', grow: 'none' }

const grow = z.enum(['online', 'offline', 'none'])
const origin = z.strictObject({ kind: z.enum(['image', 'volumeSnapshot']), id: z.string() })
const disk = {
  sizeBytes: z.int().positive(),
  zone: z.string(),
  provider: z.string(),
  grow,
  volumeType: z.string().optional(),
}
const measured = { sizeBytes: z.int(), allocatedBytes: z.int().optional() }
const failure = { code: z.string(), message: z.string() }

export const volumeEvents = events('volume', {
  createRequested: requested(
    { ...disk, name: z.string().optional() },
    { account: z.object({ state: z.string() }).nullable() },
  ),
  attachRequested: requested(
    { instance: z.string(), device: z.string() },
    { instance: z.object({ zone: z.string(), provider: z.string() }) },
  ),
  detachRequested: requested(
    { instance: z.string().optional(), device: z.string().optional(), force: z.boolean().optional() },
    { instance: z.object({ id: z.string() }).nullable() },
  ),
  modifyRequested: requested({ sizeBytes: z.int().positive() }),
  deleteRequested: requested(),

  created: reported({ ...measured, ref: reference.optional() }),
  createFailed: reported(rejection),
  resized: reported(measured),
  resizeFailed: reported(rejection),
  deleted: reported(),
  deleteFailed: reported(rejection),

  createTimedOut: elapsed(),
  deleteTimedOut: elapsed(),
  deleteRetryDue: elapsed(),

  // From the instance
  requestedByInstance: told({ ...disk, instance: z.string(), device: z.string(), from: origin.optional() }),
  attached: told({ instance: z.string() }),
  attachFailed: told({ instance: z.string(), ...failure }),
  detached: told({ instance: z.string() }),
  detachFailed: told({ instance: z.string(), ...failure }),
  instanceGone: told({ instance: z.string(), deleteOnTermination: z.boolean() }),
})
export type VolumeEvent = EventOf<typeof volumeEvents>
export type VolumeEventNamed<K extends string> = EventNamed<typeof volumeEvents, K>
/** What functions of a volume see. */
export interface Now {
  readonly context: VolumeContext
  readonly event: VolumeEvent
}
