/** What the simulated provider does with volumes. Each call looks at the truth, and does all of it, half of it or nothing. */
import type { Outcome, ResizeSpec, VolumeSpec } from '../driver.ts'
import { usesVolumes } from '../optional-calls.ts'
import { done, partlyDone, rejected } from '../outcomes.ts'
import { remakes, strayOf } from './identity.ts'
import { contentOfImage, imageProblem } from './images.ts'
import { factsOf, referenceOf, type VolumeRecord } from './records.ts'
import { blockProblem, keeperOf } from './vm-snapshot-holds.ts'
import { poolProblem } from './volume-migrate.ts'
import type { World } from './world.ts'

const found = (volume: VolumeRecord, already: boolean): Outcome => done(factsOf(volume), already, referenceOf(volume))

const sameVolume = (a: VolumeSpec, b: VolumeSpec): boolean =>
  a.sizeBytes === b.sizeBytes &&
  a.zone === b.zone &&
  a.volumeType === b.volumeType &&
  a.iops === b.iops &&
  a.throughputMiBps === b.throughputMiBps &&
  (a.encrypted ?? false) === (b.encrypted ?? false) &&
  a.kmsKey === b.kmsKey &&
  a.from?.kind === b.from?.kind &&
  a.from?.id === b.from?.id

const sizeProblem = (world: World, sizeBytes: number): Outcome | undefined => {
  const { minBytes, maxBytes, stepBytes } = world.abilities.volume
  if (
    Number.isSafeInteger(sizeBytes) &&
    sizeBytes >= minBytes &&
    sizeBytes <= maxBytes &&
    sizeBytes % stepBytes === 0
  ) {
    return undefined
  }
  return rejected('invalid', `a volume has ${minBytes} to ${maxBytes} bytes in steps of ${stepBytes}, not ${sizeBytes}`)
}

const originProblem = (world: World, id: string, from: string, sizeBytes: number): Outcome | undefined => {
  const snapshot = world.snapshots.get(from)
  if (snapshot === undefined) return rejected('notFound', `volume ${id}: there is no snapshot ${from}`)
  if (snapshot.incomplete) return rejected('precondition', `volume ${id}: the snapshot ${from} is not complete`)
  if (snapshot.owner !== world.owner) return rejected('denied', `snapshot ${from} belongs to ${snapshot.owner}`)
  if (sizeBytes >= snapshot.sizeBytes) return undefined
  return rejected('invalid', `volume ${id}: ${sizeBytes} bytes do not hold the ${snapshot.sizeBytes} of ${from}`)
}

const volumeProblem = (world: World, id: string, spec: VolumeSpec): Outcome | undefined => {
  const invalid = sizeProblem(world, spec.sizeBytes)
  if (invalid) return invalid
  if (!world.abilities.zones.includes(spec.zone)) {
    return rejected(
      'invalid',
      `volume ${id}: there is no zone "${spec.zone}", only ${world.abilities.zones.join(', ')}`,
    )
  }
  const elsewhere = poolProblem(world, id, spec.pool)
  if (elsewhere) return elsewhere
  if (spec.encrypted && !world.abilities.volume.encrypt) {
    return rejected('unsupported', `volume ${id}: this provider encrypts nothing`)
  }
  if (spec.from?.kind === 'image') {
    const { canCreateVolumeFromImage, canCloneImage } = world.abilities
    if (!canCreateVolumeFromImage && !canCloneImage)
      return rejected('unsupported', `volume ${id}: this provider makes no volumes from images`)
    const missing = imageProblem(world, `volume ${id}`, spec.from.id)
    if (missing) return missing
  } else if (!usesVolumes(world.abilities))
    return rejected('unsupported', `volume ${id}: this provider has no volumes but clones of images`)
  if (spec.from?.kind === 'volumeSnapshot') {
    const problem = originProblem(world, id, spec.from.id, spec.sizeBytes)
    if (problem) return problem
  }
  const lacking = world.capacity.lacking({ volumeBytes: spec.sizeBytes })
  return lacking === undefined ? undefined : rejected('exhausted', `volume ${id}: ${lacking}`)
}

export const volumeEnsure = (world: World, id: string, spec: VolumeSpec, token: string, half: boolean): Outcome => {
  const existing = world.volumes.get(id)
  if (existing !== undefined && !remakes(world, existing, token)) {
    if (existing.owner !== world.owner || !sameVolume(existing.spec, spec)) {
      return rejected('conflict', `volume ${id} exists with another owner or specification`)
    }
    if (existing.incomplete === undefined) return found(existing, true)
    if (existing.incomplete === 'removing') return rejected('conflict', `volume ${id} is being deleted`)
    if (half) return partlyDone(`volume ${id} is half made`)
    world.alter(existing, volume => {
      volume.incomplete = undefined
    })
    return found(existing, false)
  }
  if (existing === undefined && world.gone('volume', id) && world.abilities.idempotency.by !== 'none') {
    // A create that comes late, after the delete, must not bring an empty disk back under the old name.
    return rejected('conflict', `volume ${id} was deleted; an id is used once`)
  }
  const problem = volumeProblem(world, id, spec)
  if (problem) return problem
  const volume: VolumeRecord = {
    kind: 'volume',
    id: existing === undefined ? id : strayOf(world, id),
    askedFor: id,
    nth: world.made(id) + 1,
    sequence: world.nextSequence(),
    owner: world.owner,
    token,
    madeAt: world.now(),
    incomplete: half ? 'making' : undefined,
    spec,
    sizeBytes: spec.sizeBytes,
    pool: spec.pool,
    ...ratesOf(spec),
    users: [],
    content: contentOf(world, spec),
  }
  world.add(volume)
  return half ? partlyDone(`volume ${id} is half made`) : found(volume, false)
}

const contentOf = (world: World, { from }: VolumeSpec) => {
  if (from === undefined) return undefined
  return from.kind === 'image' ? contentOfImage(world, from.id) : world.snapshots.get(from.id)?.content
}

const ratesOf = ({ volumeType, iops, throughputMiBps }: Rates): Rates => ({ volumeType, iops, throughputMiBps })
type Rates = Pick<ResizeSpec, 'volumeType' | 'iops' | 'throughputMiBps'>

/** What a volume is to be like after a call that names some of it. */
const reshaped = (volume: VolumeRecord, { volumeType = volume.volumeType, ...named }: ResizeSpec): Rates => {
  const kept = volumeType === volume.volumeType ? volume : undefined
  const { iops = kept?.iops, throughputMiBps = kept?.throughputMiBps } = named
  return { volumeType, iops, throughputMiBps }
}
const sameRates = (a: Rates, b: Rates) =>
  a.volumeType === b.volumeType && a.iops === b.iops && a.throughputMiBps === b.throughputMiBps

/** A change is done at once; the contents may be moved for longer, and the answer says so. */
const settled = (world: World, volume: VolumeRecord, already: boolean): Outcome => {
  const isMoving = (volume.movingUntil ?? 0) > world.now()
  const facts = isMoving ? { ...factsOf(volume), optimizing: true } : factsOf(volume)
  return done(facts, already, referenceOf(volume))
}

/** Grows, or changes the type; what is large enough already is left so, and none ever shrinks. */
export const volumeResize = (world: World, id: string, spec: ResizeSpec): Outcome => {
  const { sizeBytes } = spec
  const volume = world.volumes.get(id)
  if (volume === undefined || volume.incomplete) return rejected('notFound', `there is no volume ${id} to resize`)
  const invalid = sizeProblem(world, sizeBytes)
  if (invalid) return invalid
  const rates = reshaped(volume, spec)
  const grows = sizeBytes > volume.sizeBytes
  if (!grows && sameRates(volume, rates)) return settled(world, volume, true)
  const { grow, retype } = world.abilities.volume
  if (grows && grow === 'none') return rejected('unsupported', `volume ${id}: volumes of this provider do not grow`)
  if (!retype && !sameRates(volume, rates))
    return rejected('unsupported', `volume ${id}: this provider changes no types or rates`)
  const keeper = grows ? world.instances.get(keeperOf(world, id)?.instance ?? '') : undefined
  const blocked = keeper && blockProblem(world, keeper, 'resize')
  if (blocked) return blocked
  const runsUnder = volume.users.find(user => world.instances.get(user)?.status !== 'stopped')
  if (grows && grow === 'offline' && runsUnder !== undefined) {
    return rejected('precondition', `volume ${id} grows only while ${runsUnder}, which has it, is stopped`)
  }
  const lacking = world.capacity.lacking({ volumeBytes: Math.max(sizeBytes - volume.sizeBytes, 0) })
  if (lacking !== undefined) return rejected('exhausted', `volume ${id}: ${lacking}`)
  world.alter(volume, changed => {
    changed.sizeBytes = Math.max(sizeBytes, changed.sizeBytes)
    Object.assign(changed, rates)
    if (world.optimizeMs > 0) changed.movingUntil = world.now() + world.optimizeMs
  })
  return settled(world, volume, false)
}

/** Why the provider keeps a volume that nobody uses; undefined if it does not. */
const pinProblem = (world: World, { id, spec }: VolumeRecord): Outcome | undefined => {
  const { abilities } = world
  if (spec.from?.kind === 'image' && !abilities.canCreateVolumeFromImage && abilities.canCloneImage)
    if (!abilities.canDeleteClone) return rejected('unsupported', `volume ${id}: this provider deletes no clones`)
  const keeper = keeperOf(world, id)
  if (keeper)
    return rejected('precondition', `volume ${id} is needed by the VM snapshot ${keeper.id} of ${keeper.instance}`)
  if (abilities.volumeSnapshot.independentOfVolume || world.snapshots.size === 0) return undefined
  const snapshot = [...world.snapshots.values()].find(each => each.spec.volume === id)
  return snapshot && rejected('precondition', `volume ${id} is needed by its snapshot ${snapshot.id}`)
}

export const volumeDelete = (world: World, id: string, _: unknown, __: string, half: boolean): Outcome => {
  const volume = world.volumes.get(id)
  if (volume === undefined) return done({}, true)
  if (volume.owner !== world.owner) return rejected('denied', `volume ${id} belongs to ${volume.owner}`)
  if (volume.users.length > 0) {
    return rejected('precondition', `volume ${id} is connected to ${volume.users.join(', ')}; detach or destroy first`)
  }
  const pinned = pinProblem(world, volume)
  if (pinned) return pinned
  if (half) {
    world.alter(volume, leaving => {
      leaving.incomplete = 'removing'
    })
    return partlyDone(`volume ${id} is half deleted`)
  }
  world.remove(volume)
  return done({})
}
