import { action } from '../action.ts'
import { invalid } from '../errors.ts'
import { flag, list, text } from '../parameters.ts'
import { tagSet } from '../tag-set.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { snapshotsNamed } from './snapshot-row.ts'

export const copySnapshot = action({
  name: 'CopySnapshot',
  summary: 'Copies a completed snapshot from a region into this one.',
  parameters: {
    SourceRegion: text().required(),
    SourceSnapshotId: text().required(),
    Description: text({ max: 255 }),
    Encrypted: flag(),
    KmsKeyId: text(),
    TagSpecification: list(tagSpecification),
    // Clients add these by themselves; the signature names the region already.
    DestinationRegion: text(),
    PresignedUrl: text(),
  },
  mutates: true,
  check: ({ parameters: { SourceRegion, TagSpecification }, regions }) => {
    if (regions.every(({ name }) => name !== SourceRegion)) throw invalid('sourceRegion', SourceRegion)
    tagsOf(TagSpecification, ['snapshot'])
  },
  run: async call => {
    const { SourceRegion, SourceSnapshotId, Description, Encrypted, KmsKeyId, TagSpecification } = call.parameters
    const { account, engine, session } = call
    const source = engine.as({ account, actor: session.principal.actor, region: SourceRegion })
    await snapshotsNamed({ account, session: source }, [SourceSnapshotId])
    const tags = tagsOf(TagSpecification, ['snapshot']).snapshot
    const more = { description: Description, encrypted: Encrypted, kmsKey: KmsKeyId, tags }
    const input = { snapshot: SourceSnapshotId, ...more }
    const [made] = await session.submit([{ kind: 'snapshot', command: 'copy', input }])
    return { snapshotId: made!.id, tagSet: tagSet(tags) }
  },
})
