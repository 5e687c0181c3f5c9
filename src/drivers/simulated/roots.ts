/** What instances of the simulated provider boot from, and what becomes of it. */
import type { InstanceSpec, Outcome, RootSpec } from '../driver.ts'
import { rejected } from '../outcomes.ts'
import { strayOf } from './identity.ts'
import { contentOfImage, imageProblem, releaseImage, takeImage, useProblem } from './images.ts'
import type { InstanceRecord, VolumeRecord } from './records.ts'
import { poolProblem } from './volume-migrate.ts'
import type { World } from './world.ts'

const imageBytes = 1024 ** 3

/** An instance and the id it was asked for under: they differ for one more of a provider that repeats what it is asked. */
type Asked = Pick<InstanceRecord, 'id' | 'askedFor'>

/** What an instance is to boot from, besides what is among its devices. One more instance has one more root. */
const rootAsked = (
  world: World,
  { id, askedFor }: Asked,
  { root, devices, image }: InstanceSpec,
): RootSpec | undefined => {
  if (root?.kind === 'image' || (root === undefined && devices.some(device => device.root))) return root
  const { clonesOnLaunch, runsOnImage } = world.abilitiesOf(image)
  if (root === undefined && clonesOnLaunch === 'never') return runsOnImage ? { kind: 'image' } : undefined
  const { volume, ...rest } = root ?? { kind: 'private', volume: `${askedFor}/root` }
  return { ...rest, volume: id === askedFor ? volume : strayOf(world, volume) }
}

const privateProblem = (
  world: World,
  id: string,
  { volume, sizeBytes = imageBytes, pool }: Extract<RootSpec, { kind: 'private' }>,
): Outcome | undefined => {
  const there = world.volumes.get(volume)
  if (there !== undefined) {
    const isItsOwn = there.rootOf === id && there.users.every(user => user === id)
    return isItsOwn ? undefined : rejected('conflict', `instance ${id}: the volume ${volume} exists already`)
  }
  if (world.gone('volume', volume) && world.abilities.idempotency.by !== 'none')
    return rejected('conflict', `instance ${id}: its root ${volume} was deleted; an id is used once`)
  const elsewhere = poolProblem(world, volume, pool)
  if (elsewhere) return elsewhere
  const lacking = world.capacity.lacking({ volumeBytes: sizeBytes })
  return lacking === undefined ? undefined : rejected('exhausted', `instance ${id}: ${lacking}`)
}

/** Why an instance can not boot from what it is asked to; undefined if it can. */
export const rootProblem = (world: World, asked: Asked, spec: InstanceSpec): Outcome | undefined => {
  const [{ id }, { image, devices }] = [asked, spec]
  if (spec.root && devices.some(device => device.root))
    return rejected('invalid', `instance ${id}: it has a root and a root among its devices`)
  const root = rootAsked(world, asked, spec)
  if (root === undefined) return undefined
  const { clonesOnLaunch, runsOnImage } = world.abilitiesOf(image)
  const missing = imageProblem(world, `instance ${id}`, image)
  if (missing) return missing
  if (root.kind === 'private') {
    if (clonesOnLaunch !== 'never') return privateProblem(world, id, root)
    return rejected('unsupported', `instance ${id}: this provider makes no roots from the image ${image}`)
  }
  if (runsOnImage) return useProblem(world, id, image)
  return rejected('unsupported', `instance ${id}: this provider runs no instance on the image ${image} itself`)
}

/** Gives an instance what it boots from. Found as it is to be, nothing is done. */
export const takeRoot = (world: World, instance: InstanceRecord, spec: InstanceSpec): void => {
  const asked = rootAsked(world, instance, spec)
  if (asked === undefined || instance.root !== undefined) return
  if (asked.kind === 'image') {
    takeImage(world, instance.id, spec.image)
    world.alter(instance, made => {
      made.root = { kind: 'image' }
    })
    return
  }
  placeRoot(world, instance, spec, asked)
  world.alter(instance, made => {
    made.root = { kind: 'private', volume: asked.volume }
  })
}

const placeRoot = (
  world: World,
  { id, askedFor, token, owner }: InstanceRecord,
  { zone, image }: InstanceSpec,
  { volume, sizeBytes = imageBytes, pool }: Extract<RootSpec, { kind: 'private' }>,
): void => {
  const there = world.volumes.get(volume)
  if (there !== undefined) {
    world.alter(there, taken => {
      taken.users = [id]
    })
    return
  }
  const firstName = id === askedFor ? volume : volume.slice(0, volume.lastIndexOf('~'))
  const made: VolumeRecord = {
    kind: 'volume',
    id: volume,
    askedFor: firstName,
    nth: world.made(firstName) + 1,
    sequence: world.nextSequence(),
    owner,
    token,
    madeAt: world.now(),
    spec: { sizeBytes, zone, pool, from: { kind: 'image', id: image } },
    sizeBytes,
    pool,
    users: [id],
    rootOf: id,
    content: contentOfImage(world, image),
  }
  world.add(made)
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
