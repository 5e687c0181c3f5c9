import { action } from '../action.ts'
import { blockDeviceMapping } from '../block-devices.ts'
import { flag, list, text } from '../parameters.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { checkImageMappings, imageMappings } from './image-mappings.ts'
import { checkWords } from './image-words.ts'
import { submittedByName } from './submitted-by-name.ts'

const tagged = ['image', 'snapshot'] as const

export const createImage = action({
  name: 'CreateImage',
  summary: 'Makes an image of an instance, with a snapshot of every volume that is attached to it now.',
  parameters: {
    InstanceId: text().required(),
    Name: text().required(),
    Description: text(),
    NoReboot: flag(),
    BlockDeviceMapping: list(blockDeviceMapping),
    TagSpecification: list(tagSpecification),
  },
  mutates: true,
  check: ({ parameters }) => {
    checkWords(parameters)
    checkImageMappings(parameters.BlockDeviceMapping)
    tagsOf(parameters.TagSpecification, tagged)
  },
  run: async call => {
    const { InstanceId, Name, Description, NoReboot, BlockDeviceMapping, TagSpecification } = call.parameters
    const tags = tagsOf(TagSpecification, tagged)
    const imageId = await submittedByName(call, 'create', {
      name: Name,
      instance: InstanceId,
      description: Description,
      noReboot: NoReboot,
      blockDevices: imageMappings(BlockDeviceMapping),
      tags: tags.image,
      snapshotTags: tags.snapshot,
    })
    return { imageId }
  },
})
