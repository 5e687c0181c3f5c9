import type { CommandInput } from '../../../index.ts'
import { action } from '../action.ts'
import { checkClientToken, submitOnce } from '../client-tokens.ts'
import { Ec2Error, invalid } from '../errors.ts'
import { flag, list, text } from '../parameters.ts'
import { engineId } from '../refusals.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { tagsShown } from './image-item.ts'
import { checkImageIds, imageThatWas } from './image-row.ts'
import { checkWords } from './image-words.ts'
import { submittedByName } from './submitted-by-name.ts'

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
    if (KmsKeyId && !Encrypted)
      throw new Ec2Error(
        'InvalidParameterDependency',
        'The parameter KmsKeyId requires the parameter Encrypted to be set.',
      )
    if (KmsKeyId) throw otherwiseEncrypted()
  },
  run: async call => {
    const { SourceImageId, SourceRegion, Name, Description, ClientToken, CopyImageTags } = call.parameters
    const { engine, session } = call
    const source = engine.as({ ...session.principal, region: SourceRegion })
    // A token is answered again whatever has become of the image; for any other copy the engine refuses one that is gone.
    const original = await imageThatWas({ session: source }, SourceImageId)
    if (call.parameters.Encrypted && !original.attributes.encrypted) throw otherwiseEncrypted()
    const given = tagsOf(call.parameters.TagSpecification, ['image']).image
    const copied = CopyImageTags ? tagsShown(original, call.account) : undefined
    const tags = { ...copied, ...given }
    const input = {
      image: engineId(SourceImageId),
      name: Name,
      description: Description,
      tags: Object.keys(tags).length ? tags : undefined,
    }
    const once = { action: 'CopyImage', token: ClientToken }
    const submit = async (commands: readonly CommandInput[]) => (await submitOnce(call, once, commands)).results
    return { imageId: await submittedByName(call, 'copy', input, submit) }
  },
})

const otherwiseEncrypted = () =>
  new Ec2Error('UnsupportedOperation', 'Copies of images are encrypted as their originals are.')
