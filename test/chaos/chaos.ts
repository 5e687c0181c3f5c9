/**
 * Chaos with real machines: callers ask at random while the engine's process and QEMU's are killed with -9 at any moment.
 * Then it comes to rest, and nothing may be lost, doubled, left over or damaged. (spec: drivers-and-qemu 5, chaos proof.)
 */

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endAll } from '../drivers/qemu/processes.ts'
import { Random } from '../simulation/random.ts'
import { checkBooks } from './books.ts'
import { checkEchoes } from './echoes.ts'
import { keep } from './keeping.ts'
import { life } from './life.ts'
import { Load } from './load.ts'
import {
  allEnded,
  checkDisks,
  cleanSlate,
  compare,
  dropKept,
  letGo,
  processesOf,
  settle,
  surveyed,
  turnOff,
} from './rest.ts'
import { acme, databaseOf, mebibytes, openEngine, operator, poolOf } from './setting.ts'

export interface ChaosOptions {
  readonly seed: number
  /** Accepted commands, at least. */
  readonly operations: number
  /** Kills, of engines and machines together, at least. */
  readonly kills: number
  readonly say?: (line: string) => void
}
export interface ChaosFigures {
  readonly operations: number
  readonly refused: number
  readonly engineKills: number
  readonly machineKills: number
  readonly events: number
  /** Calls about what is kept of machines that were done, and how many were there at the end. */
  readonly kept: number
  readonly keptAtRest: number
  /** Guests that were suspended at rest, and went on. */
  readonly woken: number
  /** Calls that were made again after the end of what they made, and made nothing. */
  readonly echoes: number
  readonly disks: number
  readonly leaking: number
  /** Private files of what was killed half-way: recognisable, and swept when they are old. */
  readonly unfinished: number
  readonly seconds: number
}

/** An answer that a provider does not give is asked for again after a minute at most; this is a few of them. */
const settlesWithinMs = 240_000
const sizeBytes = 8 * mebibytes

/** Throws what differs, naming it. What it made is gone then too. */
export async function chaos({ seed, operations, kills, say = () => {} }: ChaosOptions): Promise<ChaosFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-'))
  const begun = Date.now()
  const random = new Random(seed)
  // What is waited for at rest may be a time alone, and times do not hold a process.
  const awake = setInterval(() => {}, 60_000)
  try {
    const image = await imageIn(folder)
    const golden = hashOf(folder, image)
    const load = new Load(new Random(seed + 1), image)
    let [engineKills, machineKills] = [0, 0]
    while (load.accepted < operations || engineKills + machineKills < kills) {
      machineKills += await life({ folder, load, random, machineKills: random.between(0, 3) })
      engineKills += 1
      if (engineKills % 10 === 0)
        say(`${engineKills} engines and ${machineKills} machines killed, ${load.accepted} done`)
    }
    say('at rest?')
    const seen = await comeToRest(folder, load)
    if (hashOf(folder, image) !== golden) throw new Error('the image has changed')
    const { events } = checkBooks(databaseOf(folder), load)
    return {
      ...{ operations: load.accepted, refused: load.refused.size, engineKills, machineKills, events },
      ...{ kept: load.keptCount, keptAtRest: seen.kept, woken: seen.woken, echoes: seen.echoes },
      ...{ disks: seen.sound + seen.leaking, leaking: seen.leaking },
      unfinished: readdirSync(join(poolOf(folder), '.tmp')).length,
      seconds: Math.round((Date.now() - begun) / 1_000),
    }
  } finally {
    clearInterval(awake)
    await endAll(poolOf(folder))
    for (const pid of processesOf(folder)) killed(pid)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** It may have ended a moment ago. */
function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function imageIn(folder: string): Promise<string> {
  const { engine } = await openEngine(folder)
  await engine.as(operator).offering.define({ name: 'small', vcpus: 1, memoryBytes: 32 * mebibytes })
  const { id } = await engine.as(acme).image.register({ name: 'plain', sizeBytes })
  await engine.close()
  const path = join(poolOf(folder), 'images', `${id}.qcow2`)
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, String(sizeBytes)])
  return id
}
const hashOf = (folder: string, image: string): string =>
  createHash('sha256')
    .update(readFileSync(join(poolOf(folder), 'images', `${image}.qcow2`)))
    .digest('hex')

/** The next engine answers what is open, and nobody kills it. */
async function comeToRest(folder: string, load: Load) {
  const opened = await openEngine(folder)
  try {
    for (const { token, commands, kept } of load.open.values()) {
      if (kept) {
        load.answered({ token, kept: await keep(opened, kept, `${kept.instance}.${token}`).catch(() => 'refused') })
        continue
      }
      const answer = await opened.engine.submit(commands, acme, { token }).then(
        results => ({ token, results: [...results] }),
        (error: { code?: string }) => ({ token, refused: error.code ?? String(error) }),
      )
      load.answered(answer)
    }
    await opened.engine.idle()
    const kept = await dropKept(opened, load.machineOf)
    await letGo(opened)
    await settle(opened, settlesWithinMs)
    await compare(opened)
    await surveyed(opened)
    const woken = await turnOff(opened, settlesWithinMs)
    await compare(opened)
    // A machine that is off ends its process a moment later.
    if (!(await allEnded(folder))) throw new Error('machines run although every instance is off')
    const disks = checkDisks(folder)
    await surveyed(opened)
    await cleanSlate(opened, folder, settlesWithinMs)
    await surveyed(opened)
    const echoes = await checkEchoes(opened, folder)
    const { contained, stalledViews } = opened.engine.health()
    if (contained.length + stalledViews.length > 0)
      throw new Error(`not well: ${JSON.stringify({ contained, stalledViews })}`)
    await opened.engine.flush()
    return { ...disks, kept, woken, echoes }
  } finally {
    await opened.engine.close()
  }
}
