/** What an instance shows: what it was launched as, its devices, its protections, and why it is not running. */
import type { Envelope } from '../machines/grammar.ts'
import { lineageOf } from './inventory.lineage.ts'
import { type Attributes, cleanup, defined, type KindView, overdue } from './inventory.row.ts'

interface Device {
  readonly device: string
  readonly volume: string
  readonly root: boolean
  readonly deleteOnTermination: boolean
  readonly status: 'attaching' | 'attached' | 'detaching'
  readonly attachedAt: number
}

export const instanceView: KindView = {
  pool: (before, { type, data }) =>
    type === 'instance.launchRequested' ? (data as Attributes).providerRoot?.pool : before,
  attributes: (before, event) => {
    const known = keptOf(changes(before, event), event)
    const changed = lineageOf(owedOf(captured(stalled(known, event), event), event), event)
    return cleanup(overdue(devicesOf(changed, event), event), event)
  },
  relations: ({ image, type, devices }) => [
    { role: 'image', id: image },
    { role: 'offering', id: `offering/${type}` },
    ...devices.map((each: Device) => ({ role: 'volume', id: each.volume })),
  ],
}

/** Until when it may be recovered, once it is kept for that; also while it is turned off again. */
function keptOf(attributes: Attributes, { at, before: left, state, type }: Envelope): Attributes {
  const { recoverableUntil, recoverableForMs } = attributes
  if (state === 'recoverable') return { ...attributes, recoverableUntil: recoverableUntil ?? at + recoverableForMs }
  const isKept = state.startsWith('shutting-down.settingAside') && type !== 'instance.terminateRequested'
  return recoverableUntil === undefined || isKept || left === 'absent'
    ? attributes
    : defined({ ...attributes, recoverableUntil: undefined })
}

/** Why its provider holds its guest, as long as it does. */
function stalled(attributes: Attributes, { type, at, state, data, wants = [] }: Envelope): Attributes {
  const { stalled: before } = attributes
  const isArmed = wants.some(({ want }) => want === 'arm')
  if (type === 'instance.stalled' && isArmed) {
    const { code, message } = data as Attributes
    return { ...attributes, stalled: { code, message, since: at } }
  }
  const isOver =
    !state.startsWith('running') || (type === 'instance.recovered' && !isArmed && isOfLaunch(attributes, data))
  return before && isOver ? defined({ ...attributes, stalled: undefined }) : attributes
}
const isOfLaunch = ({ generation }: Attributes, data: unknown) => (data as Attributes).generation === generation

const POWERING_ON = 'running.capturing.poweringOn'
const RESTARTING = 'pending.restarting'

/** What an image that is made of it shows: a start of its own, in the time of the same launch. */
function captured(attributes: Attributes, { before: left, state }: Envelope): Attributes {
  if (left === state) return attributes
  if (state === POWERING_ON) return { ...attributes, generation: attributes.generation + 1 }
  const isOver = left.startsWith('running.capturing') && !state.startsWith('running.capturing')
  return isOver && attributes.overdue ? defined({ ...attributes, overdue: undefined }) : attributes
}

function changes(before: Attributes, event: Envelope): Attributes {
  const { type, at, before: left, state, wants } = event
  const data = event.data as Attributes
  const moved = left !== state
  switch (type) {
    case 'instance.launchRequested': {
      const { devices: _, name: __, zone: ___, provider: ____, volumeTags: _____, ...said } = data
      const { pinsImage: ______, onlyRoot: _______, ...launched } = said
      return { ...launched, devices: [], generation: 1, launchedAt: at }
    }
    case 'instance.startRequested': {
      // What is resumed, or held, goes on where it was.
      if (left === 'suspended' || left.startsWith('running')) return before
      const { reason: _, ...rest } = before
      return { ...rest, generation: before.generation + 1, launchedAt: at }
    }
    case 'instance.created':
    case 'instance.started':
    case 'instance.externallyStarted': {
      if (!state.startsWith('running')) return before
      const { impaired: _, ...rest } = before
      // Of what runs already, only a sight of this launch says something new.
      if (left.startsWith('running') && left !== POWERING_ON)
        return type === 'instance.started' && data.generation === before.generation ? rest : before
      const { host, privateAddress = before.privateAddress } = data
      return defined({ ...rest, host, privateAddress, reason: undefined })
    }
    case 'instance.stopRequested':
      // What was to be started again has no reason yet.
      return left.startsWith('stopping') && before.reason
        ? before
        : { ...before, reason: { code: 'userInitiated', at } }
    case 'instance.suspendRequested':
    case 'instance.terminateRequested':
      return moved && !hasReason(left) ? { ...before, reason: { code: 'userInitiated', at } } : before
    case 'instance.vmSnapshotRemoveFailed':
      // Then its end has failed.
      return moved ? { ...before, reason: { code: data.code, message: data.message, at } } : before
    case 'instance.forceStopRequested': {
      const { impaired: _, ...rest } = before
      return { ...rest, reason: { code: 'forcedStop', at } }
    }
    case 'instance.memoryLost':
      return moved ? { ...before, reason: { code: 'memoryLost', at } } : before
    case 'instance.suspendFailed':
      return moved ? { ...before, reason: { code: data.code, message: data.message, at } } : before
    case 'instance.suspended':
    case 'instance.externallySuspended': {
      if (state !== 'suspended' || (!moved && data.generation !== before.generation)) return before
      const { impaired: _, ...rest } = before
      return rest
    }
    case 'instance.poweredOff':
      return moved ? { ...before, reason: { code: 'guestShutdown', at } } : before
    case 'instance.createFailed':
    case 'instance.startFailed':
    case 'instance.volumeFailed':
      // It did start, and its guest has shut itself down since.
      if (moved && data.code === 'ended') return { ...before, reason: { code: 'guestShutdown', at } }
      // One that its provider does not know is made again: that is no failure yet.
      return moved && !state.endsWith('.remaking')
        ? placeless({ ...before, reason: { code: data.code, message: data.message, at } }, state)
        : before
    case 'instance.launchTimedOut':
      return moved ? { ...before, reason: { code: 'launchTimedOut', message: UNMADE, at } } : before
    case 'instance.vanished':
      // Where what is off is not shown, it is taken for off.
      if (state.startsWith('stopping')) return { ...before, reason: { code: 'guestShutdown', at } }
      // It does not count yet where its provider may leave it out for a while.
      return wants?.some(({ want }) => want === 'arm') ? before : { ...before, impaired: true }
    case 'instance.missingGraceDue':
      if (state.startsWith('stopping')) return { ...before, reason: { code: 'guestShutdown', at } }
      return { ...before, impaired: true }
    case 'instance.stopped':
    case 'instance.stopFailed':
      return state === RESTARTING ? restarted(before) : placeless(before, state)
    case 'instance.destroyed':
    case 'instance.cleanupDone':
    case 'instance.cleanupHandedOver':
    case 'instance.orphanRecorded':
    case 'instance.abandonCleanupRequested':
      return moved ? placeless(before, state) : before
    case 'instance.vmSnapshotRevertProposed':
      return state.startsWith('pending')
        ? { ...withoutReason(before), generation: before.generation + 1, launchedAt: at }
        : before
    case 'instance.vmSnapshotReverted': {
      if (!state.startsWith('running') || !moved) return before
      const { impaired: _, ...rest } = withoutReason(before)
      const { host, privateAddress = before.privateAddress, generation } = data
      return defined({ ...rest, host, privateAddress, generation })
    }
    case 'instance.vmSnapshotRevertFailed':
      return moved && state === 'stopped'
        ? { ...before, reason: { code: data.code, message: data.message, at } }
        : before
    case 'instance.settingsRestored':
      return { ...before, ...data }
    case 'instance.rootMeasured':
      return { ...before, providerRoot: { ...before.providerRoot, ...data } }
    case 'instance.modifyRequested':
      return modified(before, data)
    default:
      return before
  }
}

const withoutReason = ({ reason: _, ...rest }: Attributes): Attributes => rest

/** Ending a launch that has failed gives it no other reason. */
const hasReason = (left: string) => left.startsWith('pending.abandoning')

/** Stopped only to be started again: a launch of its own number, in the time of the same one. */
const restarted = ({ host: _, impaired: __, ...rest }: Attributes): Attributes => ({
  ...rest,
  generation: rest.generation + 1,
})

const UNMADE = 'its provider did not say in time what became of it'

const CLEANING = 'shutting-down.cleaning'

/** What its end still needs, once its compute is gone: volumes that are to go with it, and a root that was kept. */
function owedOf(attributes: Attributes, event: Envelope): Attributes {
  const { type, before: left, state, wants = [] } = event
  if (state !== CLEANING) return attributes.owed ? defined({ ...attributes, owed: undefined }) : attributes
  if (left !== CLEANING) {
    const isKept = wants.some(want => want.want === 'tell' && want.event === 'volume.rootLeft')
    const root = isKept ? [{ id: attributes.keptRoot.volume, kind: 'root', state: 'doing' }] : []
    const dying = attributes.devices.filter((each: Device) => each.deleteOnTermination)
    const items = dying.map(({ volume, root }: Device) => ({
      id: volume,
      kind: root ? 'root' : 'volume',
      state: 'doing',
    }))
    return { ...attributes, owed: [...root, ...items] }
  }
  const { id, ...failure } = event.data as Attributes
  const { owed } = attributes
  if (type === 'instance.cleanupFailed') {
    const failed = { state: 'failed', failure: { ...failure, at: event.at } }
    return { ...attributes, owed: owed.map((each: Attributes) => (each.id === id ? { ...each, ...failed } : each)) }
  }
  const isGone = ['instance.cleanupDone', 'instance.cleanupHandedOver', 'instance.orphanRecorded'].includes(type)
  return isGone ? { ...attributes, owed: owed.filter((each: Attributes) => each.id !== id) } : attributes
}

/** Without the host once it has stopped, and without the address once it is gone. */
function placeless(attributes: Attributes, state: string): Attributes {
  const isOff = state === 'stopped' || state === 'recoverable' || state === 'shutting-down.clearing'
  if (!isOff && state !== 'terminated' && state !== CLEANING) return attributes
  const { host: _, impaired: __, privateAddress, ...rest } = attributes
  return isOff ? defined({ ...rest, privateAddress }) : rest
}

function modified(
  before: Attributes,
  { name: _, deleteOnTermination = {}, annotations, ...given }: Attributes,
): Attributes {
  const flags = new Map(Object.entries(deleteOnTermination).map(([device, flag]) => [bare(device), flag]))
  const devices = before.devices.map((each: Device) => {
    const deleteOnTermination = flags.get(bare(each.device))
    return deleteOnTermination === undefined ? each : { ...each, deleteOnTermination }
  })
  return { ...before, ...defined(given), ...(annotations && { annotations: laidOver(before, annotations) }), devices }
}
/** Null takes one away. */
const laidOver = (before: Attributes, given: Attributes) =>
  Object.fromEntries(Object.entries({ ...before.annotations, ...given }).filter(([, text]) => text !== null))

const bare = (device: string) => device.replace(/^\/dev\//, '').replace(/^((?:s|xv|v|h)da)1$/, '$1')

const statusAfter: Readonly<Record<string, Device['status'] | 'gone'>> = {
  'volume.attached': 'attached',
  'volume.detachFailed': 'attached',
  'volume.attachFailed': 'gone',
  'volume.detached': 'gone',
  'volume.instanceGone': 'gone',
}

/** Devices in the order in which they came. */
function devicesOf(attributes: Attributes, { type, data, state, at, wants = [] }: Envelope): Attributes {
  const said = data as Attributes
  let devices: readonly Device[] = attributes.devices
  if (type === 'instance.launchRequested')
    devices = said.devices.map(({ device, volume, deleteOnTermination }: Device) => {
      const root = device === said.rootDevice || bare(device) === bare(said.rootDevice)
      return { device, volume, root, deleteOnTermination, status: 'attaching', attachedAt: at }
    })
  if (type === 'instance.attachProposed') {
    const root = bare(said.device) === bare(attributes.rootDevice)
    const { device, volume } = said as Device
    devices = [...devices, { device, volume, root, deleteOnTermination: false, status: 'attaching', attachedAt: at }]
  }
  if (type === 'instance.detachProposed') devices = withStatus(devices, said.volume, 'detaching')
  if (type === 'instance.volumeReady' && state.startsWith('pending'))
    devices = withStatus(devices, said.volume, 'attached')
  for (const want of wants) {
    const status = want.want === 'tell' ? statusAfter[want.event] : undefined
    if (want.want === 'tell' && status) devices = withStatus(devices, want.resource, status)
  }
  return devices === attributes.devices ? attributes : { ...attributes, devices }
}

function withStatus(devices: readonly Device[], volume: string, status: Device['status'] | 'gone'): readonly Device[] {
  if (status === 'gone') return devices.filter(each => each.volume !== volume)
  return devices.map(each => (each.volume === volume && each.status !== status ? { ...each, status } : each))
}
