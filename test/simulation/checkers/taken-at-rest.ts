/**
 * Bug class: a disk is taken while its guest, which was to be off for that, writes to it; or the guest stays off when
 * there is nothing to take any more. (spec: ec2 5.4.)
 */
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'taken at rest'

export const takenAtRest: CheckerMaker = () => {
  /** Snapshots for which a guest is turned off. */
  const held = new Set<string>()
  return {
    name: NAME,
    event({ type, resource, data }) {
      if (type === 'snapshot.requestedByVolume' && (data as { held: boolean }).held) held.add(resource)
    },
    replied({ id, verb }, outcome) {
      if (verb !== 'volumeSnapshotEnsure' || outcome.kind !== 'done' || !held.has(id)) return
      if (outcome.facts.live) throw new Violation(NAME, `${id} was taken while the guest ran`)
    },
    committed(world) {
      for (const { id, state } of world.fold.resources.values()) {
        if (state !== 'running.capturing.cutting') continue
        const { quieted } = world.replay.snapshots.get(id)!.context as { quieted: { image: string } }
        const image = world.fold.resources.get(quieted.image)!
        if (image.state !== 'pending')
          throw new Violation(NAME, `${id} is off for ${image.id}, which is ${image.state}`)
      }
    },
  }
}
