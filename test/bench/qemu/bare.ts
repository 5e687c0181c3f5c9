/** The floor: the same words given to QEMU's own programs, by hand. */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Qmp } from '../../../src/drivers/qemu/qmp.ts'

export const msOf = async (work: () => Promise<unknown>): Promise<number> => {
  const begun = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - begun) / 1e6
}

/** Runs a program to its end, which must be a good one. */
export const spawned = (program: string, words: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('error', reject)
    child.on('close', code => (code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`))))
  })

/** A layer over an image, as a launch makes one. */
export const clone = (image: string, path: string): Promise<void> =>
  spawned('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', image, '--', path, '8M'])

/** How a machine was started: the program, and its words. */
export const wordsOf = (runFolder: string): readonly [string, ...string[]] =>
  JSON.parse(readFileSync(join(runFolder, 'launch.json'), 'utf8'))

/** Starts a machine by its words, until its guest runs; then ends it. Returns what the start took. */
export async function launch([program, ...words]: readonly [string, ...string[]]): Promise<number> {
  const folder = dirname(words[words.indexOf('-pidfile') + 1]!)
  mkdirSync(folder, { recursive: true })
  let qmp: Qmp | undefined
  const took = await msOf(async () => {
    await spawned(program, words)
    qmp = await Qmp.connect(join(folder, 'qmp'))
    await qmp.execute('cont')
  })
  await qmp!.execute('quit')
  await qmp!.closed
  rmSync(folder, { recursive: true, force: true })
  return took
}
