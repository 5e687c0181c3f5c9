/** Bug class: a volume is deleted before the compute that had it is confirmed gone. (spec: ec2 8, 16.4.) */
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'compute goes first'

interface Held {
  readonly instance: string
}

export const computeFirst: CheckerMaker = () => {
  /** Volume -> instance whose compute may have it. */
  const held = new Map<string, Held>()
  const free = (instance: string) => {
    for (const [volume, holder] of held) if (holder.instance === instance) held.delete(volume)
  }
  return {
    name: NAME,
    event({ type, resource, data }) {
      // The provider's own word that the compute is gone or off; what an instance was told or asked says nothing.
      if (type === 'instance.destroyed' || type === 'instance.stopped') free(resource)
      // From then on its volumes are their owner's to delete.
      else if (type === 'instance.abandonCleanupRequested' && (data as { item: string }).item === resource)
        free(resource)
      else if (type === 'volume.detached') held.delete(resource)
      else if (type === 'volume.attachFailed') held.delete(resource)
      else if (type === 'instance.createFailed' && (data as { code?: string }).code === 'unsupported') free(resource)
    },
    called({ verb, id, args, token }) {
      const { devices = [], volume } = (args ?? {}) as { devices?: readonly { volume: string }[]; volume?: string }
      if (verb === 'instanceEnsure' || verb === 'instancePower')
        for (const each of devices) held.set(each.volume, { instance: id })
      if (verb === 'attach') held.set(volume!, { instance: id })
      if (verb !== 'volumeDelete') return
      const holder = held.get(id)
      if (holder)
        throw new Violation(NAME, `${token} deletes ${id} while the compute of ${holder.instance} may have it`)
    },
  }
}
