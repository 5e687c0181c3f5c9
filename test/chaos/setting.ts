/** One engine on files over real machines, as a control plane would run it: the part that is killed. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { qemu } from '../../src/drivers/qemu/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

export const mebibytes = 1024 * 1024
export const operator = { account: 'operator', actor: 'chaos', authority: 'operator' as const }
export const acme = { account: 'acme', actor: 'chaos' }

export const poolOf = (folder: string): string => join(folder, 'p')
export const databaseOf = (folder: string): string => join(folder, 'cloud.db')

export async function openEngine(folder: string) {
  mkdirSync(poolOf(folder), { recursive: true })
  // Guests without an operating system neither end by themselves nor let go of a disk.
  const driver = qemu({ pool: poolOf(folder), gracefulMs: 300, hotUnplug: false })
  const store = sqlite(databaseOf(folder))
  const engine = await createEngine({ kinds, projections, store, drivers: { here: driver } })
  return { engine, driver }
}
