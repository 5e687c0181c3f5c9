/** Launches through the whole engine, each beside one of the same words given to QEMU by hand. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { context } from '../../drivers/qemu/asking.ts'
import { clone, launch, msOf, wordsOf } from './bare.ts'
import { type Cloud, ended, mebibytes, poolOf, started } from './cloud.ts'
import { above, type Figure, paired } from './figures.ts'

export async function benchLaunches(cloud: Cloud, folder: string, image: string, rounds: number): Promise<Figure[]> {
  const pool = poolOf(folder)
  const [launches, bare, clones, volumes] = [[], [], [], []] as [number[], number[], number[], number[]]
  const byEngine = async () => {
    let id = ''
    const took = await msOf(async () => {
      id = await started(cloud, image)
    })
    const words = wordsOf(join(pool, 'run', id))
    await ended(cloud, id)
    return { took, words }
  }
  let { words } = await byEngine()
  /** A launch is a clone and a start, one after the other. */
  const byHand = async () => {
    const disk = words.flatMap(word => /"filename":"([^"]*)"/.exec(word)?.[1] ?? [])[0]!
    const cloned = await msOf(() => clone(join(pool, 'images', `${image}.qcow2`), disk))
    clones.push(cloned)
    bare.push(cloned + (await launch(words)))
    rmSync(disk)
  }
  for (let round = 0; round < rounds; round += 1) {
    // Who comes second may find a computer that is quicker, or slower, for it.
    if (round % 2 === 0) await byHand()
    const { took, words: next } = await byEngine()
    launches.push(took)
    words = next
    if (round % 2 === 1) await byHand()
    const spec = { sizeBytes: 8 * mebibytes, zone: 'local', from: { kind: 'image' as const, id: image } }
    volumes.push(await msOf(() => cloud.driver.volumeEnsure!(`vol-bench-${round}`, spec, context())))
    await cloud.driver.volumeDelete!(`vol-bench-${round}`, {}, context())
  }
  return [
    paired('launch to running, its disk a clone', launches, bare, 20),
    above('clone of an image', volumes, clones),
  ]
}
