/**
 * Images as the simulated provider knows them: every name is one, until it is taken away. Only what has happened to an
 * image is on record: who runs on it, and what was written to it.
 */
import type { Outcome } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import type { Content } from './content.ts'
import type { ImageRecord } from './records.ts'
import type { World } from './world.ts'

/** Why nothing can be made of an image; undefined if it is there. */
export const imageProblem = (world: World, what: string, image: string): Outcome | undefined =>
  world.gone('image', image) && rejected('notFound', `${what}: there is no image ${image} any more`)

/** What is made of an image begins with this. */
export const contentOfImage = (world: World, image: string): Content => world.images.get(image)?.content ?? { image }

const recordOf = (world: World, id: string): ImageRecord => {
  const known = world.images.get(id)
  if (known) return known
  const image: ImageRecord = {
    kind: 'image',
    id,
    askedFor: id,
    nth: world.made(id) + 1,
    sequence: world.nextSequence(),
    owner: world.owner,
    token: 'provider',
    madeAt: world.now(),
    users: [],
    content: { image: id },
  }
  world.add(image)
  return image
}

/** Why an instance can not run on an image itself; undefined if it can. */
export const useProblem = (world: World, instance: string, id: string): Outcome | undefined => {
  const other = world.images.get(id)?.users.find(user => user !== instance)
  if (other === undefined || !world.abilitiesOf(id).imageExclusive) return undefined
  return rejected('precondition', `instance ${instance}: image ${id} is in use by ${other}`, 'imageInUse')
}

export const takeImage = (world: World, instance: string, id: string): void => {
  const image = recordOf(world, id)
  if (image.users.includes(instance)) return
  world.alter(image, taken => {
    taken.users = [...taken.users, instance]
  })
}

export const releaseImage = (world: World, instance: string, id: string): void => {
  const image = world.images.get(id)
  if (image === undefined) return
  world.alter(image, released => {
    released.users = released.users.filter(user => user !== instance)
  })
}

/** Takes an image away. False, and it stays, while an instance runs on it or a disk needs it. */
export const removeImage = (world: World, id: string): boolean => {
  if (world.gone('image', id)) return false
  const isNeeded =
    world.abilitiesOf(id).cloneKind !== 'full' &&
    [...world.volumes.values()].some(({ spec: { from } }) => from?.kind === 'image' && from.id === id)
  const image = recordOf(world, id)
  if (isNeeded || image.users.length > 0) return false
  world.remove(image)
  return true
}

export const imageDelete = (world: World, id: string): Outcome => {
  if (!world.abilities.canDeleteImage) return rejected('unsupported', `image ${id}: this provider takes no images away`)
  if (world.gone('image', id)) return done({}, true)
  return removeImage(world, id) ? done({}) : rejected('precondition', `image ${id} is in use`)
}
