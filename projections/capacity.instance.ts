/**
 * What an instance takes by itself: the root that its provider makes with it. That is no volume, and has the places and
 * figures of one: promised from the launch on, there once the instance is made, and there until its compute is confirmed
 * gone. One that its provider leaves then is a volume from that moment on, in the same place. (spec: cloudstack 3.2, 3.4;
 * docs/decisions/0063.)
 */
import type { Envelope } from '../machines/grammar.ts'
import { type CapacityRow, causeOf, type Phase, said, zoneKey } from './capacity.row.ts'
import { measureOf } from './capacity.volume.ts'

const LAUNCH = 'instance.launchRequested'
const MEASURED = 'instance.rootMeasured'

/** `aside`: as it was before that began. */
type Stage = Phase | 'aside'

const stages = new Map<string, Stage>()
/** The stage of a state, of which there are few, and each is asked about with every event. */
function stageOf(state: string): Stage {
  const known = stages.get(state)
  if (known) return known
  const stage = stageIn(state)
  stages.set(state, stage)
  return stage
}

/** What a state says of the root. Of a compute that is being ended nobody knows whether it is there still. */
function stageIn(state: string): Stage {
  const [name, part] = state.split('.')
  if (name === 'absent') return 'requested'
  if (name === 'terminated' || (name === 'shutting-down' && part === 'cleaning')) return 'gone'
  if (name === 'pending' && (part === 'preparing' || part === 'creating')) return 'requested'
  if (name === 'recoverable' || part === 'abandoning') return 'reclaimable'
  if (name !== 'shutting-down') return 'allocated'
  return part === 'settingAside' || part === 'clearing' ? 'aside' : 'reclaimable'
}

/** Does the event change what an instance takes, or where? */
export const changesRoot = ({ kind, type, before, state }: Envelope): boolean =>
  kind === 'instance' && (type === LAUNCH || type === MEASURED || stageOf(before) !== stageOf(state))

/** What is kept of an instance that is launched. */
function born(event: Envelope): CapacityRow {
  const { resource: key, account } = event
  const { provider, zone, providerRoot, keptRoot } = said(event)
  const row: CapacityRow = {
    ...{ key, holder: 'instance', account, provider, zone, root: keptRoot?.volume },
    place: providerRoot?.pool ?? zoneKey(provider, zone),
  }
  return providerRoot ? { ...row, phase: 'requested', sizeBytes: providerRoot.sizeBytes, cause: causeOf(event) } : row
}

/** The row of an instance after one of its events. */
export function instanceAfter(row: CapacityRow | undefined, event: Envelope): CapacityRow | undefined {
  if (event.type === LAUNCH) return born(event)
  if (row?.phase === undefined || row.phase === 'gone') return row
  const stage = stageOf(event.state)
  const phase = stage === 'aside' ? (row.phase === 'reclaimable' ? row.phase : 'allocated') : stage
  if (phase === 'gone') return { ...row, phase, ...unmeasured }
  if (phase !== row.phase) return { ...row, phase, cause: causeOf(event) }
  return event.type === MEASURED ? { ...row, ...measured(row, event) } : row
}
const unmeasured = { physicalBytes: undefined, physicalAsOf: undefined, physicalCause: undefined }
function measured({ sizeBytes: before, cause }: CapacityRow, event: Envelope): Partial<CapacityRow> {
  const { sizeBytes } = said(event)
  return { sizeBytes, cause: sizeBytes === before ? cause : causeOf(event), ...measureOf(event) }
}

/** The disk that counts with its instance, by the name that VM snapshots have for it. */
export const ownRoot = ({ key, root }: CapacityRow): string => root ?? rootKey(key)
/** As a part of its instance. */
export const rootKey = (instance: string): string => `${instance}/root`
