/** Who may say no to a volume's requests, and what picks its branches. */
import { diskRequirementNames } from './disks.ts'
import { orphanChoices } from './orphans.ts'
import { sightChoices, sightRequirements } from './sights.ts'
import { tagChoices, tagRequirements } from './tags.ts'
import type { Now, VolumeContext, VolumeEventNamed } from './volume.alphabet.ts'
import { groupRequirements } from './volume.group.ts'
import { migrateChoices, migrateRequirements } from './volume.migrate.ts'
import { recoveryChoices, recoveryRequirements } from './volume.recovery.ts'
import { revertChoices, revertRequirements } from './volume.revert.ts'
import { snapshotChoices, snapshotRequirements } from './volume.snapshots.ts'
import { coveringRequirements } from './volume.vm-snapshots.ts'

type On<K extends string> = { readonly context: VolumeContext; readonly event: VolumeEventNamed<K> }

/** Said by the command, which knows the provider; the machine sees only what fits. */
const saidByCommand = () => true
const saidOnes = [
  'zoneOffered',
  'volumesOffered',
  'oneSource',
  'imageHere',
  'cloneOffered',
  'sizeGiven',
  'snapshotFits',
  'imageFits',
  'encryptionKept',
  ...diskRequirementNames,
  'poolRoom',
  'poolOffered',
] as const
const said = Object.fromEntries(saidOnes.map(name => [name, saidByCommand])) as Record<
  (typeof saidOnes)[number],
  typeof saidByCommand
>

export const volumeRequirements = {
  ...said,
  ...tagRequirements,
  ...snapshotRequirements,
  ...recoveryRequirements,
  ...revertRequirements,
  ...migrateRequirements,
  ...groupRequirements,
  ...sightRequirements,
  ...coveringRequirements,
  accountOpen: ({ event }: On<'createRequested' | 'modifyRequested' | 'revertRequested'>) =>
    (event.facts.account?.state ?? 'open') === 'open',
  snapshotCompleted: ({ event }: On<'createRequested' | 'revertRequested'>) =>
    !event.facts.snapshot || event.facts.snapshot.state === 'completed',
  snapshotPresent: ({ event }: On<'createRequested' | 'revertRequested'>) => event.facts.snapshot?.impaired !== true,
  snapshotHere: ({ event }: On<'createRequested'>) =>
    !event.facts.snapshot || event.facts.snapshot.provider === event.data.provider,
  imageAvailable: ({ event }: On<'createRequested'>) => (event.facts.image?.state ?? 'available') === 'available',
  /** Whoever runs on an image itself is writing to it. */
  imageUnused: ({ event }: On<'createRequested'>) => (event.facts.image?.directUser ?? null) === null,
  unattached: ({ context }: Now) => context.attachment === undefined,
  /** Of one that is not made yet. */
  condemned: ({ context }: Now) => context.condemned === true,
  sameZone: ({ context, event }: On<'attachRequested'>) => event.facts.instance?.zone === context.zone,
  sameProvider: ({ context, event }: On<'attachRequested'>) => event.facts.instance?.provider === context.provider,
  /** A provider that makes larger only what is detached must not be given it meanwhile. */
  notGrowingOffline: ({ context: { modification, offers, sizeBytes } }: Now) =>
    modification?.state !== 'modifying' || offers.grow !== 'offline' || modification.original.sizeBytes === sizeBytes,
  instanceKnown: ({ event }: On<'detachRequested'>) =>
    event.data.instance === undefined || event.facts.instance !== null,
  attachedHere: ({ context: { attachment }, event: { data } }: On<'detachRequested'>) =>
    data.instance === undefined ? data.device === undefined || !!attachment : attachment?.instance === data.instance,
  notResizing: ({ context }: Now) => context.modification === undefined,
  growing: ({ context, event }: On<'modifyRequested'>) => (event.data.sizeBytes ?? 0) >= context.sizeBytes,
  growOffered: ({ context, event }: On<'modifyRequested'>) => {
    const { grow } = context.offers
    const isGrown = event.data.sizeBytes !== context.sizeBytes
    return !isGrown || grow === 'online' || (grow === 'offline' && context.attachment === undefined)
  },
  retypeOffered: ({ context, event }: On<'modifyRequested'>) =>
    context.offers.retype || hasSameRates(context, event.data),
}

const hasSameRates = (held: Rates, asked: Rates) =>
  held.volumeType === asked.volumeType && held.iops === asked.iops && held.throughputMiBps === asked.throughputMiBps
type Rates = Pick<VolumeContext, 'volumeType' | 'iops' | 'throughputMiBps'>

/** What picks a branch and never refuses. */
export const choices = {
  ...tagChoices,
  ...snapshotChoices,
  ...recoveryChoices,
  ...revertChoices,
  ...migrateChoices,
  ...orphanChoices,
  ...sightChoices,
  sameShape: ({ context, event }: Now) => {
    const { data } = event as VolumeEventNamed<'modifyRequested'>
    return data.sizeBytes === context.sizeBytes && hasSameRates(context, data)
  },
  modifying: ({ context }: Now) => context.modification?.state === 'modifying',
  optimizing: ({ context }: Now) => context.modification?.state === 'optimizing',
  stillOptimizing: ({ context, event }: Now) =>
    context.modification !== undefined && (event as VolumeEventNamed<'resized'>).data.optimizing === true,
  resizing: ({ context }: Now) => context.modification !== undefined,
  awaited: ({ context }: Now) => context.attachment !== undefined,
  pinning: ({ context }: Now) => context.pinsImage === true,
  condemned: ({ context }: Now) => context.condemned === true,
  foreign: ({ context, event }: Now) =>
    context.attachment?.instance !== (event as VolumeEventNamed<'instanceGone'>).data.instance,
  condemnsLater: ({ context, event }: Now) =>
    context.snapshots !== undefined && (event as VolumeEventNamed<'instanceGone'>).data.deleteOnTermination,
  condemns: ({ event }: Now) => (event as VolumeEventNamed<'instanceGone'>).data.deleteOnTermination,
}
