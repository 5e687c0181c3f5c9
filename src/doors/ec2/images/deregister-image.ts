import { action } from '../action.ts'
import { text } from '../parameters.ts'
import { engineId } from '../refusals.ts'
import { checkImageIds, ownImage } from './image-row.ts'

export const deregisterImage = action({
  name: 'DeregisterImage',
  summary: 'Ends launches from an image; its snapshots, and instances launched from it, stay.',
  parameters: { ImageId: text().required() },
  mutates: true,
  check: ({ parameters }) => checkImageIds([parameters.ImageId]),
  run: async call => {
    const { ImageId } = call.parameters
    // A second one is no success on EC2.
    await ownImage(call, ImageId)
    await call.session.submit([{ kind: 'image', command: 'deregister', id: engineId(ImageId) }])
    return { return: true }
  },
})
