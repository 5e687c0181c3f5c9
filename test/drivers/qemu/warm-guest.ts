/**
 * A guest that has booted: suspended once, kept beside its kernel, and gone on with in a copy of its pool, which takes a
 * third of a second where a boot takes seconds. It is nothing that only a test can do: a pool that nobody uses may be
 * copied with who is suspended in it. (docs/decisions/0036.)
 *
 * What was in memory fits the machine that it was saved from and no other, so the name of what is kept has that in it:
 * another QEMU, another kernel, or other words to start a machine with, and it is made anew.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver } from '../../../src/drivers/driver.ts'
import { commandLine } from '../../../src/drivers/qemu/command-line.ts'
import { qemu } from '../../../src/drivers/qemu/index.ts'
import { newestMachineType } from '../../../src/drivers/qemu/machine-type.ts'
import { doing, instanceSpec, mebibytes, start, volumeSpec } from './asking.ts'
import { inFolder, qemuSystem } from './debian.ts'
import { addGuestImage, told } from './guest.ts'
import { endAll } from './processes.ts'

const memoryBytes = 96 * mebibytes
const ready = 'guest: ready'

/** Opens a driver on an empty pool with an instance `i-1` whose guest is up, on the volume `vol-root` of the image `guest`. */
export async function withGuestUp(guest: string, pool: string): Promise<Driver> {
  const kept = await warm(guest)
  const isWarm = kept !== undefined && copied(kept, pool)
  // On a busy computer a guest that was asked to end takes its time; one that never does ends with its test.
  const driver = qemu({ pool, gracefulMs: 240_000 })
  try {
    if (isWarm) await doing(driver, 'instancePower', 'i-1', start())
    else await boot(driver, guest, pool)
    return driver
  } catch (error) {
    await driver.close!()
    await endAll(pool)
    if (isWarm)
      throw new Error(`the guest that is kept in ${kept} does not go on; remove that folder`, { cause: error })
    throw error
  }
}

async function boot(driver: Driver, guest: string, pool: string): Promise<void> {
  addGuestImage(guest, pool)
  await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec(16 * mebibytes, { kind: 'image', id: 'guest' }))
  await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-root'], { image: 'guest', memoryBytes }))
  await doing(driver, 'instancePower', 'i-1', start())
  // The test's own time limit ends it.
  while (!(await told(driver)).includes(ready)) await sleep(20)
}

/** The folder in which one is kept, made if there is none; undefined where that can not be. */
export async function warm(guest: string): Promise<string | undefined> {
  const kept = await keptIn(guest)
  if (isWhole(kept)) return kept
  try {
    // Sockets want a short path, which a cache has not.
    await inFolder(async pool => {
      const driver = qemu({ pool })
      try {
        await boot(driver, guest, pool)
        await doing(driver, 'instancePower', 'i-1', { want: 'suspended', mode: 'hard', generation: 1 })
      } finally {
        await driver.close!()
        await endAll(pool)
      }
      publish(pool, kept)
    })
    return kept
  } catch (error) {
    console.warn(`no guest is kept, so each test boots its own: ${(error as Error).message}`)
    return undefined
  }
}

async function keptIn(guest: string): Promise<string> {
  const [file, ...words] = qemuSystem.probe
  const version = execFileSync(file, words, { encoding: 'utf8' })
  const machine = commandLine(
    {
      ...{
        instance: 'i-1',
        generation: 1,
        accelerator: 'tcg',
        machine: await newestMachineType(),
        vcpus: 1,
        memoryBytes,
      },
      disks: [{ device: '/dev/vda', volume: 'vol-root', root: true, port: 0, path: 'vol-root.qcow2' }],
      boot: { kernel: 'vmlinuz', initrd: 'initrd' },
    },
    'run',
  )
  const hash = createHash('sha256')
    .update(JSON.stringify([version, machine]))
    .digest('hex')
    .slice(0, 16)
  return `${guest}${mark}${/version ([\w.]+)/.exec(version)?.[1]}-${hash}`
}
const mark = '.warm-'
const isWhole = (kept: string) => statSync(kept, { throwIfNoEntry: false }) !== undefined

/** Of a pool, what an instance that is suspended goes on from. */
const parts = ['images', 'volumes', 'records/volume', 'records/instance', 'states', 'run/i-1'] as const
/** Of these, what nobody writes: a copy may be the same file. */
const unwritten = new Set<string>(['images', 'states'])

/** Copies what a pool has into another place, which gets its name last. Others may be doing the same. */
export function publish(pool: string, kept: string): void {
  const made = mkdtempSync(`${kept}.`)
  try {
    for (const part of parts) copyPart(join(pool, part), join(made, part))
    renameSync(made, kept)
  } catch (error) {
    rmSync(made, { recursive: true, force: true })
    if (!isWhole(kept)) throw error
  }
  forgetOthers(kept)
}

/** False where what is kept was taken away meanwhile: then the pool is as empty as it was. */
function copied(kept: string, pool: string): boolean {
  try {
    for (const part of parts) copyPart(join(kept, part), join(pool, part), unwritten.has(part))
    return true
  } catch {
    for (const part of parts) rmSync(join(pool, part), { recursive: true, force: true })
    return false
  }
}

function copyPart(from: string, to: string, mayLink = false): void {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (!entry.isFile()) continue
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    try {
      if (!mayLink) throw new Error('it is written')
      linkSync(source, target)
    } catch {
      copyFileSync(source, target, constants.COPYFILE_FICLONE)
    }
  }
}

const unusedMs = 7 * 24 * 3_600_000

/** Each has the memory of a guest: those of other machines go after a week. */
function forgetOthers(kept: string): void {
  const cache = dirname(kept)
  for (const name of readdirSync(cache)) {
    const path = join(cache, name)
    if (!name.includes(mark) || name === basename(kept)) continue
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() }
    if (Date.now() - mtimeMs > unusedMs) rmSync(path, { recursive: true, force: true })
  }
}
