/**
 * A volume is counted from the moment it is there until it is deleted, in use or not; a new size counts from the request
 * on, because that is when the space is promised. (spec: ec2 16, 18; cloudstack 4.5.)
 */
import { type Meter, said, type UsageRow } from './usage.row.ts'

const claiming = new Set(['volume.requestedByInstance', 'volume.attachRequested', 'volume.launchProposed'])

export const meterVolume: Meter = (before, event) => {
  const { type, state, before: left } = event
  if (state === 'deleted') return undefined
  const { instance } = said(event)
  const claims = claiming.has(type)
  const claimant = claims ? instance : isClaimed(state) ? before?.claimant : undefined
  const isAttached = state === 'in-use.attached' || state === 'in-use.detaching'
  const isMade = type === 'volume.created' && left === 'creating'
  return {
    ...shapeAfter(before, event),
    counted: isMade ? 1 : (before?.counted ?? 0),
    claimant,
    instance: isAttached ? claimant : undefined,
  }
}

const isClaimed = (state: string) => state === 'creating' || state === 'error' || state.startsWith('in-use.')

function shapeAfter(before: UsageRow | undefined, event: Parameters<Meter>[1]): Partial<UsageRow> {
  const { type, before: left } = event
  const { sizeBytes, volumeType } = said(event)
  if (!before) return { sizeBytes, volumeType }
  switch (type) {
    case 'volume.created':
      return left === 'creating' ? { sizeBytes } : {}
    case 'volume.modifyRequested': {
      const original = { sizeBytes: before.sizeBytes!, volumeType: before.volumeType }
      return { sizeBytes, volumeType, original }
    }
    case 'volume.measured':
      return { sizeBytes }
    // Taken back with its instance.
    case 'volume.vmSnapshotEnded':
      return sizeBytes === undefined ? {} : { sizeBytes }
    case 'volume.resized':
      return before.original ? { sizeBytes, original: undefined } : {}
    case 'volume.resizeFailed': {
      const { original } = before
      return original ? { sizeBytes: original.sizeBytes, volumeType: original.volumeType, original: undefined } : {}
    }
    default:
      return {}
  }
}
