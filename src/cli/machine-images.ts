/** The images of a folder, as public images of a cloud of real machines. Doing it again changes nothing. */
import { type Imported, importImages, type NewImage } from '../drivers/qemu/index.ts'
import type { Cloud } from './compose.ts'

const GiB = 2 ** 30

export interface ImageFolder {
  readonly folder: string
  readonly pool: string
  /** Who has them; everybody may launch them, in every region. */
  readonly account: string
}
export interface Registered extends Imported {
  /** Those that can not be launched because they were deregistered. */
  readonly deregistered: readonly NewImage[]
}

const over = 'it was deregistered, and stays so'

/**
 * Takes them into the pool and registers those that are new; one that was deregistered is not taken again. Throws what
 * reading the folder throws.
 */
export async function registerImages(cloud: Cloud, { folder, pool, account }: ImageFolder): Promise<Registered> {
  const operator = cloud.as({ account, actor: 'stemma', authority: 'operator', region: '*' })
  // By its history: that stays when the image is forgotten.
  const stateOf = async (id: string) => {
    let last: string | undefined
    for await (const { state } of cloud.history(id)) last = state
    return last
  }
  const deregistered: NewImage[] = []
  const { images, refused } = await importImages({
    ...{ folder, pool, owner: cloud.owner },
    objection: async image => {
      const { id, name } = image
      const state = await stateOf(id)
      if (state !== undefined && state !== 'available') {
        deregistered.push(image)
        return over
      }
      const where = { name, account, state: 'available' }
      const other = (await operator.list('image', { where, limit: 2 })).items.find(each => each.id !== id)
      return (
        other && `it is not what it was when it was registered as ${amiOf(other.id)}; deregister that, or rename this`
      )
    },
  })
  for (const image of images) {
    const state = await stateOf(image.id)
    if (state === undefined) {
      await operator.submit([{ kind: 'image', command: 'register', input: inputOf(image) }], { token: image.id })
    } else if (state !== 'available') deregistered.push(image)
  }
  return {
    images: images.filter(image => !deregistered.includes(image)),
    refused: refused.filter(({ why }) => why !== over),
    deregistered,
  }
}

export const amiOf = (id: string): string => id.replace(/^img-/, 'ami-')

const inputOf = ({ id, name, sha256, format, virtualBytes }: NewImage) => ({
  ...{ id, name, public: true, rootDevice: '/dev/sda1' },
  // A volume has whole GiB for EC2 clients.
  sizeBytes: Math.ceil(virtualBytes / GiB) * GiB,
  annotations: { 'source/sha256': sha256, 'source/format': format },
})
