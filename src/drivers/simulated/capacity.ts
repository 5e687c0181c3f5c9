/** How much the provider has and how much of it is used. Full is the driver's `exhausted`; the engine never guesses. */
import type { Facts } from '../driver.ts'
import type { InstanceRecord, ObjectRecord } from './records.ts'

/** Totals; what is left out is without limit. A stopped instance uses no processor and no memory. */
export interface SimulatedCapacity {
  readonly vcpus?: number
  readonly memoryBytes?: number
  readonly volumeBytes?: number
  readonly instances?: number
}
export type Amounts = { -readonly [A in keyof SimulatedCapacity]-?: number }
const amountNames = ['vcpus', 'memoryBytes', 'volumeBytes', 'instances'] as const

export const computes = (instance: InstanceRecord): boolean =>
  instance.status === 'running' || instance.status === 'paused'

/** What an instance has of processors and memory. A guest that waits in memory keeps its own. */
export const held = (instance: InstanceRecord): { readonly vcpus: number; readonly memoryBytes: number } => {
  const { vcpus, memoryBytes } = instance.spec
  if (computes(instance)) return { vcpus, memoryBytes }
  return { vcpus: 0, memoryBytes: instance.suspendedTo === 'memory' ? memoryBytes : 0 }
}

export class Capacity {
  readonly total: SimulatedCapacity
  readonly used: Amounts = { vcpus: 0, memoryBytes: 0, volumeBytes: 0, instances: 0 }

  constructor(total: SimulatedCapacity = {}) {
    this.total = total
  }

  /** The first amount that is not there in full, in words; undefined if all is. */
  lacking(wanted: Partial<Amounts>): string | undefined {
    for (const name of amountNames) {
      const total = this.total[name]
      const more = wanted[name]
      if (total === undefined || !more) continue
      if (this.used[name] + more > total)
        return `${more} ${name} wanted, ${Math.max(total - this.used[name], 0)} of ${total} free`
    }
    return undefined
  }

  /** Counts what an object uses now (sign 1), or takes it back (sign -1). Take back before a change, count after it. */
  count(record: ObjectRecord, sign: 1 | -1): void {
    if (record.kind === 'volume') {
      this.used.volumeBytes += sign * record.sizeBytes
      return
    }
    if (record.kind !== 'instance') return
    this.used.instances += sign
    const { vcpus, memoryBytes } = held(record)
    this.used.vcpus += sign * vcpus
    this.used.memoryBytes += sign * memoryBytes
  }

  /** As a provider shows it that measures what is used, or only declares what there is, or neither. */
  shown(how: 'measured' | 'declared' | 'none'): Facts {
    if (how === 'measured') return this.facts()
    const totals = Object.entries(this.facts()).filter(([name]) => name.startsWith('total'))
    return how === 'declared' ? Object.fromEntries(totals) : {}
  }

  /** `{ totalVcpus?, usedVcpus, totalMemoryBytes?, usedMemoryBytes, ... }`; without a limit there is no total. */
  facts(): Facts {
    const facts: Record<string, number> = {}
    for (const name of amountNames) {
      const suffix = name[0]!.toUpperCase() + name.slice(1)
      const total = this.total[name]
      if (total !== undefined) facts[`total${suffix}`] = total
      facts[`used${suffix}`] = this.used[name]
    }
    return facts
  }
}
