import { action } from '../action.ts'
import { text } from '../parameters.ts'
import { volumeById } from './volume-rows.ts'

export const describeVolumeAttribute = action({
  name: 'DescribeVolumeAttribute',
  summary: 'Shows an attribute of a volume: nobody turns its input and output off, and nobody sells it.',
  parameters: {
    VolumeId: text().required(),
    Attribute: text({ values: ['autoEnableIO', 'productCodes'] }).required(),
  },
  run: async call => {
    const { id } = await volumeById(call, call.parameters.VolumeId)
    if (call.parameters.Attribute === 'autoEnableIO') return { volumeId: id, autoEnableIO: { value: false } }
    return { volumeId: id, productCodes: [] }
  },
})
