/**
 * A volume is deleted only because its owner asked for that, or because it was to end with an instance; no provider
 * takes one that was to stay. (spec: stateful-and-deltacloud P7.)
 */
import { wentWithGuest } from '../taken.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'volumes stay'

export const volumesStay: CheckerMaker = () => {
  const condemned = new Set<string>()
  /** Volumes that were made. */
  const made = new Set<string>()
  const check = (world: World) => {
    const there = new Set(world.provider.objects().map(({ id }) => id))
    for (const id of made)
      if (!condemned.has(id) && !there.has(id) && !wentWithGuest(world, id))
        throw new Violation(NAME, `${id} is gone, and was to stay`)
  }
  return {
    name: NAME,
    event({ type, resource, data }) {
      if (type === 'volume.created') made.add(resource)
      // A root that a provider made and left is nobody's but its instance's.
      if (type === 'volume.deleteRequested' || type === 'volume.rootLeft') condemned.add(resource)
      const { deleteOnTermination } = data as { deleteOnTermination?: boolean }
      if (type === 'volume.instanceGone' && deleteOnTermination) condemned.add(resource)
    },
    called({ verb, id, token }) {
      if (verb === 'volumeDelete' && !condemned.has(id))
        throw new Violation(NAME, `${token} deletes ${id}, which stays`)
    },
    rest: check,
  }
}
