/** A launch through the whole engine, in turn with the same words given to QEMU by hand. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { context } from '../../drivers/qemu/asking.ts'
import { clone, launch, msOf, wordsOf } from './bare.ts'
import { type Cloud, ended, mebibytes, poolOf, started } from './cloud.ts'
import { above, type Figure } from './figures.ts'

export async function benchLaunches(cloud: Cloud, folder: string, image: string, rounds: number): Promise<Figure[]> {
  const pool = poolOf(folder)
  const [launches, bare, clones, volumes] = [[], [], [], []] as [number[], number[], number[], number[]]
  await ended(cloud, await started(cloud, image))
  for (let round = 0; round < rounds; round += 1) {
    let id = ''
    launches.push(
      await msOf(async () => {
        id = await started(cloud, image)
      }),
    )
    const words = wordsOf(join(pool, 'run', id))
    await ended(cloud, id)
    const disk = words.flatMap(word => /"filename":"([^"]*)"/.exec(word)?.[1] ?? [])[0]!
    clones.push(await msOf(() => clone(join(pool, 'images', `${image}.qcow2`), disk)))
    bare.push(await launch(words))
    rmSync(disk)
    const spec = { sizeBytes: 8 * mebibytes, zone: 'local', from: { kind: 'image' as const, id: image } }
    volumes.push(await msOf(() => cloud.driver.volumeEnsure!(`vol-bench-${round}`, spec, context())))
    await cloud.driver.volumeDelete!(`vol-bench-${round}`, {}, context())
  }
  // A launch is a clone and a start, one after the other.
  const both = [Math.min(...bare) + Math.min(...clones)]
  return [above('launch to running, its disk a clone', launches, both, 20), above('clone of an image', volumes, clones)]
}
