/** What callers ask of VM snapshots. */
import type { CommandInput } from '../../src/runtime/request.ts'
import { running, someId, someVerb, tagInput, type Workload } from './workload.ts'

export function toVmSnapshot(workload: Workload, account: string): CommandInput | undefined {
  const { random } = workload
  const id = random.chance(0.5) ? undefined : someId(workload, 'vm-snapshot', account)
  if (id === undefined) {
    const instance = someId(workload, 'instance', account)
    if (instance === undefined) return undefined
    const input = {
      instance,
      memory: random.chance(0.6),
      ...(random.chance(0.2) ? { retentionMs: 600_000 * random.between(1, 6) } : {}),
      ...(random.chance(0.1) ? { name: 'the one' } : {}),
    }
    return { kind: 'vm-snapshot', command: 'create', input }
  }
  const command = random.weighted({ revert: 4, delete: 3, tag: 0.3 })
  const inputs = { revert: {}, delete: { subtree: random.chance(0.3) }, tag: tagInput(random, 'tag') }
  return { kind: 'vm-snapshot', command, id, input: inputs[command] }
}

/** One is taken, and in the same request something is asked of its instance, or of a volume of it. */
export function takenAndMore(workload: Workload, account: string): CommandInput[] | undefined {
  const { world, random } = workload
  const awake = running(world).filter(id => world.fold.resources.get(id)!.account === account)
  const instance = awake.length > 0 ? random.pick(awake) : someId(workload, 'instance', account)
  if (instance === undefined) return undefined
  const taken = { kind: 'vm-snapshot', command: 'create', input: { instance, memory: random.chance(0.6) } }
  const { devices = {} } = world.replay.snapshots.get(instance)!.context as {
    devices?: Record<string, { volume: string }>
  }
  const volumes = Object.values(devices).map(({ volume }) => volume)
  if (volumes.length > 0 && random.chance(0.3))
    return [taken, { kind: 'volume', command: 'detach', id: random.pick(volumes), input: {} }]
  const command = someVerb(workload, 'instance', instance)
  const input = { tag: tagInput(random, 'tag'), untag: tagInput(random, 'untag'), modify: { type: 'large' } }[command]
  return [taken, { kind: 'instance', command, id: instance, input }]
}
