/**
 * Processes of QEMU. They are nobody's children and outlive this one; all there is to know about one is asked of it, so
 * after a restart nothing has to be brought back.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandLine, type MachineSpec, runFiles } from './command-line.ts'
import { hasCode } from './files.ts'
import { newestMachineType, qemuSystem } from './machine-type.ts'
import { Refusal } from './outcome-of.ts'
import type { Pool } from './pool.ts'
import { holderOf, isEnding, startedWith } from './process-lock.ts'
import { greetingWithinMs, Qmp, QmpLost, type QmpOptions } from './qmp.ts'
import type { RunState } from './qmp-commands.ts'
import { runTool, ToolFailed } from './tool.ts'

export interface MachinesOptions extends QmpOptions {
  /** Of the next launch. */
  readonly accelerator: () => 'tcg' | 'kvm'
  /** How long a process may take to end before a stronger means. */
  readonly endWithinMs: number
}
export interface Alive {
  readonly isAlive: true
  readonly name: string
  readonly runState: RunState
  /** Of a machine that is held because it could not write: the disks, by QEMU's names, and why. */
  readonly unwritten?: readonly { readonly node: string; readonly isFull: boolean }[]
}
export type Sighting = { readonly isAlive: false } | Alive

const unwrittenIn = async (qmp: Qmp): Promise<Alive['unwritten']> => {
  const disks = await qmp.execute('query-block')
  return disks.flatMap(({ inserted, 'io-status': status }) => {
    const node = inserted?.['node-name']
    return node === undefined || status === undefined || status === 'ok' ? [] : [{ node, isFull: status === 'nospace' }]
  })
}

/** What a machine says of itself. */
export const sighted = async (qmp: Qmp): Promise<Alive> => {
  const [{ name = '' }, { status }] = await Promise.all([qmp.execute('query-name'), qmp.execute('query-status')])
  const seen = { isAlive: true, name, runState: status } as const
  return status === 'io-error' ? { ...seen, unwritten: await unwrittenIn(qmp) } : seen
}

/** It may have ended a moment ago. */
const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error
  }
}

export class Machines {
  readonly #pool: Pool
  readonly #options: MachinesOptions
  /** A monitor greets one client at a time: who talks to a machine waits for who does. */
  readonly #turns = new Map<string, Promise<unknown>>()
  #machine: Promise<string> | undefined

  constructor(pool: Pool, options: MachinesOptions) {
    this.#pool = pool
    this.#options = options
  }

  get accelerator(): 'tcg' | 'kvm' {
    return this.#options.accelerator()
  }

  holder(instance: string): Promise<number | undefined> {
    return holderOf(runFiles(this.#pool.run(instance)).pid)
  }
  async isAlive(instance: string): Promise<boolean> {
    return (await this.holder(instance)) !== undefined
  }

  /**
   * Connects for as long as `work` takes. `patienceMs` is for commands that write memory: nothing is answered meanwhile.
   * Throws QmpLost and QmpRefused.
   */
  talk<T>(instance: string, work: (qmp: Qmp) => Promise<T>, patienceMs?: number): Promise<T> {
    const before = this.#turns.get(instance) ?? Promise.resolve()
    const turn = before.then(async () => {
      const options = patienceMs === undefined ? this.#options : { ...this.#options, commandTimeoutMs: patienceMs }
      const qmp = await Qmp.connect(runFiles(this.#pool.run(instance)).monitor, options)
      try {
        return await work(qmp)
      } finally {
        qmp.close()
        await qmp.closed
      }
    })
    const ended = turn.catch(() => {})
    this.#turns.set(instance, ended)
    void ended.then(() => {
      if (this.#turns.get(instance) === ended) this.#turns.delete(instance)
    })
    return turn
  }

  /**
   * Throws QmpLost if it has a process that does not answer. One that is starting has its number before its monitor, and
   * one that is ending loses its monitor first: that is waited for, as long as for a greeting.
   */
  async look(instance: string): Promise<Sighting> {
    for (let waitedMs = 0; await this.isAlive(instance); waitedMs += 20) {
      try {
        return await this.talk(instance, sighted)
      } catch (error) {
        if (!(error instanceof QmpLost)) throw error
        const isWaitedFor = error.isUnheard && waitedMs < (this.#options.greetingTimeoutMs ?? greetingWithinMs)
        // It may have ended while it was asked.
        if (!isWaitedFor && (await this.isAlive(instance))) throw error
      }
      await sleep(20)
    }
    return { isAlive: false }
  }

  /** The newest machine type of this QEMU by the name that stays. Throws ToolFailed where there is no QEMU. */
  machineType(): Promise<string> {
    this.#machine ??= newestMachineType()
    this.#machine.catch(() => {
      this.#machine = undefined
    })
    return this.#machine
  }

  /** Starts the process; its guest does not run yet. Throws a Refusal with what QEMU says when there is none then. */
  async launch(spec: MachineSpec, userData?: Buffer): Promise<void> {
    const folder = this.#pool.run(spec.instance)
    const files = runFiles(folder)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if (userData) await writeFile(files.userData, userData, { mode: 0o600 })
    const words = commandLine({ ...spec, userDataFile: userData && files.userData }, folder)
    await writeFile(files.launch, `${JSON.stringify([qemuSystem, ...words], null, 2)}\n`, { mode: 0o600 })
    try {
      await runTool(qemuSystem, words)
    } catch (error) {
      // The first process says 0 only when the second is up. Without it, nothing was started.
      if (!(error instanceof ToolFailed) || error.isLocked || (await this.isAlive(spec.instance))) throw error
      throw new Refusal(error.isFull ? 'exhausted' : 'precondition', `instance ${spec.instance}: ${error.message}`)
    }
  }

  /** Ends the process, with stronger means if it does not end. Throws QmpLost if it lives on. */
  async end(instance: string): Promise<void> {
    const means = [
      () => this.talk(instance, qmp => qmp.execute('quit')),
      (pid: number) => process.kill(pid, 'SIGTERM'),
      (pid: number) => process.kill(pid, 'SIGKILL'),
    ]
    for (const use of means) {
      const pid = await this.holder(instance)
      if (pid === undefined) return
      try {
        await use(pid)
      } catch {
        // It ended by itself, or does not listen: then there is nothing to wait for.
        continue
      }
      for (let waitedMs = 0; waitedMs < this.#options.endWithinMs; waitedMs += 10) {
        if (!(await this.isAlive(instance))) return
        await sleep(10)
      }
    }
    if (await this.isAlive(instance)) throw new QmpLost(`the process of ${instance} does not end`, true)
  }

  /**
   * The same, also of a process that somebody who was killed has begun to start: it has no pid file yet. Throws QmpLost if
   * it lives on.
   */
  async endStarting(instance: string): Promise<void> {
    await this.end(instance)
    const { pid: file } = runFiles(this.#pool.run(instance))
    const killed = new Set<number>()
    for (let waitedMs = 0; ; waitedMs += 10) {
      const pids = await startedWith(file)
      // In this order: who is not found any more is on its way out, or has ended.
      for (const pid of killed) if (!pids.includes(pid) && !(await isEnding(pid))) killed.delete(pid)
      if (pids.length === 0 && killed.size === 0) return
      if (waitedMs >= this.#options.endWithinMs) throw new QmpLost(`the process of ${instance} does not end`, true)
      for (const pid of pids) kill(pid)
      for (const pid of pids) killed.add(pid)
      await sleep(10)
    }
  }

  /** Removes what a machine that has ended leaves. */
  async forget(instance: string): Promise<void> {
    await rm(this.#pool.run(instance), { recursive: true, force: true })
  }
}
