/** A snapshot of a volume that is taken with those of others, at one moment: its group asks for all of them. */
import { needs, type Tell } from './grammar.ts'
import { TAGS_MAX } from './tags.ts'
import type { VolumeEventNamed as Named, Now, VolumeContext } from './volume.alphabet.ts'

type Proposal = { readonly context: VolumeContext; readonly event: Named<'groupSnapshotProposed'> }

const tagsOf = ({ tags }: VolumeContext, { copyTags, tags: given }: Proposal['event']['data']) =>
  copyTags ? { ...tags, ...given } : given

export const groupRequirements = {
  groupOffered: ({ context }: Now) => context.offers.group === true,
  sameGroupProvider: ({ context, event }: Proposal) => context.provider === event.data.provider,
  copiedTagsFew: ({ context, event }: Proposal) => Object.keys(tagsOf(context, event.data) ?? {}).length <= TAGS_MAX,
}

/** The snapshot comes into being, and waits for its group. */
const begin = ({ context, event }: Now): Tell => {
  const { resource: volume, data } = event as Named<'groupSnapshotProposed'>
  const { snapshot, group, description } = data
  const { sizeBytes, encrypted, kmsKey, provider, boots } = context
  const tags = tagsOf(context, data)
  const content = { volume, sizeBytes, encrypted, kmsKey, provider, boots, description, tags }
  return { resource: snapshot, event: 'snapshot.requestedByGroup', data: { ...content, group } }
}

export const takingInGroups = {
  'volume.groupSnapshotProposed': {
    guard: needs(
      'present',
      'ownerAlive',
      'notReverting',
      'notMigrating',
      'groupOffered',
      'sameGroupProvider',
      'snapshotOffered',
      'snapshotSlotFree',
      'noVmSnapshotTask',
      'copiedTagsFew',
    ),
    actions: ['snapshotBegun', { type: 'tell', params: begin }],
  },
} as const
