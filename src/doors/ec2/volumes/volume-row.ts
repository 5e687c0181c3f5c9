/** What the door reads of a volume's row in the inventory. Times are ms since 1970, sizes bytes. */

export interface VolumeRow {
  readonly id: string
  readonly state: string
  readonly zone: string
  readonly createdAt: number
  readonly attributes: VolumeAttributes
}
export interface VolumeAttributes extends VolumeShape {
  readonly encrypted?: boolean
  readonly kmsKey?: string
  readonly from?: { readonly kind: 'image' | 'volumeSnapshot'; readonly id: string }
  readonly attachment?: Attachment
  readonly tags?: Readonly<Record<string, string>>
  /** The last change that was asked for. */
  readonly modification?: Modification
}
export interface VolumeShape {
  readonly sizeBytes: number
  readonly volumeType?: string
  readonly iops?: number
  readonly throughputMiBps?: number
}
export interface Attachment {
  readonly instance: string
  readonly device: string
  readonly status: 'attaching' | 'attached' | 'detaching'
  readonly attachedAt: number
}
export interface Modification {
  readonly state: 'modifying' | 'optimizing' | 'completed' | 'failed'
  readonly progress: number
  readonly startedAt: number
  readonly endedAt?: number
  readonly original: VolumeShape
  readonly target: VolumeShape
  readonly message?: string
}
