/** A whole engine over real machines, in a folder of its own. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { qemu } from '../../../src/drivers/qemu/index.ts'
import { createEngine } from '../../../src/engine.ts'
import { sqlite } from '../../../src/store/sqlite/index.ts'

export const mebibytes = 1024 * 1024
export const poolOf = (folder: string): string => join(folder, 'p')

export async function openCloud(folder: string) {
  mkdirSync(poolOf(folder), { recursive: true })
  const driver = qemu({ pool: poolOf(folder), gracefulMs: 300 })
  const engine = await createEngine({
    kinds,
    projections,
    store: sqlite(join(folder, 'cloud.db')),
    drivers: { here: driver },
  })
  return { engine, driver, acme: engine.as({ account: 'acme', actor: 'bench' }) }
}
export type Cloud = Awaited<ReturnType<typeof openCloud>>

/** An offering, and an image whose disk is empty: firmware is all that runs. Returns the image's id. */
export async function furnish({ engine, acme }: Cloud, folder: string): Promise<string> {
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: 96 * mebibytes })
  const { id } = await acme.image.register({ name: 'plain', sizeBytes: 8 * mebibytes })
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(poolOf(folder), 'images', `${id}.qcow2`), '8M'])
  return id
}

/** Launches one and waits until it runs. Returns its id. */
export async function started({ acme }: Cloud, image: string): Promise<string> {
  const { id } = await acme.instance.launch({ image, type: 'small' })
  const state = await acme.settled(id)
  if (state !== 'running') throw new Error(`${id} is ${state}`)
  return id
}
export async function ended({ acme, engine }: Cloud, id: string): Promise<void> {
  await acme.instance.terminate(id)
  await acme.settled(id)
  await engine.idle()
}
