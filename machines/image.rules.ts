/** Who may say no to an image's requests, and what picks its branches. */
import { normalised } from './disks.ts'
import type { ImageContext, ImageEventNamed, Now } from './image.alphabet.ts'
import { tagChoices, tagRequirements } from './tags.ts'

type On<K extends string> = { readonly context: ImageContext; readonly event: ImageEventNamed<K> }

/** Said by the command that resolves a mapping; the machine sees only what was resolved. */
const saidByCommand = () => true
const allCompleted = (snapshots: readonly ({ state: string } | null)[] = []) =>
  snapshots.every(each => each === null || each?.state === 'completed')

export const imageRequirements = {
  accountOpen: ({ event }: On<'registerRequested'>) => (event.facts.account?.state ?? 'open') === 'open',
  nameFree: ({ event }: On<'registerRequested'>) => (event.facts.holder ?? null) === null,
  rootKnown: saidByCommand,
  sizeGiven: saidByCommand,
  snapshotFits: saidByCommand,
  mappingValid: ({ event }: On<'registerRequested'>) => {
    const { blockDevices = [] } = event.data
    return new Set(blockDevices.map(each => normalised(each.device))).size === blockDevices.length
  },
  /** What is said of the root among the devices may make it larger, never another disk. */
  rootKept: ({ event: { data } }: On<'registerRequested'>) => {
    const root = data.blockDevices?.find(each => normalised(each.device) === normalised(data.rootDevice ?? ''))
    const { ephemeral, snapshot = data.snapshot, sizeBytes = data.sizeBytes } = root ?? {}
    return ephemeral === undefined && snapshot === data.snapshot && sizeBytes >= data.sizeBytes
  },
  snapshotsCompleted: ({ event: { facts } }: On<'registerRequested'>) =>
    allCompleted([...(facts.snapshots ?? []), facts.rootSnapshot ?? null]),
  originalAvailable: ({ event }: On<'copyRequested'>) => event.facts.image?.state === 'available',
  copyable: ({ event }: On<'copyRequested'>) => event.data.snapshot !== undefined,
  /** What else needs it, in other accounts as well, is said by the command. */
  unused: ({ context }: Now) => context.directUser === undefined,
  copyOffered: ({ event }: On<'copyRequested'>) => event.facts.provider?.name === event.data.provider,
  ...tagRequirements,
}

const accounts = ({ event }: Now) => (event as ImageEventNamed<'shareRequested'>).data

/** What picks a branch and never refuses. */
export const choices = {
  sameDescription: ({ context, event }: Now) =>
    (event as ImageEventNamed<'modifyRequested'>).data.description === (context.description ?? ''),
  sameShares: (now: Now) => {
    const { public: open, add = [], remove = [] } = accounts(now)
    const { sharedWith = [] } = now.context
    return (
      (open === undefined || open === (now.context.public ?? false)) &&
      add.every(each => sharedWith.includes(each)) &&
      !remove.some(each => sharedWith.includes(each))
    )
  },
  awaited: ({ context, event }: Now) =>
    context.awaited.includes((event as ImageEventNamed<'snapshotCompleted' | 'snapshotFailed'>).data.snapshot),
  lastAwaited: ({ context, event }: Now) =>
    context.awaited.length === 1 &&
    context.awaited[0] === (event as ImageEventNamed<'snapshotCompleted'>).data.snapshot,
  ofInstance: ({ context, event }: Now) =>
    context.createdFrom?.instance === (event as ImageEventNamed<'instanceTerminated'>).data.instance,
  usedBy: ({ context, event }: Now) =>
    context.directUser === (event as ImageEventNamed<'directUseEnded'>).data.instance,
  nameless: ({ context }: Now) => context.nameless === true,
  ...tagChoices,
}
