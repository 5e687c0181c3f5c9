/** Opening a large database, memory of resident resources, and rebuilding the inventory from position 0. */
import { sqlite } from '../../src/store/sqlite/index.ts'
import { file, openEngine, populate, principal } from './setting.ts'

export interface ViewFigures {
  readonly resources: number
  readonly coldStartMs: number
  readonly firstCommandMs: number
  readonly bytesPerResident: number
  readonly rebuildPerSecond: number
}

const elapsedMs = (begun: bigint) => Number(process.hrtime.bigint() - begun) / 1e6

export async function benchViews(resources: number): Promise<ViewFigures> {
  const path = file('views.db')
  const ids: string[] = []
  await populate(path, ids, resources)

  const opened = process.hrtime.bigint()
  const engine = await openEngine(sqlite(path), { residentMax: resources * 2 })
  const coldStartMs = elapsedMs(opened)
  const first = process.hrtime.bigint()
  const protect = (id: string) => ({ kind: 'server', command: 'protect', id, input: { protected: true, note: 'warm' } })
  await engine.submit([protect(ids[0]!)], principal)
  const firstCommandMs = elapsedMs(first)

  global.gc?.()
  const before = process.memoryUsage().heapUsed
  const session = engine.as(principal)
  for (const id of ids) await session.settled(id)
  global.gc?.()
  const bytesPerResident = (process.memoryUsage().heapUsed - before) / ids.length

  const rebuilt = process.hrtime.bigint()
  const events = await engine.rebuild('inventory')
  const rebuildPerSecond = (events * 1000) / elapsedMs(rebuilt)
  await engine.close()
  return { resources, coldStartMs, firstCommandMs, bytesPerResident, rebuildPerSecond }
}
