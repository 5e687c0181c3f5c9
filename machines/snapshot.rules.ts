/** Who may say no to a snapshot's requests, and what picks its branches. */
import { orphanChoices } from './orphans.ts'
import { sightChoices, sightRequirements } from './sights.ts'
import type { Now, SnapshotContext, SnapshotEventNamed } from './snapshot.alphabet.ts'
import { tagChoices, tagRequirements } from './tags.ts'

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
  /** Nothing keeps it but copies of it that are being made: their provider must find it until they are. */
  onlyCopied: ({ context }: Now) => context.images.length === 0 && context.copies.length > 0,
  copyAwaited: ({ context, event }: Now) =>
    context.copies.includes((event as SnapshotEventNamed<'copyEnded'>).data.copy),
  lastCopy: ({ context, event }: Now) =>
    context.copies.length === 1 && context.copies[0] === (event as SnapshotEventNamed<'copyEnded'>).data.copy,
  usedBy: ({ context, event }: Now) => context.images.includes((event as SnapshotEventNamed<'imageGone'>).data.image),
  further: ({ context, event }: Now) =>
    Math.floor((event as SnapshotEventNamed<'progressed'>).data.percent) > context.progress,
  ...orphanChoices,
  ...sightChoices,
  ...tagChoices,
}
