/** Who may say no to a VM snapshot's requests besides its instance and its volumes, and what picks its branches. */
import { sightChoices, sightRequirements } from './sights.ts'
import { tagChoices, tagRequirements } from './tags.ts'
import type { VmSnapshotEventNamed as Named } from './vm-snapshot.alphabet.ts'

export const vmSnapshotRequirements = {
  accountOpen: ({ event }: { event: Named<'createRequested' | 'revertRequested'> }) =>
    (event.facts.account?.state ?? 'open') === 'open',
  ...sightRequirements,
  ...tagRequirements,
}
export const choices = { ...sightChoices, ...tagChoices }
