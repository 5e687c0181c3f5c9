/** Asks a QEMU driver as the engine would: a token for each ask, polls until it ends, and asks again where it is told to. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CallContext, Driver, InstanceSpec, Outcome, PowerSpec, VolumeSpec } from '../../../src/drivers/driver.ts'
import type { Verb } from '../../../src/drivers/qemu/work.ts'

export const mebibytes = 1024 * 1024
export const zone = 'local'

let tokens = 0
const newToken = (): string => `t-${++tokens}`
export const context = (token = newToken()): CallContext => ({
  token,
  attempt: 1,
  deadline: Date.now() + 60_000,
  signal: new AbortController().signal,
  now: Date.now,
})

/** One attempt. */
export const once = (driver: Driver, verb: Verb, id: string, spec: object = {}, token?: string): Promise<Outcome> =>
  (driver[verb] as Driver['instanceEnsure']).call(driver, id, spec as never, context(token))

/** Until it is not pending any more. */
export async function ask(driver: Driver, verb: Verb, id: string, spec?: object, token?: string): Promise<Outcome> {
  let outcome = await once(driver, verb, id, spec, token)
  while (outcome.kind === 'pending') {
    await sleep(Math.min(outcome.pollAfterMs, 50))
    outcome = await driver.poll(outcome.handle, context(outcome.handle.token))
  }
  return outcome
}

/** The same, and again with the same token for as long as the answer is to come back later: nothing was done then. */
export async function asked(
  driver: Driver,
  verb: Verb,
  id: string,
  spec?: object,
  token = newToken(),
): Promise<Outcome> {
  let outcome = await ask(driver, verb, id, spec, token)
  while (outcome.kind === 'rejected' && outcome.error.retry === 'later') {
    await sleep(50)
    outcome = await ask(driver, verb, id, spec, token)
  }
  return outcome
}

/** The same, which must be done. */
export async function doing(driver: Driver, verb: Verb, id: string, spec?: object, token?: string) {
  const outcome = await asked(driver, verb, id, spec, token)
  if (outcome.kind !== 'done') throw new Error(`${verb} ${id} should be done, but is ${JSON.stringify(outcome)}`)
  return outcome
}

/** The code with which it is certainly not done. */
export async function refusal(driver: Driver, verb: Verb, id: string, spec?: object): Promise<string> {
  const outcome = await ask(driver, verb, id, spec)
  if (outcome.kind !== 'rejected')
    throw new Error(`${verb} ${id} should be rejected, but is ${JSON.stringify(outcome)}`)
  return outcome.error.code
}

export const volumeSpec = (sizeBytes = 4 * mebibytes, from?: VolumeSpec['from']): VolumeSpec => ({
  sizeBytes,
  zone,
  from,
})

/** Fills the first 64 KiB of a disk with one letter, as its guest would have. */
export const write = (path: string, letter: string): void => {
  qemuIo(path, `write -P ${letter.charCodeAt(0)} 0 64k`)
}
/** Is the disk full of this letter there? */
export const holds = (path: string, letter: string): boolean => {
  try {
    return !qemuIo(path, `read -P ${letter.charCodeAt(0)} 0 64k`).includes('verification failed')
  } catch {
    return false
  }
}
const qemuIo = (path: string, command: string): string =>
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', command, path], { encoding: 'utf8', stdio: 'pipe' })

/** Has `work` meet another `qemu-img`: a shell script, for which `$real` is the real one. */
export async function withQemuImg<T>(folder: string, script: string, work: () => Promise<T>): Promise<T> {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  const real = execFileSync('sh', ['-c', 'command -v qemu-img'], { encoding: 'utf8' }).trim()
  writeFileSync(join(bin, 'qemu-img'), `#!/bin/sh\nreal=${real}\n${script}\n`, { mode: 0o755 })
  const before = process.env.PATH
  process.env.PATH = `${bin}:${before}`
  try {
    return await work()
  } finally {
    process.env.PATH = before
  }
}

export const instanceSpec = (volumes: readonly string[], rest: Partial<InstanceSpec> = {}): InstanceSpec => ({
  ...{ zone, image: 'none', vcpus: 1, memoryBytes: 32 * mebibytes, generation: 1 },
  devices: volumes.map((volume, at) => ({ device: `/dev/vd${'abcdefgh'[at]}`, volume, root: at === 0 })),
  ...rest,
})
export const start = (generation = 1, rest: Partial<PowerSpec> = {}): PowerSpec => ({
  ...{ want: 'running', mode: 'hard', generation },
  ...rest,
})
