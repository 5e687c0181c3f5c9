/**
 * `npm run bench:qemu`: what the engine and its driver add to QEMU, with QEMU's own share measured in the same run.
 * Needs QEMU; firmware is all that its guests run.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { context } from '../../drivers/qemu/asking.ts'
import { endAll } from '../../drivers/qemu/processes.ts'
import { clone, launch, msOf, wordsOf } from './bare.ts'
import { furnish, mebibytes, openCloud, poolOf } from './cloud.ts'

const rounds = 20
const adopted = 30
/** The quickest round: what others do on the same computer makes rounds slower, never quicker. */
const best = (times: readonly number[]): number => Math.min(...times)

interface Line {
  readonly what: string
  readonly took: number
  /** QEMU's own, of the same work. */
  readonly floor?: number
  readonly target: string
  readonly isKept: boolean
}
const lines: Line[] = []

const folder = mkdtempSync(join(tmpdir(), 'qbench-'))
const pool = poolOf(folder)
let cloud = await openCloud(folder)
try {
  const image = await furnish(cloud, folder)
  const started = async () => {
    const { id } = await cloud.acme.instance.launch({ image, type: 'small' })
    if ((await cloud.acme.settled(id)) !== 'running') throw new Error(`${id} does not run`)
    return id
  }
  const ended = async (id: string) => {
    await cloud.acme.instance.terminate(id)
    await cloud.acme.settled(id)
    await cloud.engine.idle()
  }

  const times = { launch: [] as number[], bare: [] as number[], clone: [] as number[], volume: [] as number[] }
  await ended(await started())
  for (let round = 0; round < rounds; round += 1) {
    let id = ''
    times.launch.push(
      await msOf(async () => {
        id = await started()
      }),
    )
    const words = wordsOf(join(pool, 'run', id))
    await ended(id)
    const disk = words.flatMap(word => /"filename":"([^"]*)"/.exec(word)?.[1] ?? [])[0]!
    times.clone.push(await msOf(() => clone(join(pool, 'images', `${image}.qcow2`), disk)))
    times.bare.push(await launch(words))
    rmSync(disk)
    const volume = { sizeBytes: 8 * mebibytes, zone: 'local', from: { kind: 'image' as const, id: image } }
    times.volume.push(await msOf(() => cloud.driver.volumeEnsure!(`vol-bench-${round}`, volume, context())))
    await cloud.driver.volumeDelete!(`vol-bench-${round}`, {}, context())
  }
  const own = best(times.bare) + best(times.clone)
  lines.push({
    what: 'launch to running, its disk a clone',
    took: best(times.launch),
    floor: own,
    target: 'at most 20 ms more',
    isKept: best(times.launch) - own <= 20,
  })
  lines.push({
    what: 'clone of an image',
    took: best(times.volume),
    floor: best(times.clone),
    target: 'at most 10 ms more',
    isKept: best(times.volume) - best(times.clone) <= 10,
  })

  await Promise.all(Array.from({ length: adopted }, started))
  await cloud.engine.close()
  const took = await msOf(async () => {
    cloud = await openCloud(folder)
    const { items } = await cloud.driver.list('instance', undefined, context())
    const running = items.filter(({ facts }) => facts.status === 'running')
    if (running.length !== adopted) throw new Error(`${running.length} of ${adopted} run`)
  })
  lines.push({
    what: `adoption of ${adopted} machines after a restart`,
    took,
    target: 'under 1,000 ms',
    isKept: took < 1_000,
  })
} finally {
  await cloud.engine.close()
  await endAll(pool)
  rmSync(folder, { recursive: true, force: true })
}

const ms = (value: number | undefined) => (value === undefined ? '' : value.toFixed(1))
const table = new Table({
  head: ['', 'ms', "QEMU's own", 'more', 'ratio', 'target', ''],
  style: { head: [], border: [] },
})
for (const { what, took, floor, target, isKept } of lines)
  table.push([
    ...[what, ms(took), ms(floor), ms(floor && took - floor), floor ? (took / floor).toFixed(2) : ''],
    ...[target, isKept ? 'kept' : 'BROKEN'],
  ])
console.log(table.toString())
if (lines.some(({ isKept }) => !isKept)) process.exitCode = 1
