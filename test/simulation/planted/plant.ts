/** Breaking one thing on purpose, to see that somebody notices. */
import { type AnyStateMachine, createMachine } from 'xstate'
import type { Kind } from '../../../machines/grammar.ts'
import { kinds } from '../../../machines/index.ts'
import type { KindMap } from '../../../src/runtime/client.ts'
import { shapeOf } from '../shape.ts'
import { type SimulationOptions, simulate } from '../simulate.ts'
import { Violation } from '../violation.ts'

// biome-ignore lint/suspicious/noExplicitAny: a machine's configuration, changed by whoever plants the bug
export type Configuration = any

const copied = (value: Configuration): Configuration => {
  if (Array.isArray(value)) return value.map(copied)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copied(each)]))
}

/** All kinds, one of them with a machine that was changed. */
export function withMachine(
  name: keyof typeof kinds,
  change: (config: Configuration) => void,
  others: KindMap = kinds,
): KindMap {
  const kind = others[name] as Kind
  const machine = kind.machine as AnyStateMachine
  const config = copied(machine.config)
  change(config)
  return { ...others, [name]: { ...kind, machine: createMachine(config, machine.implementations as never) } }
}

export interface Planted {
  readonly name: string
  /** Checkers of which one has to notice first. */
  readonly noticedBy: readonly string[]
  readonly options: SimulationOptions
  /** Breaks something of the runtime while the bug is looked for; returns how to mend it. */
  readonly sabotage?: () => () => void
}

/** Seeds tried before a planted bug counts as not found. */
export const SEEDS_MAX = 150

export interface Found {
  readonly seeds: number
  readonly by: string
  readonly message: string
}

export async function hunt({ options, sabotage }: Planted): Promise<Found | undefined> {
  const mend = sabotage?.()
  try {
    for (let seed = 1; seed <= SEEDS_MAX; seed += 1) {
      // Where nobody says otherwise, at a provider that can do everything: there each rule has something to do.
      const { failure } = await simulate(seed, { shape: shapeOf(seed, 'able'), ...options })
      if (failure instanceof Violation) return { seeds: seed, by: failure.checker, message: failure.message }
      if (failure) throw failure
    }
    return undefined
  } finally {
    mend?.()
  }
}
