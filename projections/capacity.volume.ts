/**
 * What a volume takes: promised from the request on, there once it is made, and there until its deletion is confirmed.
 * (spec: cloudstack 3.4; CloudStack lets go of it earlier, and then gives the same bytes away twice.)
 */
import type { Envelope } from '../machines/grammar.ts'
import { type CapacityRow, causeOf, type Phase, said, zoneKey } from './capacity.row.ts'
import type { Amounts } from './contract.ts'

const sizing = new Set(
  [
    'created',
    'createFailed',
    'measured',
    'modifyRequested',
    'resized',
    'resizeFailed',
    'revertRequested',
    'reverted',
    'revertFailed',
  ].map(each => `volume.${each}`),
)
const claiming = new Set(['volume.requestedByInstance', 'volume.attachRequested', 'volume.launchProposed'])

/** Does the event change what a volume takes? */
export const changesTaken = ({ kind, version, type, before, state }: Envelope): boolean =>
  kind === 'volume' && (version === 1 || sizing.has(type) || (before !== state && !isUsed(state)))
/** Or whose it is? */
export const changesClaim = ({ kind, type, before, state }: Envelope): boolean =>
  kind === 'volume' && (before !== state || claiming.has(type) || type === 'volume.instanceGone')

const isUsed = (state: string) => state === 'available' || state === 'reverting' || state.startsWith('in-use')
const isClaimed = (state: string) => state === 'creating' || state === 'error' || state.startsWith('in-use')

/** The row of a volume after one of its events, or after a revert of its instance. */
export function volumeAfter(row: CapacityRow | undefined, event: Envelope): CapacityRow | undefined {
  if (event.kind !== 'volume') return reverted(row, event)
  // What it hears after its end changes nothing of what it takes.
  if (row ? row.phase === 'gone' : event.version > 1) return row
  const before = row ?? born(event)
  const phase = phaseAfter(before.phase, event)
  const size = phase === 'failed' || phase === 'gone' ? {} : sizeAfter(before, event)
  const isOther = phase !== row?.phase || size.sizeBytes !== row?.sizeBytes
  const after: CapacityRow = {
    ...before,
    ...size,
    ...(isMeasure(before, event) && measureOf(event)),
    ...(phase === 'failed' || phase === 'gone' ? unmeasured : {}),
    phase,
    instance: instanceAfter(before, event),
    cause: isOther ? causeOf(event) : before.cause,
  }
  return row && isSame(row, after) ? row : after
}
const unmeasured = { physicalBytes: undefined, physicalAsOf: undefined, physicalCause: undefined }

function born(event: Envelope): CapacityRow {
  const { resource: key, account } = event
  const { provider, zone, pool, sizeBytes } = said(event)
  const place = pool ?? zoneKey(provider, zone)
  return { key, holder: 'volume', account, provider, zone, place, sizeBytes, figures: {} }
}

function phaseAfter(before: Phase | undefined, { type, state }: Envelope): Phase {
  if (state === 'deleted') return 'gone'
  if (state === 'error' || type === 'volume.createFailed') return 'failed'
  if (state.startsWith('deleting')) return before === 'failed' ? 'failed' : 'reclaimable'
  return state === 'creating' ? 'requested' : 'allocated'
}

function sizeAfter(row: CapacityRow, event: Envelope): Pick<CapacityRow, 'sizeBytes' | 'originalBytes'> {
  const { sizeBytes, originalBytes } = row
  const { sizeBytes: now } = said(event)
  switch (event.type) {
    case 'volume.modifyRequested':
    case 'volume.revertRequested':
      return { sizeBytes: now, originalBytes: sizeBytes }
    case 'volume.resized':
    case 'volume.reverted':
      return originalBytes === undefined ? { sizeBytes } : { sizeBytes: now, originalBytes: undefined }
    case 'volume.resizeFailed':
    case 'volume.revertFailed':
      return { sizeBytes: originalBytes ?? sizeBytes, originalBytes: undefined }
    case 'volume.measured':
      return { sizeBytes: now, originalBytes }
    case 'volume.created':
      return event.before === 'creating' ? { sizeBytes: now } : { sizeBytes, originalBytes }
    default:
      return { sizeBytes, originalBytes }
  }
}

const isMeasure = ({ originalBytes }: CapacityRow, { type, before }: Envelope): boolean =>
  type === 'volume.measured' ||
  (type === 'volume.created' && before === 'creating') ||
  ((type === 'volume.resized' || type === 'volume.reverted') && originalBytes !== undefined)

function measureOf(event: Envelope): Partial<CapacityRow> {
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

/** Its instance went back to where it had another size, perhaps. */
function reverted(row: CapacityRow | undefined, event: Envelope): CapacityRow | undefined {
  if (row?.phase !== 'allocated') return row
  const disks: readonly { volume: string; sizeBytes: number }[] = said(event).disks ?? []
  const sizeBytes = disks.find(({ volume }) => volume === row.key)?.sizeBytes ?? row.sizeBytes
  return sizeBytes === row.sizeBytes ? row : { ...row, sizeBytes, cause: causeOf(event) }
}

const compared = ['phase', 'sizeBytes', 'originalBytes', 'instance', 'physicalBytes', 'physicalAsOf'] as const
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
