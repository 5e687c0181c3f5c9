/**
 * `npm run bench:qemu`: what the engine and its driver add to QEMU, with QEMU's own share measured in the same run.
 * Needs QEMU; firmware is all that its guests run.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { context } from '../../drivers/qemu/asking.ts'
import { endAll } from '../../drivers/qemu/processes.ts'
import { msOf } from './bare.ts'
import { furnish, openCloud, poolOf, started } from './cloud.ts'
import { type Figure, median, tableOf } from './figures.ts'
import { benchLaunches } from './launches.ts'
import { benchMemory } from './memory.ts'

const rounds = 20
const adopted = 30
const restarts = 5
const figures: Figure[] = []

const folder = mkdtempSync(join(tmpdir(), 'qbench-'))
let cloud = await openCloud(folder)
try {
  const image = await furnish(cloud, folder)
  figures.push(...(await benchLaunches(cloud, folder, image, rounds)))
  figures.push(...(await benchMemory(cloud, folder, image, rounds / 2)))

  await Promise.all(Array.from({ length: adopted }, () => started(cloud, image)))
  const adoptions: number[] = []
  for (let restart = 0; restart < restarts; restart += 1) {
    await cloud.engine.close()
    const took = await msOf(async () => {
      cloud = await openCloud(folder)
      const { items } = await cloud.driver.list('instance', undefined, context())
      const running = items.filter(({ facts }) => facts.status === 'running')
      if (running.length !== adopted) throw new Error(`${running.length} of ${adopted} run`)
    })
    adoptions.push(took)
  }
  const tookMs = median(adoptions)
  const what = `adoption of ${adopted} machines after a restart`
  figures.push({ what, tookMs, target: 'under 1,000 ms', isKept: tookMs < 1_000 })
} finally {
  await cloud.engine.close()
  await endAll(poolOf(folder))
  rmSync(folder, { recursive: true, force: true })
}
console.log(tableOf(figures))
if (figures.some(({ isKept }) => !isKept)) process.exitCode = 1
