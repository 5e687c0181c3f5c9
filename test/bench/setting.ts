/** Where the benchmarks run: engines over temporary files, and callers that keep a fixed number of requests in flight. */
import { closeSync, copyFileSync, fsyncSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Commit, DerivedChanges, Store } from '../../src/store/store.ts'
import { inventory, server } from './kind.ts'

export const folder = mkdtempSync(join(tmpdir(), 'stemma-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

export const file = (name: string) => join(folder, name)

/** A copy that is on the disk: nobody measured on it shall wait for the copying. */
export function copyDatabase(from: string, to: string): void {
  copyFileSync(from, to)
  const copied = openSync(to, 'r+')
  fsyncSync(copied)
  closeSync(copied)
}

export const principal = { account: 'bench', actor: 'bench' }

/** What an engine handed to its store, in order. */
export type Written = { readonly commit: Commit } | { readonly derived: DerivedChanges }

export const openEngine = (
  store: Store,
  options: { consistency?: 'behind' | 'strict'; batchMax?: number; residentMax?: number } = {},
) =>
  createEngine({
    kinds: { server },
    projections: { inventory },
    store,
    drivers: { lab: simulated({ instant: true }) },
    ...options,
  })

/** A store that also keeps what it was given. */
export function recording(path: string, written: Written[]): Store {
  const store = sqlite(path)
  const commit = store.commit.bind(store)
  const writeDerived = store.writeDerived.bind(store)
  store.commit = async each => {
    await commit(each)
    written.push({ commit: each })
  }
  store.writeDerived = async each => {
    await writeDerived(each)
    written.push({ derived: each })
  }
  return store
}

/** Runs `total` calls with `callers` of them in flight at any time; returns calls per second. */
export async function drive(
  callers: number,
  total: number,
  call: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0
  const one = async () => {
    while (next < total) {
      const index = next
      next += 1
      await call(index)
    }
  }
  const begun = process.hrtime.bigint()
  await Promise.all(Array.from({ length: callers }, one))
  return (total * 1e9) / Number(process.hrtime.bigint() - begun)
}

/** Makes servers until the database holds this many; returns all their ids. */
export async function populate(path: string, ids: string[], count: number): Promise<void> {
  const engine = await openEngine(sqlite(path), { batchMax: 1_000 })
  const zones = ['a', 'b', 'c']
  while (ids.length < count) {
    const size = Math.min(5_000, count - ids.length)
    const commands = Array.from({ length: size }, (_, index) => ({
      kind: 'server',
      command: 'make',
      input: { name: `server-${ids.length + index}`, size: 'small', zone: zones[index % 3]! },
    }))
    for (const { id } of await engine.submit(commands, principal)) ids.push(id)
  }
  await engine.close()
}
