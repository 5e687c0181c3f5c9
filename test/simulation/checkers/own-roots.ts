/**
 * A root has one owner: no two instances run on one disk, an image is run on by one at a time, and what was made to be
 * the root of an instance goes with it. (spec: stateful-and-deltacloud 3a.5; P1, P3.)
 */
import { visibleOf } from '../fold.ts'
import { wasGivenUp } from '../given-up.ts'
import { deviceName } from '../model.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'a root of its own'

interface Launched {
  readonly image: string
  readonly rootOwner: string
  readonly rootDevice: string
  /** The name of a root that its provider makes and leaves. */
  readonly keptRoot?: { readonly volume: string }
  /** And where it was placed. */
  readonly providerRoot?: { readonly pool?: string }
  readonly devices: readonly { readonly device: string; readonly volume: string }[]
}
type Root = { readonly kind: 'private' | 'volume'; readonly volume: string } | { readonly kind: 'image' }

export const ownRoots: CheckerMaker = () => {
  const launched = new Map<string, Launched>()

  /** At the provider: the disk each instance there boots from. */
  const checkDisks = ({ provider }: World) => {
    const users = new Map<string, string>()
    for (const { kind, id, facts } of provider.objects()) {
      const root = kind === 'instance' ? (facts.root as Root | undefined) : undefined
      if (!root || root.kind === 'image') continue
      const other = users.get(root.volume)
      if (other) throw new Violation(NAME, `${id} and ${other} both boot from ${root.volume}`)
      users.set(root.volume, id)
    }
  }
  /** At the provider: the roots that it made lie where they were placed. */
  const checkPlaces = ({ provider }: World) => {
    const volumes = new Map(provider.objects().map(({ kind, id, facts }) => [kind === 'volume' ? id : '', facts]))
    for (const [id, { keptRoot, providerRoot }] of launched) {
      const facts = volumes.get(keptRoot?.volume ?? `${id}/root`)
      const [there, here] = [facts?.pool, providerRoot?.pool?.replace('pool/', '')]
      if (facts && there !== here) throw new Violation(NAME, `the root of ${id} is in ${there}, and belongs in ${here}`)
    }
  }
  /** In the log: who has an image for itself. */
  const checkImages = (world: World) => {
    const users = new Map<string, string>()
    for (const [id, { rootOwner, image }] of launched) {
      if (rootOwner !== 'image' || world.replay.is(id, 'terminal')) continue
      const other = users.get(image)
      if (other) throw new Violation(NAME, `${id} and ${other} both run on ${image}`)
      users.set(image, id)
    }
  }

  return {
    name: NAME,
    event({ type, resource, data }, world) {
      if (type === 'instance.launchRequested') {
        launched.set(resource, data as unknown as Launched)
        checkImages(world)
      }
    },
    replied({ verb }, outcome, world) {
      if (outcome.kind !== 'done' || (verb !== 'instanceEnsure' && verb !== 'instancePower')) return
      checkDisks(world)
      checkPlaces(world)
    },
    rest(world) {
      checkDisks(world)
      const there = new Set(world.provider.objects().map(({ id }) => id))
      for (const [id, { rootOwner, devices, rootDevice, keptRoot }] of launched) {
        if (visibleOf(world.fold.resources.get(id)!.state) !== 'terminated' || wasGivenUp(world, id)) continue
        const isLeft = keptRoot ? there.has(keptRoot.volume) : there.has(`${id}/root`)
        if (rootOwner === 'provider' && isLeft)
          throw new Violation(NAME, `${id} is terminated, and the root that its provider made is left`)
        const root = devices.find(({ device }) => deviceName(device) === deviceName(rootDevice))
        if (rootOwner !== 'engine' || !root || !there.has(root.volume) || wasGivenUp(world, root.volume)) continue
        // Kept by its flag, it is a volume like any other.
        const { state } = world.fold.resources.get(root.volume)!
        if (visibleOf(state) !== 'available' && visibleOf(state) !== 'in-use')
          throw new Violation(NAME, `${id} is terminated, and its root ${root.volume} (${state}) is left`)
      }
    },
  }
}
