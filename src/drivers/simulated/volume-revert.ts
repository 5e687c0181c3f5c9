/** Taking a volume of the simulated provider back to what one of its snapshots keeps; once for one token. */
import type { Outcome, VolumeRevertSpec } from '../driver.ts'
import { done, partlyDone, rejected } from '../outcomes.ts'
import { computes } from './capacity.ts'
import { factsOf, referenceOf } from './records.ts'
import { keeperOf } from './vm-snapshot-holds.ts'
import type { World } from './world.ts'

export const volumeRevert = (
  world: World,
  id: string,
  spec: VolumeRevertSpec,
  token: string,
  half: boolean,
): Outcome => {
  const { revert, revertRestoresSize } = world.abilities.volumeSnapshot
  if (!revert) return rejected('unsupported', `volume ${id}: this provider takes no volume back`)
  const volume = world.volumes.get(id)
  if (volume === undefined || volume.incomplete) return rejected('notFound', `there is no volume ${id}`)
  if (volume.owner !== world.owner) return rejected('denied', `volume ${id} belongs to ${volume.owner}`)
  if (volume.revertToken === token) return done(factsOf(volume), true, referenceOf(volume))
  const snapshot = world.snapshots.get(spec.snapshot)
  if (snapshot === undefined || snapshot.incomplete)
    return rejected('notFound', `volume ${id}: there is no complete snapshot ${spec.snapshot}`)
  if (snapshot.spec.volume !== id) return rejected('invalid', `volume ${id}: ${snapshot.id} is a snapshot of another`)
  const user = volume.users.find(each => {
    const instance = world.instances.get(each)
    return instance !== undefined && (computes(instance) || instance.status === 'suspended')
  })
  if (user !== undefined) return rejected('precondition', `volume ${id} is in use by ${user}; stop it first`)
  const keeper = keeperOf(world, id)
  if (keeper) return rejected('precondition', `volume ${id} is kept by the VM snapshot ${keeper.id}`)
  world.alter(volume, back => {
    back.content = snapshot.content
    if (revertRestoresSize) back.sizeBytes = snapshot.sizeBytes
    if (!half) back.revertToken = token
  })
  if (half) return partlyDone(`volume ${id} is half as it was`)
  return done(factsOf(volume), false, referenceOf(volume))
}
