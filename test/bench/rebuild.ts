/**
 * How fast one rebuild fills all views of all kinds, against a raw scan of the same rows. Threads that take part need a
 * third of a second to begin: of a short log that is a large part. A part of `npm run bench`; by itself:
 * `node test/bench/rebuild.ts 80000`.
 */
import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { keepCompiled } from '../../src/cli/compiled.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Store } from '../../src/store/store.ts'
import { inhabit, openCloud } from './cloud.ts'
import { file } from './setting.ts'

export interface RebuildFigures {
  readonly events: number
  readonly rebuildPerSecond: number
  readonly scanPerSecond: number
  /** That could take part. */
  readonly cores: number
}

/** The first one reads the file from the disk. */
const TURNS = 5
const CHUNK = 500
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!

async function perSecond(run: () => Promise<number>): Promise<number> {
  global.gc?.()
  const begun = process.hrtime.bigint()
  const count = await run()
  return (count * 1e9) / Number(process.hrtime.bigint() - begun)
}

async function scan(store: Store): Promise<number> {
  let count = 0
  for (let after = 0; ; ) {
    const chunk = await store.log(after, CHUNK)
    if (chunk.length === 0) return count
    for (const { text } of chunk) JSON.parse(text)
    after = chunk.at(-1)!.position
    count += chunk.length
  }
}

/** Makes a history, and measures in a process of its own: one that has made a cloud is full of it. */
export async function benchRebuild(machines: number): Promise<RebuildFigures> {
  const [path, world] = [file('rebuild.db'), file('rebuild.world')]
  const cloud = await openCloud(sqlite(path), world)
  await inhabit(cloud, machines)
  await cloud.close()
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', import.meta.filename, path, world])
  return JSON.parse(stdout) as RebuildFigures
}

async function measured(path: string, world: string): Promise<RebuildFigures> {
  keepCompiled()
  const cloud = await openCloud(sqlite(path), world)
  const events = cloud.health().position
  const rates = { scan: [] as number[], rebuild: [] as number[] }
  for (let turn = 0; turn < TURNS; turn += 1) {
    rates.scan.push(await perSecond(() => scan(cloud.store)))
    rates.rebuild.push(await perSecond(() => cloud.rebuild()))
  }
  await cloud.close()
  const figures = { rebuildPerSecond: median(rates.rebuild), scanPerSecond: median(rates.scan) }
  return { events, ...figures, cores: availableParallelism() }
}

if (process.argv[1] === import.meta.filename) {
  const [path, world] = process.argv.slice(2)
  console.log(world ? JSON.stringify(await measured(path!, world)) : await benchRebuild(Number(path ?? 80_000)))
}
