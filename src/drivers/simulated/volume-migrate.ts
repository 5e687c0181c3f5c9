/** Moving a volume of the simulated provider to another of its pools. It is in one or in the other, and never in two. */
import type { Outcome, VolumeMigrateSpec } from '../driver.ts'
import { done, partlyDone, rejected } from '../outcomes.ts'
import { computes } from './capacity.ts'
import { factsOf, referenceOf, type VolumeRecord } from './records.ts'
import { blockProblem, keeperOf } from './vm-snapshot-holds.ts'
import type { World } from './world.ts'

export const volumeMigrate = (
  world: World,
  id: string,
  { pool }: VolumeMigrateSpec,
  _: string,
  half: boolean,
): Outcome => {
  const { migrate } = world.abilities.volume
  if (migrate === 'none') return rejected('unsupported', `volume ${id}: this provider moves no volume`)
  const volume = world.volumes.get(id)
  if (volume === undefined || volume.incomplete) return rejected('notFound', `there is no volume ${id} to move`)
  if (volume.owner !== world.owner) return rejected('denied', `volume ${id} belongs to ${volume.owner}`)
  const problem = poolProblem(world, id, pool)
  if (problem) return problem
  if (volume.pool === pool) return done(factsOf(volume), true, referenceOf(volume))
  const inTheWay = (migrate === 'offline' ? userProblem(world, volume) : undefined) ?? keptProblem(world, id)
  if (inTheWay) return inTheWay
  // Half of a copy is no disk: it is where it was.
  if (half) return partlyDone(`volume ${id} is half copied to ${pool}`)
  world.alter(volume, there => {
    there.pool = pool
  })
  return done(factsOf(volume), false, referenceOf(volume))
}

/** Where it was told which pools it has, it knows no other. */
export const poolProblem = ({ pools }: World, id: string, pool: string | undefined): Outcome | undefined =>
  pool === undefined || pools === undefined || pools.includes(pool)
    ? undefined
    : rejected('invalid', `volume ${id}: there is no pool "${pool}", only ${pools.join(', ')}`)

const userProblem = (world: World, { id, users }: VolumeRecord): Outcome | undefined => {
  const user = users.find(each => {
    const instance = world.instances.get(each)
    return instance !== undefined && (computes(instance) || instance.status === 'suspended')
  })
  return user === undefined ? undefined : rejected('precondition', `volume ${id} is in use by ${user}; stop it first`)
}
const keptProblem = (world: World, id: string): Outcome | undefined => {
  const keeper = world.instances.get(keeperOf(world, id)?.instance ?? '')
  return keeper && blockProblem(world, keeper, 'migrate')
}
