/** What callers ask of schedules. */
import type { CommandInput } from '../../src/runtime/request.ts'
import { someId, tagInput, type Workload } from './workload.ts'

const MINUTE_MS = 60_000

export function toSchedule(workload: Workload, account: string): CommandInput | undefined {
  const { random } = workload
  const id = random.chance(0.4) ? undefined : someId(workload, 'schedule', account)
  if (id === undefined) return newSchedule(workload, account)
  const command = random.weighted({ run: 4, pause: 1, resume: 2, modify: 1, delete: 1, tag: 0.3 })
  const inputs: Record<string, unknown> = {
    modify: { keep: { count: random.between(1, 3) } },
    tag: tagInput(random, 'tag'),
  }
  return { kind: 'schedule', command, id, input: inputs[command] }
}

function newSchedule(workload: Workload, account: string): CommandInput | undefined {
  const { random } = workload
  const [volume, instance] = [someId(workload, 'volume', account), someId(workload, 'instance', account)]
  const targets = [
    ...(volume === undefined ? [] : [{ kind: 'volume', volume }]),
    ...(instance === undefined ? [] : [{ kind: 'instance', instance }]),
    ...(instance === undefined ? [] : [{ kind: 'vm-snapshot', instance, memory: random.chance(0.5) }]),
  ]
  if (targets.length === 0) return undefined
  const when = random.pick<object>([
    { every: 'interval', intervalMs: MINUTE_MS * random.between(5, 120) },
    { every: 'hour', minute: random.below(60) },
  ])
  const keep = random.pick<object>([{ count: random.between(1, 3) }, { ageMs: MINUTE_MS * random.between(10, 300) }])
  return { kind: 'schedule', command: 'create', input: { target: random.pick(targets), when, keep } }
}
