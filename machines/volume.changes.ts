/** How a volume's memory changes with each event. */
import { assign } from 'xstate'
import { orphanChanges } from './orphans.ts'
import { failedAgain } from './retries.ts'
import { sightChanges } from './sights.ts'
import { tagChanges } from './tags.ts'
import type { Now, Shape, VolumeContext, VolumeEvent, VolumeEventNamed } from './volume.alphabet.ts'
import { migrateChanges } from './volume.migrate.ts'
import { recoveryChanges } from './volume.recovery.ts'
import { revertChanges } from './volume.revert.ts'
import { snapshotChanges } from './volume.snapshots.ts'
import { coveringChanges } from './volume.vm-snapshots.ts'

type Change = Partial<VolumeContext>

/** With every field, so that laid over another it leaves nothing of that. */
export const shapeOf = ({ sizeBytes, volumeType, iops, throughputMiBps }: Shape): Shape => ({
  sizeBytes,
  volumeType,
  iops,
  throughputMiBps,
})

const requested = ({ event }: Now): Change => ({ ...(event as VolumeEventNamed<'createRequested'>).data })

const requestedByInstance = ({ event }: Now): Change => {
  const { instance, device, ...disk } = (event as VolumeEventNamed<'requestedByInstance'>).data
  return { ...disk, attachment: { instance, device } }
}

const rootLeft = ({ event }: Now): Change => {
  const { instance, image, ...disk } = (event as VolumeEventNamed<'rootLeft'>).data
  return { ...disk, from: { kind: 'image', id: image }, cleanupOf: instance }
}

const made = ({ event }: Now): Change => {
  const { sizeBytes, allocatedBytes } = (event as VolumeEventNamed<'created'>).data
  return { sizeBytes, allocatedBytes }
}

const failed = ({ event }: Now): Change => {
  const { code, message } = (event as VolumeEventNamed<'createFailed' | 'attachFailed' | 'detachFailed'>).data
  return { reason: { code, message } }
}

const attaching = ({ event }: Now): Change => {
  const { instance, device } = (event as VolumeEventNamed<'attachRequested' | 'launchProposed'>).data
  return { attachment: { instance, device }, reason: undefined }
}

/** The new size counts from the request: the space is promised then. */
const resizing = ({ context, event }: Now): Change => ({
  ...shapeOf((event as VolumeEventNamed<'modifyRequested'>).data),
  modification: { state: 'modifying', original: shapeOf(context) },
})

const resized = ({ event }: Now): Change => {
  const { sizeBytes, allocatedBytes } = (event as VolumeEventNamed<'resized'>).data
  return { sizeBytes, allocatedBytes, modification: undefined, reason: undefined }
}
/** It is what was asked for, and stays it: nothing leads back from here. */
const optimizing = ({ context, event }: Now): Change => ({
  ...resized({ context, event }),
  modification: { ...context.modification!, state: 'optimizing' },
})

const resizeFailed = ({ context, event }: Now): Change => {
  const { code, message } = (event as VolumeEventNamed<'resizeFailed'>).data
  return { ...shapeOf(context.modification!.original), modification: undefined, reason: { code, message } }
}

const goneInstance = ({ event }: Now) => (event as VolumeEventNamed<'instanceGone'>).data.instance

const all = {
  ...tagChanges,
  ...orphanChanges,
  ...snapshotChanges,
  ...recoveryChanges,
  ...revertChanges,
  ...migrateChanges,
  ...sightChanges,
  ...coveringChanges,
  requested,
  requestedByInstance,
  rootLeft,
  made,
  failed,
  attaching,
  resizing,
  resized,
  optimizing,
  resizeFailed,
  released: (): Change => ({ attachment: undefined, vmSnapshots: undefined }),
  imageFreed: (): Change => ({ pinsImage: undefined }),
  condemned: (now: Now): Change => ({
    attachment: undefined,
    vmSnapshots: undefined,
    condemned: true,
    cleanupOf: goneInstance(now),
  }),
  owed: (now: Now): Change => ({ attachment: undefined, vmSnapshots: undefined, cleanupOf: goneInstance(now) }),
  deleteFailed: ({ context, event }: Now): Change => ({
    failure: failedAgain(context.failure, (event as VolumeEventNamed<'deleteFailed'>).data),
  }),
  optimized: (): Change => ({ modification: undefined }),
  overdue: (): Change => ({ overdue: true }),
  answered: (): Change => ({ overdue: undefined }),
}
const remember = (change: (now: Now) => Change) =>
  assign<VolumeContext, VolumeEvent, undefined, VolumeEvent, never>(change)

/** The named changes, as the machine runs them. */
export const volumeChanges = Object.fromEntries(
  Object.entries(all).map(([name, change]) => [name, remember(change)]),
) as Record<keyof typeof all, ReturnType<typeof remember>>
