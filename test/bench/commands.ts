/** Durable commands per second against the floor, by number of resources. */

import { rmSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { floor } from './floor.ts'
import { copyDatabase, drive, file, openEngine, populate, principal, recording, type Written } from './setting.ts'

export interface CommandFigures {
  readonly resources: number
  readonly perSecond: number
  readonly floorPerSecond: number
  readonly ratio: number
  readonly strictPerSecond: number
  readonly onePerSecond: number
  readonly loopDelayP99Ms: number
}

/** A fixed walk over the resources: the same for every engine and size, and scattered like real traffic. */
const pick = (ids: readonly string[], index: number) => ids[(index * 2_654_435_761) % ids.length]!

async function run(
  path: string,
  ids: readonly string[],
  callers: number,
  total: number,
  options: Parameters<typeof openEngine>[1],
  written?: Written[],
) {
  const engine = await openEngine(written ? recording(path, written) : sqlite(path), options)
  const call = (index: number) =>
    engine.submit(
      [
        {
          kind: 'server',
          command: 'protect',
          id: pick(ids, index),
          input: { protected: index % 2 === 0, note: `change ${index}` },
        },
      ],
      principal,
    )
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const perSecond = await drive(callers, total, call)
  delay.disable()
  await engine.close()
  return { perSecond, loopDelayP99Ms: delay.percentile(99) / 1e6 }
}

/** `rounds` times: the engine, then the floor on an equal copy; the medians, and their ratio round by round. */
export async function benchCommands(sizes: readonly number[], total: number, rounds = 3): Promise<CommandFigures[]> {
  const base = file('base.db')
  const ids: string[] = []
  const figures: CommandFigures[] = []
  for (const size of sizes) {
    await populate(base, ids, size)
    const samples: CommandFigures[] = []
    for (let round = 0; round < rounds; round += 1) {
      const written: Written[] = []
      copyDatabase(base, file('engine.db'))
      copyDatabase(base, file('floor.db'))
      const many = await run(file('engine.db'), ids, 64, total, {}, written)
      const floorPerSecond = floor(file('floor.db'), written)
      const strict = await run(file('engine.db'), ids, 64, total / 2, { consistency: 'strict' })
      const one = await run(file('engine.db'), ids, 1, Math.min(total / 8, 3_000), {})
      samples.push({
        resources: size,
        perSecond: many.perSecond,
        floorPerSecond,
        ratio: many.perSecond / floorPerSecond,
        strictPerSecond: strict.perSecond,
        onePerSecond: one.perSecond,
        loopDelayP99Ms: many.loopDelayP99Ms,
      })
      for (const name of ['engine.db', 'floor.db']) rmSync(file(name), { force: true })
    }
    samples.sort((a, b) => a.ratio - b.ratio)
    figures.push(samples[Math.floor(samples.length / 2)]!)
  }
  return figures
}
