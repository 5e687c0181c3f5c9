/** One engine on files over real machines, as a control plane would run it: the part that is killed. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { qemu } from '../../src/drivers/qemu/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { ForwardClock } from './clock.ts'

export const mebibytes = 1024 * 1024
export const operator = { account: 'operator', actor: 'chaos', authority: 'operator' as const }
export const acme = { account: 'acme', actor: 'chaos' }

export const poolOf = (folder: string): string => join(folder, 'p')
export const databaseOf = (folder: string): string => join(folder, 'cloud.db')

export async function openEngine(folder: string) {
  mkdirSync(poolOf(folder), { recursive: true })
  const clock = new ForwardClock()
  // Guests without an operating system neither end by themselves nor let go of a disk: an end may be all that frees it.
  const driver = qemu({ pool: poolOf(folder), gracefulMs: 300, now: clock.now })
  const store = sqlite(databaseOf(folder))
  const options = { kinds, projections, store, clock, drivers: { here: driver }, surveyEveryMs: 0 }
  const engine = await createEngine(options)
  return { engine, driver, clock }
}
