import { action } from '../action.ts'
import { Ec2Error, invalid } from '../errors.ts'
import { flag, list, text } from '../parameters.ts'
import { tagSet } from '../tag-set.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { checkCompleted } from './snapshot-row.ts'

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
  check: ({ parameters: { SourceRegion, Encrypted, KmsKeyId, TagSpecification }, regions }) => {
    if (regions.every(({ name }) => name !== SourceRegion)) throw invalid('sourceRegion', SourceRegion)
    if (KmsKeyId && !Encrypted)
      throw new Ec2Error(
        'InvalidParameterDependency',
        'The parameter KmsKeyId requires the parameter Encrypted to be set.',
      )
    tagsOf(TagSpecification, ['snapshot'])
  },
  run: async call => {
    const { SourceRegion, SourceSnapshotId: snapshot, TagSpecification, ...asked } = call.parameters
    const { account, engine, session } = call
    const there = engine.as({ ...session.principal, region: SourceRegion })
    await checkCompleted({ account, session: there }, snapshot)
    const tags = tagsOf(TagSpecification, ['snapshot']).snapshot
    const description = asked.Description ?? `[Copied ${snapshot} from ${SourceRegion}]`
    const input = { snapshot, description, encrypted: asked.Encrypted, kmsKey: asked.KmsKeyId || undefined, tags }
    const [made] = await session.submit([{ kind: 'snapshot', command: 'copy', input }])
    return { snapshotId: made!.id, tagSet: tagSet(tags) ?? [] }
  },
})
