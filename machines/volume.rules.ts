/** Who may say no to a volume's requests, and what picks its branches. */
import type { Now, VolumeContext, VolumeEventNamed } from './volume.alphabet.ts'

type On<K extends string> = { readonly context: VolumeContext; readonly event: VolumeEventNamed<K> }

/** Said by the command, which knows the provider; the machine sees only what fits. */
const saidByCommand = () => true

export const volumeRequirements = {
  accountOpen: ({ event }: On<'createRequested'>) => (event.facts.account?.state ?? 'open') === 'open',
  zoneOffered: saidByCommand,
  sizeOffered: saidByCommand,
  unattached: ({ context }: Now) => context.attachment === undefined,
  sameZone: ({ context, event }: On<'attachRequested'>) => event.facts.instance?.zone === context.zone,
  sameProvider: ({ context, event }: On<'attachRequested'>) => event.facts.instance?.provider === context.provider,
  instanceKnown: ({ event }: On<'detachRequested'>) =>
    event.data.instance === undefined || event.facts.instance !== null,
  attachedHere: ({ context: { attachment }, event: { data } }: On<'detachRequested'>) =>
    data.instance === undefined ? data.device === undefined || !!attachment : attachment?.instance === data.instance,
  notResizing: ({ context }: Now) => context.resizing === undefined,
  growing: ({ context, event }: On<'modifyRequested'>) => event.data.sizeBytes >= context.sizeBytes,
  growOffered: ({ context }: Now) =>
    context.grow === 'online' || (context.grow === 'offline' && context.attachment === undefined),
}

/** What picks a branch and never refuses. */
export const choices = {
  sameSize: ({ context, event }: Now) =>
    (event as VolumeEventNamed<'modifyRequested'>).data.sizeBytes === context.sizeBytes,
  resizing: ({ context }: Now) => context.resizing !== undefined,
  awaited: ({ context }: Now) => context.attachment !== undefined,
  condemned: ({ context }: Now) => context.condemned === true,
  foreign: ({ context, event }: Now) =>
    context.attachment?.instance !== (event as VolumeEventNamed<'instanceGone'>).data.instance,
  condemns: ({ event }: Now) => (event as VolumeEventNamed<'instanceGone'>).data.deleteOnTermination,
}
