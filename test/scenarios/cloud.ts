/** A whole engine with one simulated provider that answers at once, an offering, and an account to act for. */
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { type SimulatedOptions, simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { TestClock } from '../runtime/clock.ts'

export const GiB = 1_073_741_824

/** `clock`: of the engine and of its provider, which then takes a second for everything. */
export async function open(
  options: SimulatedOptions = {},
  capabilities: DeclaredCapabilities = {},
  { clock, store, isNew = true }: { clock?: TestClock; store?: ReturnType<typeof sqlite>; isNew?: boolean } = {},
) {
  const slow = clock && { clock, latencyMs: { min: 1000, max: 1000 }, instant: false }
  const world = simulated({ instant: true, capabilities, ...slow, ...options })
  const engine = await createEngine({
    kinds,
    projections,
    store: store ?? sqlite(':memory:'),
    drivers: { lab: world },
    clock,
  })
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  if (isNew) await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  return { engine, world, operator, acme: engine.as({ account: 'acme', actor: 'ops' }) }
}
