/** What instances of the simulated provider boot from, and what becomes of it. */
import type { InstanceSpec, Outcome, RootSpec } from '../driver.ts'
import { rejected } from '../outcomes.ts'
import { strayOf } from './identity.ts'
import { contentOfImage, imageProblem, releaseImage, takeImage, useProblem } from './images.ts'
import type { InstanceRecord, VolumeRecord } from './records.ts'
import type { World } from './world.ts'

const imageBytes = 1024 ** 3

/** What an instance is asked to boot from, besides what is among its devices. */
const rootAsked = (world: World, id: string, { root, devices, image }: InstanceSpec): RootSpec | undefined => {
  if (root ?? devices.some(device => device.root)) return root
  const clones = world.abilitiesOf(image).clonesOnLaunch !== 'never'
  return clones ? { kind: 'private', volume: `${id}/root` } : { kind: 'image' }
}

const privateProblem = (
  world: World,
  id: string,
  { volume, sizeBytes = imageBytes }: Extract<RootSpec, { kind: 'private' }>,
): Outcome | undefined => {
  const there = world.volumes.get(volume)
  if (there !== undefined) {
    const isItsOwn = there.rootOf === id && there.users.every(user => user === id)
    return isItsOwn ? undefined : rejected('conflict', `instance ${id}: the volume ${volume} exists already`)
  }
  if (world.gone('volume', volume) && world.abilities.idempotency.by !== 'none')
    return rejected('conflict', `instance ${id}: its root ${volume} was deleted; an id is used once`)
  const lacking = world.capacity.lacking({ volumeBytes: sizeBytes })
  return lacking === undefined ? undefined : rejected('exhausted', `instance ${id}: ${lacking}`)
}

/** Why an instance can not boot from what it is asked to; undefined if it can. */
export const rootProblem = (world: World, id: string, spec: InstanceSpec): Outcome | undefined => {
  const { image, devices } = spec
  if (spec.root && devices.some(device => device.root))
    return rejected('invalid', `instance ${id}: it has a root and a root among its devices`)
  const root = rootAsked(world, id, spec)
  if (root === undefined) return undefined
  const { clonesOnLaunch } = world.abilitiesOf(image)
  const missing = imageProblem(world, `instance ${id}`, image)
  if (missing) return missing
  if (root.kind === 'private') {
    if (clonesOnLaunch !== 'never') return privateProblem(world, id, root)
    return rejected('unsupported', `instance ${id}: this provider makes no roots from the image ${image}`)
  }
  if (clonesOnLaunch !== 'always') return useProblem(world, id, image)
  return rejected('unsupported', `instance ${id}: this provider runs no instance on the image ${image} itself`)
}

/** Gives an instance what it boots from. Found as it is to be, nothing is done. */
export const takeRoot = (world: World, instance: InstanceRecord, spec: InstanceSpec): void => {
  const asked = rootAsked(world, instance.askedFor, spec)
  if (asked === undefined || instance.root !== undefined) return
  if (asked.kind === 'image') {
    takeImage(world, instance.id, spec.image)
    world.alter(instance, made => {
      made.root = { kind: 'image' }
    })
    return
  }
  const volume = placeRoot(world, instance, spec, asked)
  world.alter(instance, made => {
    made.root = { kind: 'private', volume }
  })
}

const placeRoot = (
  world: World,
  { id, askedFor, token, owner }: InstanceRecord,
  { zone, image }: InstanceSpec,
  { volume, sizeBytes = imageBytes }: Extract<RootSpec, { kind: 'private' }>,
): string => {
  // Of a provider that makes another instance when a call is repeated, the other one has another root.
  const name = id === askedFor ? volume : strayOf(world, volume)
  const there = world.volumes.get(name)
  if (there !== undefined) {
    world.alter(there, taken => {
      taken.users = [id]
    })
    return name
  }
  const made: VolumeRecord = {
    kind: 'volume',
    id: name,
    askedFor: volume,
    nth: world.made(volume) + 1,
    sequence: world.nextSequence(),
    owner,
    token,
    madeAt: world.now(),
    spec: { sizeBytes, zone, from: { kind: 'image', id: image } },
    sizeBytes,
    users: [id],
    rootOf: id,
    content: contentOfImage(world, image),
  }
  world.add(made)
  return name
}

/** The end of an instance is that of its root, or sets it free. An image is always only set free. */
export const endRoot = (world: World, { id, root, spec }: InstanceRecord, deletes: boolean): void => {
  if (root?.kind === 'image') releaseImage(world, id, spec.image)
  const volume = root?.kind === 'private' ? world.volumes.get(root.volume) : undefined
  if (volume === undefined) return
  if (deletes) world.remove(volume)
  else {
    world.alter(volume, freed => {
      freed.users = freed.users.filter(user => user !== id)
    })
  }
}
