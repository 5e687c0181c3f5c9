/** What an instance asks of its provider, of the clock and of its volumes. */

import { bootsOf } from './boots.ts'
import { migrationOffersOf, normalised, snapshotAbilities, snapshotOffersOf } from './disks.ts'
import type { Arm, Ask, Disarm, Tell } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import { atHead, deviceOf } from './instance.devices.ts'
import { endsOff, isHeld } from './instance.off.ts'
import { providerRootName } from './instance.root.alphabet.ts'
import { spare } from './instance.sparing.ts'
import { removeAll } from './instance.vm-snapshots.ts'
import { poolName } from './placement.ts'
import { retryAfterMs } from './retries.ts'

/** After these a reader is told that it takes too long; all but that of what is first made stays open. (spec: ec2 2.6) */
const LAUNCH_PATIENCE_MS = 60 * 60_000
const STOP_PATIENCE_MS = 10 * 60_000
const TERMINATE_PATIENCE_MS = 10 * 60_000

// Of the provider

const answers = (done: string, rejected: string) => ({ done: `instance.${done}`, rejected: `instance.${rejected}` })

const connections = ({ devices }: InstanceContext) =>
  Object.values(devices)
    .filter(each => each.status === 'attached')
    .map(({ device, volume, root }) => ({ device, volume, root }))

const userDataOf = ({ userData, userDataEncoding }: InstanceContext) => ({
  userData,
  userDataEncoding: userDataEncoding === 'base64' ? userDataEncoding : undefined,
})

/** Where it has neither an id of its own nor a place, its provider makes one as it always does. */
function rootAsked(context: InstanceContext, instance: string) {
  const { keptRoot, providerRoot } = context
  const pool = poolName(providerRoot?.pool)
  return keptRoot || pool ? { kind: 'private', volume: providerRootName(context, instance), pool } : undefined
}
export const compute = ({ context, event }: Now): Ask => {
  const { zone, image, vcpus, memoryBytes, generation, provider } = context
  const size = { vcpus, memoryBytes }
  const root = rootAsked(context, event.resource)
  return {
    verb: 'instanceEnsure',
    provider,
    args: { zone, image, root, ...size, devices: connections(context), generation, ...userDataOf(context) },
    answers: answers('created', 'createFailed'),
  }
}
export const powerOn = ({ context }: Now): Ask => ({
  verb: 'instancePower',
  provider: context.provider,
  args: {
    want: 'running',
    mode: 'graceful',
    generation: context.generation,
    vcpus: context.vcpus,
    memoryBytes: context.memoryBytes,
    devices: connections(context),
    ...(context.userDataChanged && userDataOf(context)),
  },
  answers: answers('started', 'startFailed'),
})
/** The first start, once more: if it is rejected, what may run all the same is destroyed. */
export const powerOnAgain = (now: Now): Ask => ({ ...powerOn(now), supersedes: true })
export const powerOff = ({ provider, generation }: InstanceContext, mode: 'graceful' | 'hard'): Ask => ({
  verb: 'instancePower',
  provider,
  args: { want: 'off', mode, generation },
  answers: answers('stopped', 'stopFailed'),
})
export const askOff = ({ context }: Now): Ask => powerOff(context, 'graceful')
/** Without asking the guest, where its provider does that. */
const cut = (context: InstanceContext): Ask => powerOff(context, context.offers.neverHard ? 'graceful' : 'hard')
/** Behind what was asked before: it is off, and only lets go of what it holds. */
export const letGo = ({ context }: Now): Ask => cut(context)
/** Retried until it is done, so it need not wait for a guest, or a call, that hangs. */
export const forceOff = ({ context }: Now): Ask => ({ ...cut(context), supersedes: true })

export const reset = ({ context: { provider, generation } }: Now): Ask => ({
  verb: 'instanceReset',
  provider,
  args: { generation },
  answers: answers('rebooted', 'rebootFailed'),
})
/**
 * It takes the place of every other call. A provider that destroys only what is off is asked for that first, hard where
 * it does that: the destroy waits behind it, and both are asked again until the destroy is done. So is one that does not
 * destroy what is suspended, for a guest that may be; and every provider that keeps what it stops, once a destroy has
 * failed: it may be in a state which that provider does not destroy from. Where stopping is the only way to destroy, the
 * stop is the destroy. What is to be saved from the end of the instance is saved before, and its VM snapshots go first of
 * all: while one keeps a disk, a provider may neither take that off nor let it go.
 */
export const destroy = (now: Now): Ask[] => {
  const before = removeAll(now)
  return before.length ? [...before, ...ending(now).map(({ supersedes: _, ...ask }) => ask)] : ending(now)
}
function ending({ context, event }: Now): Ask[] {
  const before = spare(context, event.resource)
  if (before.length) return before
  const { destroysByStop, deletesRootByFlag } = context.offers
  const { provider, generation } = context
  const args = context.rootOwner === 'provider' && deletesRootByFlag ? { deleteRoot: true } : {}
  const end: Ask = { verb: 'instanceDestroy', provider, args, answers: answers('destroyed', 'destroyFailed') }
  if (destroysByStop) {
    const off = { want: 'off', mode: 'hard', generation, ending: args }
    return [{ ...end, verb: 'instancePower', args: off, supersedes: true }]
  }
  return isTurnedOffFirst(context) ? [{ ...cut(context), supersedes: true }, end] : [{ ...end, supersedes: true }]
}
function isTurnedOffFirst({ offers, failure, spared, asleep }: InstanceContext): boolean {
  if (spared && offers.spares === 'byStop' && !failure) return false
  const isAsleep = asleep === true && !offers.destroysSuspended
  return offers.destroysStopped === true || isAsleep || (offers.preserves === true && failure !== undefined)
}
export const connect = ({ context: { provider, generation }, event }: Now): Ask => {
  const { resource, data } = event as Named<'attachProposed'>
  const { volume, device } = data
  return {
    verb: 'attach',
    provider,
    args: { instance: resource, volume, device, generation },
    answers: answers('attached', 'attachFailed'),
  }
}
export const disconnect = ({ context: { provider, generation, devices }, event }: Now): Ask => {
  const { resource, data } = event as Named<'detachProposed'>
  const { volume, force } = data
  const { device } = devices[deviceOf(devices, volume)!]!
  return {
    verb: 'detach',
    provider,
    args: { instance: resource, volume, device, generation, force },
    answers: answers('detached', 'detachFailed'),
  }
}

// Of the clock

export const launchPatience: Arm = { event: 'instance.launchTimedOut', afterMs: LAUNCH_PATIENCE_MS }
export const launchDone: Disarm = { event: 'instance.launchTimedOut' }
export const stopPatience: Arm = { event: 'instance.stopTimedOut', afterMs: STOP_PATIENCE_MS }
export const stopDone: Disarm = { event: 'instance.stopTimedOut' }
export const terminatePatience: Arm = { event: 'instance.terminateTimedOut', afterMs: TERMINATE_PATIENCE_MS }
export const terminateDone: Disarm = { event: 'instance.terminateTimedOut' }
export const startSlow = ({ context }: Now): Arm => ({
  event: 'instance.startRetryDue',
  afterMs: context.offers.startRetryAfterMs!,
})
export const startNotSlow: Disarm = { event: 'instance.startRetryDue' }
export const destroyAgainLater = ({ context: { failure } }: Now): Arm => ({
  event: 'instance.destroyRetryDue',
  afterMs: retryAfterMs(failure!.attempts),
})
export const destroyAgainNow: Disarm = { event: 'instance.destroyRetryDue' }

/** A stateless instance that turned itself off, where its provider keeps it: nobody but the engine ends it. */
const OFF_GRACE_DUE = 'instance.offGraceDue'
export const endOffLater = ({ context }: Pick<Now, 'context'>): Arm[] =>
  endsOff(context) && !isHeld(context) ? [{ event: OFF_GRACE_DUE, afterMs: context.offers.missingGraceMs ?? 0 }] : []
export const endOffNoMore = ({ context }: Now): Disarm[] => (endsOff(context) ? [{ event: OFF_GRACE_DUE }] : [])
/** Its protection is being taken off. */
export const endOffUnprotected = ({ context, event }: Now): Arm[] => {
  const { terminationProtection } = (event as Named<'modifyRequested'>).data
  return isHeld(context) && terminationProtection === false
    ? endOffLater({ context: { ...context, terminationProtection } })
    : []
}

// Of its volumes

/**
 * What a launch sets in motion: its volumes are made, or it hears that there are none; the image it runs on is asked to
 * let it; and it warns its caller of what is other than was asked for.
 */
export const beginLaunch = ({ event }: Now): Tell[] => {
  const { resource, data } = event as Named<'launchRequested'>
  const { image, rootOwner, warning, devices } = data
  const use = { resource: image, event: 'image.directUseProposed', data: { instance: resource } }
  return [
    ...(rootOwner === 'image' ? [use] : []),
    ...(warning ? [{ resource, event: 'instance.modeMismatchWarned', data: warning }] : []),
    ...(devices.length
      ? makeVolumes(event as Named<'launchRequested'>)
      : [{ resource, event: 'instance.prepared', data: {} }]),
  ]
}
const makeVolumes = (event: Named<'launchRequested'>): Tell[] => {
  const { resource, data, facts } = event
  const { zone, provider, image, rootOwner, rootDevice, volumeTags, pinsImage, onlyRoot } = data
  const { volume: disks, volumeSnapshot, vmSnapshot } = facts.provider.capabilities
  const migration = migrationOffersOf(disks, vmSnapshot)
  const offers = { ...disks, ...snapshotOffersOf(volumeSnapshot), ...snapshotAbilities(volumeSnapshot), ...migration }
  return data.devices.map(({ volume, device, deleteOnTermination: _, snapshot, ...disk }) => {
    const root = normalised(device) === normalised(rootDevice)
    if (root && rootOwner === 'user')
      return { resource: volume, event: 'volume.launchProposed', data: { instance: resource, device } }
    const from = snapshot ? { kind: 'volumeSnapshot', id: snapshot } : root ? { kind: 'image', id: image } : undefined
    const bootable = root ? { boots: bootsOf(image, data), pinsImage, onlyRoot } : {}
    const made = { ...disk, zone, provider, offers, from, ...bootable, tags: volumeTags }
    return { resource: volume, event: 'volume.requestedByInstance', data: { instance: resource, device, ...made } }
  })
}
/** Of a compute that was given up nobody knows whether it still writes: then nothing is deleted. */
export const releaseVolumes = ({ context: { devices, abandoned }, event: { resource } }: Now): Tell[] =>
  Object.values(devices).map(({ volume, deleteOnTermination }) => ({
    resource: volume,
    event: 'volume.instanceGone',
    data: { instance: resource, deleteOnTermination: deleteOnTermination && !abandoned },
  }))
/** The image it ran on is free again, once. */
export const releaseImage = ({ context: { rootOwner, image, owed }, event: { resource } }: Now): Tell[] =>
  rootOwner === 'image' && owed === undefined
    ? [{ resource: image, event: 'image.directUseEnded', data: { instance: resource } }]
    : []
/** The view of what needs an image hears from here that it does not any more. */
export const freeImage = ({ context: { image, pinsImage }, event: { resource } }: Now): Tell[] =>
  pinsImage ? [{ resource, event: 'instance.imageFreed', data: { image } }] : []

/** Volumes whose change ends because the compute does. */
export const settleVolumes = ({ context: { devices }, event: { resource } }: Now): Tell[] =>
  Object.values(devices)
    .filter(each => each.status !== 'attached')
    .map(({ volume, status }) => ({
      resource: volume,
      event: status === 'attaching' ? 'volume.attached' : 'volume.detached',
      data: { instance: resource },
    }))

const proposer = ({ event }: Now) => (event as Named<'attachProposed' | 'detachProposed'>).data.volume
export const attachedAtOnce = (now: Now): Tell => ({
  resource: proposer(now),
  event: 'volume.attached',
  data: { instance: now.event.resource },
})
export const detachedAtOnce = (now: Now): Tell => ({ ...attachedAtOnce(now), event: 'volume.detached' })

/** To the volume that the answer is about, before the answer moves the line on. */
export const connectionDone = ({ context, event: { type, resource } }: Now): Tell => ({
  resource: atHead(context)!.volume,
  event: type === 'instance.attached' ? 'volume.attached' : 'volume.detached',
  data: { instance: resource },
})
export const connectionFailed = ({ context, event }: Now): Tell => {
  const { code, message } = (event as Named<'attachFailed' | 'detachFailed'>).data
  return {
    resource: atHead(context)!.volume,
    event: event.type === 'instance.attachFailed' ? 'volume.attachFailed' : 'volume.detachFailed',
    data: { instance: event.resource, code, message },
  }
}
