/** One engine on files, as a control plane would run it: the part that is killed. */
import { join } from 'node:path'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

export const worldOf = (folder: string) => simulated({ file: join(folder, 'world.db'), latencyMs: { min: 0, max: 4 } })

export const openEngine = (folder: string, world = worldOf(folder)) =>
  createEngine({ kinds, projections, store: sqlite(join(folder, 'cloud.db')), drivers: { local: world } })

export const operator = { account: 'operator', actor: 'test', authority: 'operator' as const }
export const acme = { account: 'acme', actor: 'test' }
export const GiB = 1_073_741_824
