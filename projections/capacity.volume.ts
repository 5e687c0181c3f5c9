/**
 * What a volume takes: promised from the request on, there once it is made, and there until its deletion is confirmed.
 * (spec: cloudstack 3.4; CloudStack lets go of it earlier, and then gives the same bytes away twice.)
 */
import type { Envelope } from '../machines/grammar.ts'
import { type CapacityRow, causeOf, type Phase, said, zoneKey } from './capacity.row.ts'
import type { Amounts } from './contract.ts'
import { changesSize, sizeAfter, type VolumeSize } from './volume.size.ts'

const FAILED = 'volume.createFailed'
/** Its instance was terminated and may be recovered, was recovered, or is gone. */
const fated = new Set(['instanceTerminated', 'instanceRecovered', 'instanceGone'].map(each => `volume.${each}`))
const MOVES = 'volume.migrateRequested'
/** It is to be moved, it is where it was to go, or it stays where it was. */
const moving = new Set(['migrateRequested', 'migrated', 'migrateFailed'].map(each => `volume.${each}`))
const claiming = new Set(['volume.requestedByInstance', 'volume.attachRequested', 'volume.launchProposed'])

/** Does the event change what a volume takes? */
export const changesTaken = (event: Envelope): boolean => {
  const { kind, version, type, before, state } = event
  return (
    kind === 'volume' &&
    (version === 1 ||
      changesSize(event) ||
      moving.has(type) ||
      fated.has(type) ||
      type === FAILED ||
      (before !== state && !isUsed(state)))
  )
}
/** Or whose it is? */
export const changesClaim = ({ kind, type, before, state }: Envelope): boolean =>
  kind === 'volume' && (before !== state || claiming.has(type) || type === 'volume.instanceGone')

const isUsed = (state: string) => /^(available|reverting|migrating|in-use)/.test(state)
const isClaimed = (state: string) => state === 'creating' || state === 'error' || state.startsWith('in-use')

/** The row of a volume after one of its events. */
export function volumeAfter(row: CapacityRow | undefined, event: Envelope): CapacityRow | undefined {
  // What it hears after its end changes nothing of what it takes.
  if (row ? row.phase === 'gone' : event.version > 1 && event.type !== MOVES) return row
  const before = row ?? born(event)
  const phase = phaseAfter(before.phase, event)
  const { sizeBytes, originalBytes } = phase === 'failed' || phase === 'gone' ? nothing : sizeAfter(before, event)
  const isOther = phase !== row?.phase || sizeBytes !== row?.sizeBytes || moving.has(event.type)
  const after: CapacityRow = {
    ...before,
    sizeBytes,
    originalBytes,
    ...(moving.has(event.type) && placeAfter(before, event)),
    ...(isMeasure(before, event) && measureOf(event)),
    ...(phase === 'failed' || phase === 'gone' ? left : {}),
    phase,
    instance: instanceAfter(before, event),
    cause: isOther ? causeOf(event) : before.cause,
  }
  return row && isSame(row, after) ? row : after
}
const nothing: VolumeSize = {}
const left = { target: undefined, physicalBytes: undefined, physicalAsOf: undefined, physicalCause: undefined }
/** Until its provider says that it is moved it has both places: then only the one it has gone to. */
function placeAfter({ place, target }: CapacityRow, event: Envelope): Partial<CapacityRow> {
  if (event.type === MOVES) return { target: said(event).pool }
  if (target === undefined) return {}
  return { place: event.type === 'volume.migrated' ? target : place, target: undefined }
}

function born(event: Envelope): CapacityRow {
  const { resource: key, account } = event
  const { provider, zone, pool, sizeBytes } = said(event)
  const place = event.type === MOVES ? zoneKey(provider, zone) : (pool ?? zoneKey(provider, zone))
  return { key, holder: 'volume', account, provider, zone, place, sizeBytes, figures: {} }
}

function phaseAfter(before: Phase | undefined, event: Envelope): Phase {
  const { type, state } = event
  if (state === 'deleted') return 'gone'
  if (state === 'error' || type === FAILED) return 'failed'
  if (state.startsWith('deleting')) return before === 'failed' ? 'failed' : 'reclaimable'
  // It goes with an instance that may be recovered: until that is over, it is on its way out.
  if (type === 'volume.instanceTerminated') return said(event).deleteOnTermination ? 'reclaimable' : 'allocated'
  if (before === 'reclaimable' && state.startsWith('in-use') && type !== 'volume.instanceRecovered') return before
  return state === 'creating' ? 'requested' : 'allocated'
}

const isMeasure = ({ originalBytes, target }: CapacityRow, { type, before }: Envelope): boolean =>
  type === 'volume.measured' ||
  (type === 'volume.created' && before === 'creating') ||
  ((type === 'volume.resized' || type === 'volume.reverted') && originalBytes !== undefined) ||
  (type === 'volume.migrated' && target !== undefined)

/** What its provider measured of it. */
export function measureOf(event: Envelope): Partial<CapacityRow> {
  const { allocatedBytes } = said(event)
  if (allocatedBytes === undefined) return {}
  return { physicalBytes: allocatedBytes, physicalAsOf: event.at, physicalCause: causeOf(event) }
}

function instanceAfter({ instance }: CapacityRow, event: Envelope): string | undefined {
  const { type, state } = event
  if (!isClaimed(state)) return undefined
  if (claiming.has(type)) return said(event).instance
  return type === 'volume.instanceGone' && said(event).instance === instance ? undefined : instance
}

const compared = [
  ...(['phase', 'sizeBytes', 'originalBytes', 'instance', 'place', 'target'] as const),
  ...(['physicalBytes', 'physicalAsOf'] as const),
]
const isSame = (before: CapacityRow, after: CapacityRow) => compared.every(each => before[each] === after[each])

/** What it takes by itself, without what trees hold of it. */
export function ownOf({ phase, sizeBytes = 0, physicalBytes }: CapacityRow): Amounts {
  if (phase === undefined || phase === 'failed' || phase === 'gone') return {}
  return {
    volumes: 1,
    [`${phase}Bytes`]: sizeBytes,
    ...(physicalBytes !== undefined && { measuredVolumes: 1, physicalBytes }),
  }
}

/**
 * What it takes of where it is being moved to: as much as it takes where it is, with the branches and the memory that VM
 * snapshots hold of it. None of it is there yet.
 */
export function arrivingOf({ target, phase, sizeBytes = 0, figures = {} }: CapacityRow): Amounts {
  if (target === undefined || phase === 'failed' || phase === 'gone') return {}
  const { branchBytes = 0, memoryBytes = 0 } = figures
  return { requestedBytes: sizeBytes + branchBytes + memoryBytes }
}
