import { action } from '../action.ts'
import { checkClientToken, submitOnce } from '../client-tokens.ts'
import { Ec2Error, invalid } from '../errors.ts'
import { flag, list, text } from '../parameters.ts'
import { engineId, wireId } from '../refusals.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { checkImageIds, imageNamed } from './image-row.ts'
import { checkWords } from './image-words.ts'

export const copyImage = action({
  name: 'CopyImage',
  summary: 'Copies an image with its snapshots from a region into this one.',
  parameters: {
    SourceImageId: text().required(),
    SourceRegion: text().required(),
    Name: text().required(),
    Description: text(),
    ClientToken: text(),
    CopyImageTags: flag(),
    Encrypted: flag(),
    KmsKeyId: text(),
    TagSpecification: list(tagSpecification),
  },
  mutates: true,
  check: ({ parameters, regions }) => {
    const { SourceImageId, SourceRegion, ClientToken, Encrypted, KmsKeyId, TagSpecification } = parameters
    checkImageIds([SourceImageId])
    checkWords(parameters)
    checkClientToken(ClientToken)
    tagsOf(TagSpecification, ['image'])
    if (regions.every(({ name }) => name !== SourceRegion)) throw invalid('sourceRegion', SourceRegion)
    if (Encrypted || KmsKeyId !== undefined)
      throw new Ec2Error('UnsupportedOperation', 'Copies of images are encrypted as their originals are.')
  },
  run: async call => {
    const { SourceImageId, SourceRegion, Name, Description, ClientToken, CopyImageTags } = call.parameters
    const { account, engine } = call
    const source = engine.as({ account, actor: call.session.principal.actor, region: SourceRegion })
    const original = await imageNamed({ session: source }, SourceImageId)
    const given = tagsOf(call.parameters.TagSpecification, ['image']).image
    const tags = CopyImageTags ? { ...original.attributes.tags, ...given } : given
    const input = { image: engineId(SourceImageId), name: Name, description: Description, tags }
    const once = { action: 'CopyImage', token: ClientToken }
    const { results } = await submitOnce(call, once, [{ kind: 'image', command: 'copy', input }])
    return { imageId: wireId(results[0]!.id) }
  },
})
