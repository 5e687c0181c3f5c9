/** What the door reads of an instance's row in the inventory. Times are ms since 1970, sizes bytes. */
import type { Annotations } from './annotations.ts'
import type { Reason } from './reasons.ts'

export interface InstanceRow {
  readonly id: string
  readonly account: string
  readonly state: string
  readonly zone: string
  readonly createdAt: number
  readonly attributes: InstanceAttributes
}

export interface InstanceAttributes {
  readonly image: string
  readonly type: string
  readonly mode: 'stateful' | 'stateless'
  readonly rootDevice: string
  readonly devices: readonly DeviceAttributes[]
  readonly shutdownBehaviour: 'stop' | 'terminate'
  readonly terminationProtection?: boolean
  readonly stopProtection?: boolean
  readonly userData?: string
  readonly userDataEncoding?: 'text' | 'base64'
  readonly tags?: Readonly<Record<string, string>>
  readonly keyPair?: string
  /** The reservation, and the place in it; none for what another door launched. */
  readonly launchGroup?: string
  readonly launchIndex?: number
  readonly kernel?: string
  readonly ramdisk?: string
  readonly ebsOptimized?: boolean
  readonly architecture?: string
  readonly virtualization?: string
  readonly annotations?: Annotations
  readonly launchedAt: number
  readonly privateAddress?: string
  readonly reason?: Reason
  readonly impaired?: boolean
  /** Why its provider holds its guest, as long as it does. */
  readonly stalled?: { readonly code: string; readonly message: string; readonly since: number }
}

export interface DeviceAttributes {
  readonly device: string
  readonly volume: string
  readonly root: boolean
  readonly deleteOnTermination: boolean
  readonly status: 'attaching' | 'attached' | 'detaching'
  readonly attachedAt: number
}

const none: Annotations = {}
export const annotationsIn = ({ attributes }: InstanceRow): Annotations => attributes.annotations ?? none
