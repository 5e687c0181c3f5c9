/** One life of the engine's process: what is open is sent again, then more, until it is killed; machines are killed too. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { holderOf } from '../drivers/qemu/processes.ts'
import type { Random } from '../simulation/random.ts'
import type { Load, Reply, Sent } from './load.ts'
import { poolOf } from './setting.ts'

const callers = 4
/** Between two requests of a caller. */
const thinkMs = 40
/** For a machine to kill. */
const patienceMs = 1_500

export interface LifeOptions {
  readonly folder: string
  readonly load: Load
  readonly random: Random
  /** Kills of machines in this life, at most: there must be some that run. */
  readonly machineKills: number
}

/** Returns how many machines it killed. */
export async function life({ folder, load, random, machineKills }: LifeOptions): Promise<number> {
  const server = join(import.meta.dirname, 'server.ts')
  const child = spawn(process.execPath, [server, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  const send = (sent: Sent) => child.stdin!.write(`${JSON.stringify(sent)}\n`)
  child.stdin!.on('error', () => {})
  let killed = Promise.resolve(0)
  for await (const line of createInterface({ input: child.stdout! })) {
    const reply = parse(line)
    if (!reply) continue
    if ('ready' in reply) {
      killed = killing(child, folder, random, machineKills)
      for (const sent of load.open.values()) send(sent)
      for (let caller = load.open.size; caller < callers; caller += 1) send(load.next())
    } else {
      load.answered(reply)
      void sleep(thinkMs).then(() => load.open.size < callers && child.exitCode === null && send(load.next()))
    }
  }
  await ended(child)
  if (child.signalCode !== 'SIGKILL') throw new Error(`the engine ended by itself, with ${child.exitCode}`)
  return killed
}

/** Machines at random moments, and the engine at the end. */
async function killing(child: ChildProcess, folder: string, random: Random, machineKills: number): Promise<number> {
  let count = 0
  for (let each = 0; each < machineKills; each += 1) {
    await sleep(random.between(20, 200))
    let isKilled = false
    for (let waitedMs = 0; !isKilled && waitedMs < patienceMs; waitedMs += 20) {
      isKilled = await killAny(folder, random)
      if (!isKilled) await sleep(20)
    }
    if (isKilled) count += 1
  }
  await sleep(random.between(20, 400))
  child.kill('SIGKILL')
  return count
}

/** Kills one of the machines that have a process; false if none has. */
async function killAny(folder: string, random: Random): Promise<boolean> {
  for (const instance of shuffled(readdirSync(join(poolOf(folder), 'run')), random)) {
    const pid = await holderOf(poolOf(folder), instance)
    if (pid === undefined) continue
    try {
      process.kill(pid, 'SIGKILL')
      return true
    } catch {
      // It ended a moment ago.
    }
  }
  return false
}
const shuffled = <T>(list: readonly T[], random: Random): T[] =>
  list
    .map(each => [random.next(), each] as const)
    .sort(([a], [b]) => a - b)
    .map(([, each]) => each)

/** A line that was cut off by the kill acknowledges nothing. */
function parse(line: string): { ready: true } | Reply | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const ended = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise<void>(resolve => child.once('exit', () => resolve()))
