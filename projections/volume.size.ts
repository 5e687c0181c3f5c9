/**
 * How large a volume is after each of its events: the one place that knows which of them say so. Views that count bytes
 * of volumes read it here, and differ only in what they make of one that could not be made or is on its way out.
 *
 * A new size counts from the request on, because that is when the space is promised; what a revert may come to counts
 * the same way. News of a change that is not under way says nothing. (spec: ec2 16, 18; cloudstack 1.3, 3.4.)
 */
import type { Envelope } from '../machines/grammar.ts'

export interface VolumeSize {
  readonly sizeBytes?: number
  /**
   * While a change is under way: what it returns to if that fails. That is its new size already where its provider has
   * made the change, and only moves what the volume holds.
   */
  readonly originalBytes?: number
}

const names = [
  'created',
  'measured',
  'modifyRequested',
  'resized',
  'resizeFailed',
  'revertRequested',
  'reverted',
  'revertFailed',
  'vmSnapshotEnded',
] as const
const sizing: ReadonlySet<string> = new Set(names.map(name => `volume.${name}`))
const births: ReadonlySet<string> = new Set(
  ['createRequested', 'requestedByInstance', 'rootLeft'].map(name => `volume.${name}`),
)

/** Can the event change how large its volume is? */
export const changesSize = ({ type, data }: Envelope): boolean =>
  births.has(type) || (sizing.has(type) && (type !== 'volume.vmSnapshotEnded' || sizeIn(data) !== undefined))

const sizeIn = (data: unknown) => (data as { readonly sizeBytes?: number }).sizeBytes
const isReverting = (state: string) => state.endsWith('reverting')
const isAlive = (state: string) => /^(available|reverting|migrating|in-use)/.test(state)

/** The size after an event of the volume; the same object where it says nothing of it. */
export function sizeAfter(size: VolumeSize, event: Envelope): VolumeSize {
  const { type, before } = event
  const sizeBytes = sizeIn(event.data)
  if (births.has(type)) return { sizeBytes }
  if (type === 'volume.created') return before === 'creating' ? { sizeBytes } : size
  return sizing.has(type) && isAlive(before) ? changed(size, event) : size
}

function changed(size: VolumeSize, { type, before, data }: Envelope): VolumeSize {
  const { sizeBytes: had, originalBytes } = size
  const sizeBytes = sizeIn(data)
  const isOpen = originalBytes !== undefined && isReverting(before) === type.startsWith('volume.revert')
  switch (type) {
    case 'volume.modifyRequested':
    case 'volume.revertRequested':
      return { sizeBytes, originalBytes: had }
    case 'volume.resized':
      if (!isOpen) return size
      return isOptimizing(data) ? { sizeBytes, originalBytes: sizeBytes } : { sizeBytes }
    case 'volume.reverted':
      return isOpen ? { sizeBytes } : size
    case 'volume.resizeFailed':
    case 'volume.revertFailed':
      return isOpen ? { sizeBytes: originalBytes } : size
    default:
      // Measured, or taken back with its instance: true whatever is under way.
      return sizeBytes === undefined
        ? size
        : { sizeBytes, ...(originalBytes !== undefined && { originalBytes: sizeBytes }) }
  }
}
const isOptimizing = (data: unknown) => (data as { readonly optimizing?: boolean }).optimizing === true
