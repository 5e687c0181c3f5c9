/** Who may say no to a snapshot's requests, and what picks its branches. */
import { orphanChoices } from './orphans.ts'
import { sightChoices, sightRequirements } from './sights.ts'
import type { Now, SnapshotContext, SnapshotEventNamed } from './snapshot.alphabet.ts'
import { expiryChoices } from './snapshot.expiry.ts'
import { tagChoices, tagRequirements } from './tags.ts'

/** A copy of it that is being made, or a volume that is being taken back to it. */
export const readerOf = ({ data }: Now['event']): string => {
  const { copy, volume } = data as { copy?: string; volume?: string }
  return copy ?? volume!
}

type On<K extends string> = { readonly context: SnapshotContext; readonly event: SnapshotEventNamed<K> }

export const snapshotRequirements = {
  accountOpen: ({ event }: On<'createRequested' | 'copyRequested'>) =>
    (event.facts.account?.state ?? 'open') === 'open',
  sourceCompleted: ({ event }: On<'copyRequested'>) => event.facts.snapshot?.state === 'completed',
  copyOffered: ({ event }: On<'copyRequested'>) => event.facts.provider?.name === event.data.provider,
  unused: ({ context }: Now) => context.images.length === 0,
  ...sightRequirements,
  ...tagRequirements,
}

/** What picks a branch and never refuses. */
export const choices = {
  held: ({ event }: Now) => (event as SnapshotEventNamed<'requestedByVolume'>).data.held,
  condemned: ({ context }: Now) => context.condemned === true,
  /** Nothing keeps it but what reads it now: a provider must find it until that is over. */
  onlyRead: ({ context }: Now) => context.images.length === 0 && context.readers.length > 0,
  readNow: ({ context, event }: Now) => context.readers.includes(readerOf(event)),
  lastReader: ({ context, event }: Now) => context.readers.length === 1 && context.readers[0] === readerOf(event),
  usedBy: ({ context, event }: Now) => context.images.includes((event as SnapshotEventNamed<'imageGone'>).data.image),
  further: ({ context, event }: Now) =>
    Math.floor((event as SnapshotEventNamed<'progressed'>).data.percent) > context.progress,
  ...orphanChoices,
  ...expiryChoices,
  ...sightChoices,
  ...tagChoices,
}
