/**
 * What a refused caller reads: for each requirement a stable code, and a sentence that names the resource and the way
 * out. Doors map codes to their own; a wrong state and a missing resource are worded by the engine.
 */
import type { Refusal, RefusalInput } from './grammar.ts'
import { placementRefusals } from './placement.ts'
import { instanceMigrating, volumeMigrating } from './refusals.migrations.ts'
import { instanceRecovery, volumeRecovery } from './refusals.recovery.ts'
import { instanceKeeping, volumeKeeping } from './refusals.vm-snapshots.ts'
import { sightRefusals } from './sights.ts'
import { TAGS_MAX, tagRefusals } from './tags.ts'

type Asked = RefusalInput
const no = (code: string, sentence: Refusal['sentence']): Refusal => ({ code, sentence })

const accountOpen = no('accountNotOpen', 'The account is suspended or closed; ask its operator to resume it.')
const nameFree = no('nameTaken', ({ data }: Asked) => `The name ${data.name} is taken in this account and region.`)
const zoneOffered = no(
  'zoneUnknown',
  ({ data }: Asked) => `There is no zone ${data.zone}; the provider offers ${data.zones?.join(', ')}.`,
)
const sizeOffered = no(
  'invalidSize',
  ({ data }: Asked) =>
    `The provider has no volumes of ${data.sizeBytes} bytes: from ${data.minBytes} to ${data.maxBytes}, ` +
    `in steps of ${data.stepBytes}.`,
)
const snapshotCompleted = no(
  'snapshotNotCompleted',
  'A snapshot that disks are made from must be completed; wait for it, or take another.',
)
const snapshotHere = no(
  'snapshotElsewhere',
  ({ data }: Asked) => `The snapshot is not at provider ${data.provider}; name the provider that has it.`,
)
const imageAvailable = no('imageUnavailable', ({ data }: Asked) => `The image ${imageIn(data)} is no longer available.`)
const imageUnused = no('imageInUse', ({ data }: Asked) =>
  data.isCloned
    ? `Disks were cloned from the image ${data.image} and need it as it is, so no instance may run on it.`
    : `An instance runs on the image ${imageIn(data)} itself; terminate that first.`,
)
/** Of a launch by name; of a volume, what it is to boot as. */
const imageIn = ({ image, boots }: { image?: string; boots?: { image: string } }) => image ?? boots?.image
/** What is said of one disk, whatever is to become of it. */
const disk = {
  sizeOffered,
  sizeFitsType: no(
    'sizeOutOfType',
    ({ data }: Asked) =>
      `Disks of type ${data.volumeType} have ${data.leastGiB} to ${data.mostGiB} GiB, not ${data.sizeBytes} bytes.`,
  ),
  iopsGiven: no('missingIops', ({ data }: Asked) => `A disk of type ${data.volumeType} needs its iops to be given.`),
  iopsChosen: no('iopsUnsupported', ({ data }: Asked) => `A disk of type ${data.volumeType} takes no iops.`),
  throughputChosen: no(
    'throughputUnsupported',
    ({ data }: Asked) => `A disk of type ${data.volumeType} takes no throughput; type gp3 does.`,
  ),
  keyEncrypts: no('keyWithoutEncryption', 'A key is given for a disk that is not encrypted; ask for that too.'),
  encryptionOffered: no('encryptionUnsupported', 'The provider has no encrypted disks.'),
}

const notReverting = no('volumeReverting', ({ resource, context }: Asked) => {
  const { revert, volumesReverting } = context as {
    revert?: { snapshot: string }
    volumesReverting?: readonly string[]
  }
  return volumesReverting
    ? `Volumes of ${resource} are being taken back to a snapshot: ${volumesReverting.join(', ')}; wait until that is done.`
    : `The volume ${resource} is being taken back to ${revert?.snapshot ?? 'a snapshot'}; wait until that is done.`
})

/** The volume that an instance was to be launched on. */
const rootOf = ({ rootVolume, devices }: { rootVolume?: string; devices?: { volume: string }[] }) =>
  rootVolume ?? devices?.[0]?.volume

export const refusals = {
  domain: {
    parentKnown: no(
      'parentUnknown',
      ({ data }: Asked) => `The domain ${data.name} needs an existing parent; only the domain root stands alone.`,
    ),
    notRoot: no('rootUnlimited', 'The root domain has no limits; limit the domains and accounts in it.'),
  },

  account: {
    domainActive: no('domainUnknown', ({ data }: Asked) => `There is no domain ${data.domain}; create it first.`),
  },

  offering: tagRefusals,

  pool: {
    zoneOffered,
    unused: no('poolInUse', ({ resource }: Asked) => `The pool ${resource} has volumes on it; delete them first.`),
    ...tagRefusals,
  },

  image: {
    accountOpen,
    nameFree,
    rootKnown: no('missingRoot', ({ data }: Asked) => `The image has no root disk: ${data.why}.`),
    mappingValid: no(
      'invalidDeviceMapping',
      ({ data }: Asked) => `The block devices do not fit: ${data.why ?? 'each device may be mapped only once'}.`,
    ),
    sizeGiven: no('missingSize', ({ data }: Asked) => `A block device is incomplete: ${data.why}.`),
    snapshotFits: no('sizeBelowSnapshot', ({ data }: Asked) => `A block device is too small: ${data.why}.`),
    snapshotsCompleted: no(
      'snapshotNotCompleted',
      'Every snapshot of an image must be completed before the image is registered.',
    ),
    rootKept: no(
      'invalidRootMapping',
      ({ data }: Asked) =>
        `The root ${data.rootDevice ?? 'device'} may be made larger, but not smaller, ephemeral or from another snapshot.`,
    ),
    originalAvailable: no('originalUnavailable', ({ data }: Asked) => `The image ${data.image} is not available.`),
    copyable: no(
      'imageNotCopyable',
      ({ data }: Asked) => `The image ${data.image} has no snapshots to copy: its provider holds it as it is.`,
    ),
    unused: no('imageInUse', ({ resource, context, data }: Asked) => {
      const { clones } = data
      if (!clones) return `The instance ${context.directUser} runs on the image ${resource} itself; terminate it first.`
      return `The image ${resource} is needed by ${clones} disk${clones === 1 ? '' : 's'} cloned from it; delete those first.`
    }),
    copyOffered: no(
      'copyUnsupported',
      ({ data }: Asked) => `The snapshots are at provider ${data.provider}, which is not the one to copy to.`,
    ),
    ...tagRefusals,
  },

  snapshot: {
    accountOpen,
    sourceCompleted: no(
      'sourceNotCompleted',
      ({ data }: Asked) => `The snapshot ${data.snapshot} is not completed; only what is complete can be copied.`,
    ),
    copyOffered: no(
      'copyUnsupported',
      ({ data }: Asked) => `The snapshot is at provider ${data.provider}, which is not the one to copy to.`,
    ),
    unused: no('snapshotInUse', ({ resource, context }: Asked) => {
      const images = context.images?.join(', ') || 'an image'
      return `The snapshot ${resource} is used by ${images}; deregister that first.`
    }),
    ...sightRefusals('snapshot'),
    ...tagRefusals,
  },

  'snapshot-group': {
    accountOpen,
    volumesMeant: no(
      'missingVolumes',
      'A group of snapshots needs a volume to take; name some, or an instance with some.',
    ),
    exclusionsKnown: no(
      'exclusionUnknown',
      ({ data }: Asked) => `The volume ${data.volume} is no data volume of ${data.instance ?? 'an instance'}.`,
    ),
    ...tagRefusals,
  },

  schedule: {
    accountOpen,
    targetThere: no('targetGone', 'What the schedule is to keep is gone, or on its way; name another target.'),
    notUnderWay: no(
      'runInProgress',
      ({ resource }: Asked) => `A run of ${resource} is under way; wait until it is over.`,
    ),
    timeZoneKnown: no(
      'timeZoneUnknown',
      ({ data }: Asked) => `There is no time zone ${data.timeZone}; write one such as Europe/Berlin, or UTC.`,
    ),
    keepGiven: no('missingRetention', 'A schedule says how much it keeps: how many, how old, or both.'),
    ...tagRefusals,
  },
  'vm-snapshot': { accountOpen, ...sightRefusals('vm-snapshot'), ...tagRefusals },

  'key-pair': { accountOpen, nameFree, ...tagRefusals },

  volume: {
    accountOpen,
    zoneOffered,
    volumesOffered: no('volumesUnsupported', ({ data }: Asked) => `The provider ${data.provider} has no volumes.`),
    snapshotCompleted,
    snapshotPresent: no('snapshotVanished', 'The provider no longer shows the snapshot; take another.'),
    snapshotHere,
    sizeGiven: no('missingSize', 'A volume needs a size, or a snapshot that has one.'),
    snapshotFits: no(
      'sizeBelowSnapshot',
      ({ data }: Asked) =>
        `A volume of ${data.sizeBytes} bytes is smaller than its snapshot; it needs ${data.leastBytes} at least.`,
    ),
    oneSource: no(
      'severalSources',
      ({ data }: Asked) => `A volume is made from ${data.snapshot} or from ${data.image}, not from both.`,
    ),
    imageAvailable,
    imageUnused,
    imageHere: no(
      'imageElsewhere',
      ({ data }: Asked) => `The image ${data.image} is at provider ${data.where}, not at ${data.provider}; name that.`,
    ),
    cloneOffered: no(
      'cloneUnsupported',
      ({ data }: Asked) => `The provider ${data.provider} makes no volumes from images; launch an instance instead.`,
    ),
    imageFits: no(
      'sizeBelowImage',
      ({ data }: Asked) =>
        `A volume of ${data.sizeBytes} bytes is smaller than its image; it needs ${data.leastBytes} at least.`,
    ),
    encryptionKept: no(
      'encryptionInherited',
      ({ data }: Asked) => `The source ${data.source} is encrypted, and so is every volume of it.`,
    ),
    ...disk,
    ...placementRefusals,
    ...sightRefusals('volume'),
    ...tagRefusals,
    condemned: no('notBeingDeleted', ({ resource }: Asked) => `The volume ${resource} is not being deleted.`),
    unattached: no('volumeInUse', ({ resource, context }: Asked) => {
      const { instance = 'an instance' } = context.attachment ?? {}
      return `The volume ${resource} is attached to ${instance}; detach it first.`
    }),
    sameZone: no(
      'zoneMismatch',
      ({ resource, context, data }: Asked) =>
        `The volume ${resource} is in zone ${context.zone}, the instance ${data.instance} is not.`,
    ),
    sameProvider: no(
      'providerMismatch',
      ({ resource, context, data }: Asked) =>
        `The volume ${resource} lives at provider ${context.provider}, the instance ${data.instance} does not.`,
    ),
    instanceKnown: no('instanceNotFound', ({ data }: Asked) => `There is no instance ${data.instance}.`),
    attachedHere: no('attachmentNotFound', ({ resource, data }: Asked) => {
      const where = [data.instance && `to instance ${data.instance}`, data.device && `as device ${data.device}`]
      return `The volume ${resource} is not attached ${where.filter(Boolean).join(' ')}.`
    }),
    notResizing: no('modificationInProgress', ({ resource, context }: Asked) => {
      const { state = 'modifying' } = context.modification ?? {}
      return `A change of the volume ${resource} is under way (${state}); wait until it is completed.`
    }),
    notGrowingOffline: no(
      'resizingDetached',
      ({ resource }: Asked) =>
        `The volume ${resource} is being resized, for which its provider needs it detached; wait until that is done.`,
    ),
    snapshotOffered: no('snapshotUnsupported', ({ resource, context }: Asked) =>
      context.offers?.snapshotOf?.length
        ? `The provider takes snapshots of ${resource} only while it is ${context.offers.snapshotOf.join(' or ')}.`
        : `The provider takes no snapshots of volumes such as ${resource}.`,
    ),
    snapshotSlotFree: no(
      'concurrentSnapshotLimitExceeded',
      ({ resource, context }: Asked) =>
        `${context.snapshots?.length} snapshots of ${resource} are being taken; wait for one of them.`,
    ),
    notReverting,
    ...volumeMigrating,
    revertOffered: no(
      'revertUnsupported',
      ({ resource }: Asked) =>
        `The provider takes no volume such as ${resource} back to a snapshot; create a volume from the snapshot.`,
    ),
    snapshotOwn: no(
      'snapshotOfOther',
      ({ resource, data }: Asked) => `${data.snapshot} is no snapshot that was taken of the volume ${resource} itself.`,
    ),
    groupOffered: no(
      'snapshotGroupUnsupported',
      ({ resource }: Asked) =>
        `The provider of ${resource} takes no snapshots of several volumes at one moment; take them one by one.`,
    ),
    sameGroupProvider: no(
      'groupElsewhere',
      ({ resource, context, data }: Asked) =>
        `The volume ${resource} lives at provider ${context.provider}, others of the group at ${data.provider}.`,
    ),
    copiedTagsFew: no(
      'copiedTagLimitExceeded',
      ({ resource }: Asked) =>
        `The snapshot of ${resource} would have over ${TAGS_MAX} tags together with those of its volume; give fewer.`,
    ),
    retypeOffered: no(
      'retypeUnsupported',
      ({ resource }: Asked) => `The provider cannot change the type or the rates of the volume ${resource}.`,
    ),
    growing: no(
      'sizeTooSmall',
      ({ resource, context, data }: Asked) =>
        `The volume ${resource} has ${context.sizeBytes} bytes and cannot shrink to ${data.sizeBytes}.`,
    ),
    ...volumeKeeping,
    ...volumeRecovery,
    growOffered: no('resizeUnsupported', ({ resource, context }: Asked) =>
      context.grow === 'offline'
        ? `The provider resizes the volume ${resource} only while it is detached.`
        : `The provider cannot resize the volume ${resource}.`,
    ),
  },

  instance: {
    accountOpen,
    zoneOffered,
    ...disk,
    ...placementRefusals,
    ...tagRefusals,
    snapshotCompleted,
    snapshotHere,
    keyPairKnown: no('keyPairNotFound', ({ data }: Asked) => `There is no key pair ${data.keyPair} in this region.`),
    behaviourPossible: no(
      'invalidShutdownBehaviour',
      'Nothing would be left when it stops, so a shutdown of its guest can only terminate it.',
    ),
    slotsEnough: no(
      'tooManyVolumes',
      ({ data }: Asked) => `The instance would have ${data.further} volumes besides its root; ${data.max} fit.`,
    ),
    userDataFits: no(
      'invalidUserData',
      'User data has at most 16 KiB, and is valid base64 where that is said to be its encoding.',
    ),
    annotationsFit: no('annotationsTooLarge', 'All annotations of an instance together have at most 4 KiB.'),
    imageAvailable,
    offeringActive: no('offeringUnavailable', ({ data }: Asked) => `There is no offering ${data.type} in use.`),
    modeOffered: no(
      'modeNoMatch',
      ({ data }: Asked) =>
        `A ${data.requested} instance is not possible here (reason ${data.reason}): ${data.remedy ?? 'ask for mode auto'}.`,
    ),
    imageOwned: no(
      'imageNotOwned',
      ({ data }: Asked) => `The instance would run on the image ${data.image} itself, which is not of this account.`,
    ),
    imageUnused,
    imageGiven: no('missingImage', 'An instance is launched from an image, or on a volume that holds a system.'),
    rootVolumeFree: no(
      'rootVolumeUnavailable',
      ({ data }: Asked) => `The volume ${rootOf(data)} is not available; detach it, or wait until it is made.`,
    ),
    rootVolumeThere: no(
      'rootVolumeElsewhere',
      ({ data }: Asked) =>
        `The volume ${rootOf(data)} is in another zone or at another provider; launch where the volume is.`,
    ),
    rootBootable: no(
      'volumeNotBootable',
      ({ data }: Asked) =>
        `The volume ${data.rootVolume} was not made from an image; name the image whose system it holds.`,
    ),
    rootOffered: no('rootUnsupported', ({ data }: Asked) => {
      const { provider, rootVolume, direct, clones, runsOnImage } = data
      if (rootVolume) return `The provider ${provider} launches no instance on a volume such as ${rootVolume}.`
      if (direct && !runsOnImage)
        return `The provider ${provider} runs no instance on an image itself; launch it with a root of its own.`
      if (direct)
        return `A stateful instance may run on an image itself only where the provider ${provider} does not clone it.`
      return clones
        ? `The provider ${provider} makes the root disk as the image has it, and deletes it with the instance.`
        : `The provider ${provider} has no way to such a root disk: it makes none of this image.`
    }),
    preserved: no(
      'stopUnsupported',
      ({ resource }: Asked) =>
        `The provider of ${resource} keeps nothing of what it stops, so a stop would be its end. Terminate it instead.`,
    ),
    mappingValid: no(
      'invalidDeviceMapping',
      ({ data }: Asked) => `The block devices do not fit: ${data.why ?? 'each device once, the root among them'}.`,
    ),
    sizeGiven: no('missingSize', ({ data }: Asked) => `A block device is incomplete: ${data.why}.`),
    snapshotKnown: no('snapshotNotFound', ({ data }: Asked) => `A block device cannot be made: ${data.why}.`),
    unprotected: no(
      'terminationProtected',
      ({ resource }: Asked) =>
        `The instance ${resource} is protected from termination; modify terminationProtection first.`,
    ),
    stopUnprotected: no(
      'stopProtected',
      ({ resource }: Asked) => `The instance ${resource} is protected from stopping; modify stopProtection first.`,
    ),
    stateful: no(
      'notStateful',
      ({ resource }: Asked) =>
        `The instance ${resource} is stateless: nothing would be left to start again. Terminate it instead.`,
    ),
    rootAttached: no(
      'rootNotAttached',
      ({ resource, context }: Asked) =>
        `The instance ${resource} has no volume at its root device ${context.rootDevice}; attach one there.`,
    ),
    notReverting,
    ...instanceMigrating,
    rootIsVolume: no(
      'rootNotVolume',
      ({ resource }: Asked) => `The root of ${resource} is no volume, so no snapshot can be taken of it.`,
    ),
    ...instanceKeeping,
    ...instanceRecovery,
    notCapturing: no(
      'captureInProgress',
      ({ resource, context }: Asked) =>
        `The guest of ${resource} is off for the image ${context.quieted?.image}; wait until it runs again, or terminate it.`,
    ),
    connectionsSettled: no(
      'attachmentInProgress',
      ({ resource }: Asked) =>
        `Volumes of ${resource} are being attached or detached; wait for that, or do without turning its guest off.`,
    ),
    disksLetGo: no(
      'detachmentInProgress',
      ({ resource }: Asked) =>
        `The guest of ${resource} has to let go of a volume first; wait until it is detached, or stop the instance.`,
    ),
    rebootOffered: no(
      'rebootUnsupported',
      ({ resource }: Asked) =>
        `The provider of ${resource} cannot restart a guest, and a stop would be the end of this one.`,
    ),
    suspendOffered: no(
      'suspendUnsupported',
      ({ resource }: Asked) =>
        `The provider of ${resource} suspends no guests that it could also keep stopped, and start. Stop it.`,
    ),
    guestAwake: no(
      'instanceSuspended',
      ({ resource }: Asked) =>
        `The guest of ${resource} is suspended, and its memory refers to its disks as they are; resume it first.`,
    ),
    stopConfirmed: no(
      'stopUnconfirmed',
      ({ resource }: Asked) =>
        `An operator has marked ${resource} stopped because its provider cannot be reached; wait until that confirms it, or terminate it.`,
    ),
    bootKept: no(
      'instanceNotStopped',
      ({ resource, state }: Asked) =>
        `The instance ${resource} is ${state}; its type, and what it boots with, change only while it is stopped.`,
    ),
    devicesMapped: no(
      'deviceNotMapped',
      ({ resource, data }: Asked) =>
        `The instance ${resource} does not have all of: ${Object.keys(data.deleteOnTermination ?? {}).join(', ')}.`,
    ),
    rootOnly: no(
      'cloneOnlyRoot',
      ({ resource, data }: Asked) =>
        `The volume ${data.volume} is a clone that its provider takes for a root only, not for ${data.device} of ${resource}.`,
    ),
    deviceNamed: no('invalidDeviceName', ({ data }: Asked) => `${data.device} is not a device name such as /dev/sdf.`),
    deviceFree: no(
      'deviceInUse',
      ({ resource, data }: Asked) => `The device ${data.device} of ${resource} is taken; choose another name.`,
    ),
    slotFree: no(
      'attachmentLimitExceeded',
      ({ resource, context }: Asked) =>
        `The instance ${resource} takes ${context.offers.attachMax} further volumes and has them; detach one first.`,
    ),
    hotPlugOffered: no(
      'hotPlugUnsupported',
      ({ resource }: Asked) => `The provider attaches volumes to ${resource} only while it is stopped.`,
    ),
    hotUnplugOffered: no(
      'hotUnplugUnsupported',
      ({ resource }: Asked) => `The provider detaches volumes from ${resource} only while it is stopped.`,
    ),
    attachedThere: no('attachmentNotFound', ({ resource, data }: Asked) => {
      const as = data.device ? ` as device ${data.device}` : ''
      return `The volume ${data.volume} is not attached to ${resource}${as}.`
    }),
    volumesOutlive: no(
      'attachmentsLost',
      'The provider deletes with an instance the volumes it has, and can take none off before: none can be kept.',
    ),
    cleanupOwed: no(
      'cleanupNotOwed',
      ({ resource, context, data }: Asked) =>
        `The end of ${resource} does not need that of ${data.item}; ` +
        `it needs that of ${context.owed?.map((each: { id: string }) => each.id).join(', ') ?? 'itself'}.`,
    ),
    notRoot: no(
      'rootAttached',
      ({ resource, data }: Asked) =>
        `The volume ${data.volume} is the root of ${resource}; stop the instance before detaching it.`,
    ),
  },
} satisfies Record<string, Record<string, Refusal>>
