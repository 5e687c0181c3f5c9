/** A whole engine with one simulated provider that answers at once, an offering, and an account to act for. */
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { type SimulatedOptions, simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

export const GiB = 1_073_741_824

export async function open(options: SimulatedOptions = {}, capabilities: DeclaredCapabilities = {}) {
  const world = simulated({ instant: true, capabilities, ...options })
  const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { lab: world } })
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  return { engine, world, operator, acme: engine.as({ account: 'acme', actor: 'ops' }) }
}
