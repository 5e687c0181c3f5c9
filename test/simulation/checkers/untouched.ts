/** Launches leave an image as it is, unless it was launched to be run on itself. (spec: stateful-and-deltacloud P2.) */
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'images stay as they are'

export const untouched: CheckerMaker = () => {
  const digests = new Map<string, string | undefined>()
  const consumed = new Set<string>()
  return {
    name: NAME,
    event({ kind, version, type, resource, data }, world) {
      if (kind === 'image' && version === 1) digests.set(resource, world.provider.digest('image', resource))
      const { image, rootOwner } = data as { image?: string; rootOwner?: string }
      if (type === 'instance.launchRequested' && rootOwner === 'image') consumed.add(image!)
    },
    rest(world) {
      for (const [image, digest] of digests)
        if (!consumed.has(image) && world.provider.digest('image', image) !== digest)
          throw new Violation(NAME, `${image} is not what it was, and nobody was launched on it`)
    },
  }
}
