/** Who may say no to an instance's requests, and what picks its branches. */
import { diskRequirementNames, isDeviceName, normalised } from './disks.ts'
import type { InstanceContext, InstanceEventNamed, Now } from './instance.alphabet.ts'
import { captureChoices, captureRequirements } from './instance.capture.ts'
import { cleanupChoices, cleanupRequirements } from './instance.cleanup.ts'
import { atHead, deviceOf, volumesWith } from './instance.devices.ts'
import { lookChoices, lookRequirements } from './instance.looks.ts'
import { migrationChoices, migrationRequirements } from './instance.migrations.ts'
import type { RootOwner } from './instance.mode.ts'
import { endsOff, isHeld } from './instance.off.ts'
import { recoveryChoices, recoveryRequirements } from './instance.recovery.ts'
import { restartChoices, restartRequirements } from './instance.restart.ts'
import { revertChoices, revertRequirements } from './instance.reverts.ts'
import { rootChoices } from './instance.root.ts'
import { sparingChoices, sparingRequirements } from './instance.sparing.ts'
import { stallChoices } from './instance.stall.ts'
import { stopChoices } from './instance.stop.ts'
import { suspendChoices, suspendRequirements } from './instance.suspend.ts'
import { vmSnapshotChoices, vmSnapshotRequirements } from './instance.vm-snapshots.ts'
import { orphanChoices } from './orphans.ts'
import { TAGS_MAX, type Tags, tagChoices, tagRequirements } from './tags.ts'

type On<K extends string> = { readonly context: InstanceContext; readonly event: InstanceEventNamed<K> }

/** Said by the command that resolves a launch; the machine sees only what was resolved. */
const saidByCommand = () => true
const saidOnes = [
  'modeOffered',
  'rootOffered',
  'imageGiven',
  'rootBootable',
  'zoneOffered',
  'sizeGiven',
  'snapshotKnown',
  ...diskRequirementNames,
  'slotsEnough',
  'poolRoom',
] as const
const said = Object.fromEntries(saidOnes.map(name => [name, saidByCommand])) as Record<
  SaidByCommand,
  typeof saidByCommand
>
type SaidByCommand = (typeof saidOnes)[number]

const providerOf = (event: InstanceEventNamed<'launchRequested' | 'modifyRequested'>) =>
  'provider' in event.facts ? event.facts.provider?.capabilities : undefined
const bytesOf = (text: string) => new TextEncoder().encode(text).length
const KiB = 1024
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const decodedBytes = (text: string) => (text.length / 4) * 3 - (text.match(/=/g)?.length ?? 0)

/** Is the root one of its devices? */
const isVolume = (owner: RootOwner | undefined) => owner === 'engine' || owner === 'user'

/** What an instance boots with: it changes only while nothing runs. */
const bootAttributes = ['type', 'userData', 'kernel', 'ramdisk', 'ebsOptimized'] as const

export const instanceRequirements = {
  ...said,
  mappingValid: ({ event }: On<'launchRequested'>) => {
    const { devices, rootDevice = '', rootOwner } = event.data
    if (!devices) return true
    const names = new Set(devices.map(each => normalised(each.device)))
    return names.size === devices.length && names.has(normalised(rootDevice)) === isVolume(rootOwner)
  },
  accountOpen: ({ event }: On<'launchRequested' | 'startRequested' | 'recoverRequested'>) =>
    (event.facts.account?.state ?? 'open') === 'open',
  /** Where it is launched on a volume, its image need not be there any more. */
  imageAvailable: ({ event: { data, facts } }: On<'launchRequested'>) =>
    data.rootOwner === 'user' || (facts.image?.state ?? 'available') === 'available',
  rootVolumeFree: ({ event }: On<'launchRequested'>) => (event.facts.rootVolume?.state ?? 'available') === 'available',
  rootVolumeThere: ({ event: { data, facts } }: On<'launchRequested'>) =>
    !facts.rootVolume || (facts.rootVolume.zone === data.zone && facts.rootVolume.provider === data.provider),
  keyPairKnown: ({ event }: On<'launchRequested'>) => event.data.keyPair === undefined || !!event.facts.keyPair,
  snapshotCompleted: ({ event }: On<'launchRequested'>) =>
    (event.facts.snapshots ?? []).every(each => each.state === 'completed'),
  offeringActive: ({ event }: On<'launchRequested' | 'modifyRequested'>) =>
    event.data.type === undefined || event.facts.offering?.state === 'active',
  /** Who runs on an image changes it: that is for its owner, and for one at a time. */
  imageOwned: ({ event: { data, facts, account } }: On<'launchRequested'>) =>
    data.rootOwner !== 'image' || account === undefined || facts.image?.account === account,
  imageUnused: ({ event: { data, facts } }: On<'launchRequested'>) =>
    data.rootOwner === 'user' || (facts.image?.directUser ?? null) === null,
  snapshotHere: ({ event }: On<'launchRequested'>) =>
    (event.facts.snapshots ?? []).every(each => each.provider === event.data.provider),
  /** What has nothing to come back to cannot stop, so neither can its guest stop it. */
  behaviourPossible: ({ context, event }: On<'launchRequested' | 'modifyRequested'>) => {
    if (event.data.shutdownBehaviour !== 'stop') return true
    if (!('mode' in event.data)) return context.mode === 'stateful' && !context.offers.neverOff
    return event.data.mode === 'stateful' && providerOf(event)?.stop !== 'none'
  },
  userDataFits: ({ event }: On<'launchRequested' | 'modifyRequested'>) => {
    const { userData = '', userDataEncoding } = event.data
    if (userDataEncoding !== 'base64') return bytesOf(userData) <= 16 * KiB
    return base64.test(userData) && decodedBytes(userData) <= 16 * KiB
  },
  annotationsFit: ({ context, event }: On<'launchRequested' | 'modifyRequested'>) =>
    bytesOf(JSON.stringify({ ...context.annotations, ...event.data.annotations })) <= 4 * KiB,
  tagsFew: (asked: On<'launchRequested' | 'tagRequested'>) => {
    const { volumeTags = {} } = asked.event.data as { volumeTags?: Tags }
    return tagRequirements.tagsFew(asked) && Object.keys(volumeTags).length <= TAGS_MAX
  },
  ...captureRequirements,
  ...lookRequirements,
  ...recoveryRequirements,
  ...restartRequirements,
  ...revertRequirements,
  ...migrationRequirements,
  ...vmSnapshotRequirements,
  ...suspendRequirements,
  ...cleanupRequirements,
  ...sparingRequirements,
  unprotected: ({ context }: Now) => !context.terminationProtection,
  /** Protection against stopping also keeps callers from terminating. */
  stopUnprotected: ({ context }: Now) => !context.stopProtection,
  stateful: ({ context }: Now) => context.mode === 'stateful',
  /** Its provider keeps what it stops; elsewhere a stop would be another word for its end. */
  preserved: ({ context }: Now) => context.offers.preserves === true,
  /** A root of its provider's, or its image, is not among its devices, and cannot be taken from it. */
  rootAttached: ({ context }: Now) =>
    !isVolume(context.rootOwner) || context.devices[normalised(context.rootDevice)] !== undefined,
  rootIsVolume: ({ context }: Now) => isVolume(context.rootOwner),
  bootKept: ({ event }: On<'modifyRequested'>) => bootAttributes.every(name => event.data[name] === undefined),
  devicesMapped: ({ context, event }: On<'modifyRequested'>) =>
    Object.keys(event.data.deleteOnTermination ?? {}).every(name => Object.hasOwn(context.devices, normalised(name))),
  deviceNamed: ({ event }: On<'attachProposed'>) => isDeviceName(event.data.device ?? ''),
  deviceFree: ({ context, event }: On<'attachProposed'>) => {
    const name = normalised(event.data.device ?? '')
    return context.devices[name] === undefined && !context.ephemeral?.some(each => normalised(each.device) === name)
  },
  /** The root takes none of the slots for further volumes, also when it comes back. */
  slotFree: ({ context, event }: On<'attachProposed'>) =>
    normalised(event.data.device ?? '') === normalised(context.rootDevice) ||
    Object.values(context.devices).filter(each => !each.root).length < context.offers.attachMax,
  /** A clone of an image may be a root, and nothing else, where its provider makes it for that. */
  rootOnly: ({ context, event }: On<'attachProposed'>) =>
    !event.data.onlyRoot || normalised(event.data.device ?? '') === normalised(context.rootDevice),
  hotPlugOffered: ({ context }: Now) => context.offers.hotPlug,
  hotUnplugOffered: ({ context }: Now) => context.offers.hotUnplug,
  attachedThere: ({ context, event }: On<'detachProposed'>) => {
    const { volume, device } = event.data
    const name = deviceOf(context.devices, volume)
    return name !== undefined && (device === undefined || normalised(device) === name)
  },
  notRoot: ({ context, event }: On<'detachProposed'>) =>
    context.devices[deviceOf(context.devices, event.data.volume) ?? '']?.root !== true,
}

/** What picks a branch and never refuses. */
const stopsWithGuest = ({ context }: Now) => context.mode === 'stateful' && context.shutdownBehaviour === 'stop'
const restsBeforeItsEnd = ({ context }: Now) => endsOff(context) && (isHeld(context) || !!context.offers.missingGraceMs)
/** Its provider says that this launch has run, and is over. */
const ended = ({ event }: Now) => (event as InstanceEventNamed<'startFailed'>).data.code === 'ended'

export const choices = {
  ...tagChoices,
  ...captureChoices,
  ...lookChoices,
  ...recoveryChoices,
  ...restartChoices,
  ...revertChoices,
  ...rootChoices,
  ...migrationChoices,
  ...stallChoices,
  ...stopChoices,
  ...suspendChoices,
  ...vmSnapshotChoices,
  ...cleanupChoices,
  ...sparingChoices,
  ...orphanChoices,
  lastVolume: ({ context, event }: Now) => {
    const waiting = volumesWith(context.devices, 'attaching')
    return waiting.length === 1 && waiting[0] === (event as InstanceEventNamed<'volumeReady'>).data.volume
  },
  /** Nothing that was made for the launch is to go. */
  failsCleanly: (now: Now) => choices.awaitedVolume(now) && cleanupChoices.owesNothing(now),
  awaitedVolume: ({ context, event }: Now) =>
    volumesWith(context.devices, 'attaching').includes((event as InstanceEventNamed<'volumeReady'>).data.volume),
  stillOff: ({ event }: Now) => (event as InstanceEventNamed<'created'>).data.status === 'stopped',
  otherLaunch: ({ context, event }: Now) =>
    (event as InstanceEventNamed<'started' | 'stopped' | 'poweredOff' | 'vanished'>).data.generation !==
    context.generation,
  stopsWithGuest,
  restsBeforeItsEnd,
  ended,
  endedStops: (now: Now) => ended(now) && stopsWithGuest(now),
  endedRests: (now: Now) => ended(now) && restsBeforeItsEnd(now),
  endedAwaitsRecovery: (now: Now) => ended(now) && recoveryChoices.awaitsRecovery(now),
  /** It has stopped by itself, and nothing holds it any more. */
  endsOff: ({ context }: Now) => endsOff(context) && !isHeld(context),
  /** What its provider lost is made anew from its root; of a root of the provider's nothing is left. */
  remakable: ({ context: { rootOwner, offers }, event }: Now) => {
    const { code } = (event as InstanceEventNamed<'startFailed'>).data
    return rootOwner !== 'provider' && (code === 'notFound' || (code === 'unsupported' && offers.startsAnew === true))
  },
  pinning: ({ context }: Now) => context.pinsImage === true,
  /** The answer is not about what is at the head of the line. */
  outOfTurn: ({ context, event }: Now) =>
    atHead(context)?.status !== (event.type.startsWith('instance.attach') ? 'attaching' : 'detaching'),
  lastChange: ({ context }: Now) => context.changing.length === 1,
}
