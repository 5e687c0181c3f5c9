/**
 * Bug classes around images: one is available before all its snapshots are complete, one survives a snapshot that failed,
 * and a snapshot goes although an image is made of it. (spec: ec2 16.10, 16.12.)
 */
import type { Envelope } from '../../../machines/grammar.ts'
import { visibleOf } from '../fold.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'images are whole'

interface Made {
  readonly snapshot?: string
  readonly blockDevices: readonly { readonly snapshot?: string }[]
}
const madeOf = ({ snapshot, blockDevices }: Made): string[] =>
  [...new Set([snapshot, ...blockDevices.map(each => each.snapshot)])].filter(each => each !== undefined)

export const imageWhole: CheckerMaker = () => {
  /** Image -> its snapshots, of images that are pending or available. */
  const images = new Map<string, readonly string[]>()

  const followImage = ({ resource, version, data, state, position }: Envelope, world: World) => {
    if (version === 1) images.set(resource, madeOf(data as unknown as Made))
    const seen = visibleOf(state)
    if (seen === 'failed' || seen === 'deregistered') images.delete(resource)
    if (seen !== 'available') return
    for (const each of images.get(resource)!) {
      const { state: found } = world.fold.resources.get(each)!
      if (found !== 'completed')
        throw new Violation(NAME, `event ${position}: ${resource} is available, and its snapshot ${each} is ${found}`)
    }
  }
  const using = (snapshot: string) => [...images].find(([, each]) => each.includes(snapshot))?.[0]

  return {
    name: NAME,
    event(event, world) {
      if (event.kind === 'image') followImage(event, world)
    },
    committed(world) {
      for (const [image, snapshots] of images)
        for (const each of snapshots) {
          const state = world.fold.resources.get(each)?.state
          if (state === undefined || /^(error|delet)/.test(state))
            throw new Violation(NAME, `${image} is made of ${each}, which is ${state ?? 'nowhere'}`)
        }
    },
    called({ verb, id, token }) {
      const image = verb === 'volumeSnapshotDelete' ? using(id) : undefined
      if (image) throw new Violation(NAME, `${token} deletes ${id}, which ${image} is made of`)
    },
  }
}
