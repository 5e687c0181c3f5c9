/**
 * A volume is counted from the moment it is there until it is deleted, in use or not; a new size counts from the request
 * on, because that is when the space is promised. One that is to go with an instance that was terminated is not counted
 * while that may be recovered. (spec: ec2 16, 18; cloudstack 4.1, 4.5; docs/decisions/0056.)
 */
import type { Envelope } from '../machines/grammar.ts'
import { type Meter, said, type UsageRow } from './usage.row.ts'
import { sizeAfter } from './volume.size.ts'

/** Of no instance any more, and not on its way out. */
const freed = new Set(['available', 'reverting', 'migrating'])
const claiming = new Set(['volume.requestedByInstance', 'volume.attachRequested', 'volume.launchProposed'])

/** Taken back to a snapshot or moved, it stays attached. */
const attached = new Set(['in-use.attached', 'in-use.detaching', 'in-use.reverting', 'in-use.migrating'])

export const meterVolume: Meter = (before, event) => {
  const { type, state } = event
  if (state === 'deleted') return undefined
  const { instance } = said(event)
  const claims = claiming.has(type)
  const claimant = claims ? instance : isClaimed(state) ? before?.claimant : undefined
  const isAttached = attached.has(state)
  return {
    ...shapeAfter(before, event),
    counted: countedAfter(before, event),
    claimant,
    instance: isAttached ? claimant : undefined,
  }
}

function countedAfter(before: UsageRow | undefined, event: Envelope): number {
  const { type, before: left, state } = event
  const isMade = type === 'volume.created' && left === 'creating'
  // Of a compute that was given up, what was to go is kept after all.
  const isFreed = type === 'volume.instanceGone' && freed.has(state)
  if (isMade || isFreed || type === 'volume.instanceRecovered') return 1
  if (type === 'volume.instanceTerminated' && said(event).deleteOnTermination) return 0
  return before?.counted ?? 0
}

const isClaimed = (state: string) => state === 'creating' || state === 'error' || state.startsWith('in-use.')

function shapeAfter(before: UsageRow | undefined, event: Envelope): Partial<UsageRow> {
  const { sizeBytes: had, volumeType: was, original } = before ?? {}
  const { sizeBytes, originalBytes } = sizeAfter({ sizeBytes: had, originalBytes: original?.sizeBytes }, event)
  const volumeType = typeAfter(was, original, event)
  if (originalBytes === undefined) return { sizeBytes, volumeType, original: undefined }
  if (original && !turning.has(event.type)) return { sizeBytes, volumeType, original }
  // What is made, and only moved now, is what it was to become.
  const returnsTo = event.type === 'volume.resized' ? volumeType : was
  return { sizeBytes, volumeType, original: { sizeBytes: originalBytes, volumeType: returnsTo } }
}
const turning = new Set(['modifyRequested', 'revertRequested', 'resized', 'measured'].map(each => `volume.${each}`))

function typeAfter(was: string | undefined, original: UsageRow['original'], event: Envelope): string | undefined {
  if (event.version === 1 || event.type === 'volume.modifyRequested') return said(event).volumeType
  return event.type === 'volume.resizeFailed' && original ? original.volumeType : was
}
