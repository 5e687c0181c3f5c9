/**
 * What the guest of a stateful instance wrote to its root is there after every stop and start, unless it was taken back; and nothing leads from
 * stopped to running for one that is stateless. (spec: stateful-and-deltacloud P5.)
 */
import { visibleOf } from '../fold.ts'
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'a stop keeps the root'

export const marked: CheckerMaker = () => {
  const modes = new Map<string, string>()
  /** Instances whose guest has written to its root. */
  const written = new Set<string>()
  /** What they wrote since is to be gone. */
  const goingBack = new Set<string>()
  /** Those of which a reader has seen that they run. */
  const up = new Set<string>()
  return {
    name: NAME,
    event({ kind, type, resource, data, before, state, position }) {
      // Whose root a volume is may have changed since: all write anew.
      if (type === 'volume.revertRequested' || type === 'volume.reverted') written.clear()
      // What was taken from it may have been its root, and it may boot from another one next.
      if (type === 'volume.detached') written.delete((data as { instance: string }).instance)
      if (kind !== 'instance') return
      if (type === 'instance.vmSnapshotRevertProposed') goingBack.add(resource)
      if (type === 'instance.vmSnapshotReverted' || type === 'instance.vmSnapshotRevertFailed') {
        goingBack.delete(resource)
        written.delete(resource)
      }
      if (type === 'instance.launchRequested') modes.set(resource, (data as { mode: string }).mode)
      const [from, to] = [visibleOf(before), visibleOf(state)]
      if (from === 'stopped' && (to === 'pending' || to === 'running') && modes.get(resource) === 'stateless')
        throw new Violation(NAME, `event ${position} leads ${resource}, which is stateless, from ${from} to ${to}`)
      if (to === 'running') up.add(resource)
      else up.delete(resource)
    },
    committed(world) {
      for (const id of up) {
        if (modes.get(id) !== 'stateful' || goingBack.has(id)) continue
        const found = world.provider.readRoot(id)
        if (found === undefined) continue
        if (written.has(id) && found !== id)
          throw new Violation(NAME, `the guest of ${id} wrote to its root, and finds "${found}"`)
        if (!written.has(id) && world.provider.writeRoot(id, id)) written.add(id)
      }
    },
  }
}
