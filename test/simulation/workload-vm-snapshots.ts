/** What callers ask of VM snapshots. */
import type { CommandInput } from '../../src/runtime/request.ts'
import { someId, tagInput, type Workload } from './workload.ts'

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
