/** The world when it has come to rest: what the engine knows and what is there must be the same. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Observation, ResourceKind } from '../../src/drivers/driver.ts'
import { context } from '../drivers/qemu/asking.ts'
import { keep } from './keeping.ts'
import { acme, type openEngine, poolOf } from './setting.ts'

type Opened = Awaited<ReturnType<typeof openEngine>>

const removal = { instance: 'terminate', volume: 'delete', snapshot: 'delete' } as const
type Kept = keyof typeof removal
const namesThere: Readonly<Record<Kept, ResourceKind>> = {
  instance: 'instance',
  volume: 'volume',
  snapshot: 'volumeSnapshot',
}
/** In these a resource is at its provider. */
const there = new Set(['running', 'stopped', 'suspended', 'available', 'in-use', 'completed'])
const gone = new Set(['terminated', 'deleted', 'failed', 'error'])

export async function rowsOf({ engine }: Opened, kind: Kept) {
  const rows = []
  let cursor: string | undefined
  do {
    const page = await engine.views.inventory.list({ where: { kind, account: acme.account }, limit: 500, cursor })
    rows.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined)
  return rows
}

async function shown({ driver }: Opened, kind: ResourceKind): Promise<Observation[]> {
  const items: Observation[] = []
  let cursor: string | undefined
  do {
    const page = await driver.list(kind, cursor, context())
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined)
  return items
}

const MINUTE = 60_000
/** What has not happened by itself in this time waits for a clock. */
const patienceMs = 3_000

/** Waits until nothing is on its way any more, with the clock set forward as often as needed; whoever waits too long is named. */
export async function settle(opened: Opened, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs
  for (;;) {
    try {
      return await settled(opened, Math.min(patienceMs, withinMs))
    } catch (error) {
      if (Date.now() > end) throw error
      opened.clock.forward(MINUTE)
    }
  }
}
async function settled(opened: Opened, withinMs: number): Promise<void> {
  const session = opened.engine.as(acme)
  const signal = AbortSignal.timeout(withinMs)
  for (const kind of ['instance', 'volume', 'snapshot'] as const)
    for (const { id } of await rowsOf(opened, kind))
      await session.settled(id, { signal }).catch(async (error: Error) => {
        const { state, attributes } = await session.get(id)
        throw new Error(`${id} is still ${state} ${JSON.stringify(attributes)}: ${error.message}`)
      })
  await opened.engine.idle()
  // A resource may rest while a call about it is to be made again: a volume that is to grow counts as grown.
  const open = async () => (await opened.engine.measures()).asksOpen ?? 0
  for (let waitedMs = 0; (await open()) > 0; waitedMs += LOOK_MS) {
    if (waitedMs >= withinMs) throw new Error(`${await open()} calls are still open`)
    await sleep(LOOK_MS)
  }
  await opened.engine.idle()
}
const LOOK_MS = 50

const AGAIN_TRIES = 60
const AGAIN_MS = 500
/** How a call ends that an engine would make again, with the same token. */
const isAgain = new Set(['pending', 'busy', 'unavailable', 'unknownOutcome'])
/** What is kept of machines goes: this engine has no resource for it. Throws an Error of what cannot go. */
export async function dropKept(opened: Opened, machineOf: ReadonlyMap<string, string>): Promise<number> {
  const all = await shown(opened, 'vmSnapshot')
  for (const { id, facts } of all) {
    const kept = {
      verb: 'vmSnapshotDelete',
      instance: String(facts.instance ?? machineOf.get(id)),
      snapshot: id,
    } as const
    let how = await keep(opened, kept, `${kept.instance}.drop-${id}`)
    // What was asked of it before the last kill may still be done.
    for (let tries = 0; isAgain.has(how) && tries < AGAIN_TRIES; tries += 1) {
      await sleep(AGAIN_MS)
      how = await keep(opened, kept, `${kept.instance}.drop-${id}`)
    }
    if (how !== 'done') throw new Error(`${id} of ${kept.instance} can not go: ${how}`)
  }
  return all.length
}

/** Ends every machine that has been asked for a disk: its guest never lets go of one. */
export async function letGo(opened: Opened): Promise<void> {
  for (const { id, state, attributes } of await rowsOf(opened, 'instance')) {
    const awaits = attributes.devices.some((each: { status: string }) => each.status === 'detaching')
    if (awaits && state === 'running') await end(opened, id, attributes.mode)
  }
}
async function end({ engine }: Opened, id: string, mode: string): Promise<void> {
  const session = engine.as(acme)
  if (mode === 'stateful') await session.instance.stop(id, { force: true })
  else await session.instance.terminate(id)
}

async function historyOf({ engine }: Opened, id: string): Promise<string[]> {
  const events: string[] = []
  for await (const { version, type, state, data, answers = '', wants = [] } of engine.history(id)) {
    const asks = wants.flatMap(each => (each.want === 'ask' ? [each.verb] : []))
    events.push(`${version} ${type} ${answers} ${state} ${JSON.stringify(data)} ${asks.join()}`)
  }
  return events
}

const HOURS = 2 * 3_600_000
/** A survey by the engine itself, of what is old enough to be judged, finds nothing. Throws an Error with what it found. */
export async function surveyed(opened: Opened): Promise<void> {
  opened.clock.forward(HOURS)
  const { providers } = await opened.engine.survey()
  const wrong: string[] = []
  for (const { reachable, problem, kinds } of providers) {
    if (!reachable) wrong.push(`not seen: ${problem}`)
    for (const { kind, unsettled, orphan, ghost, drift, foreign } of kinds) {
      if (unsettled > 0) wrong.push(`${unsettled} of ${kind} can not be judged`)
      for (const { resource, id, sentence } of [orphan, ghost, drift, foreign].flatMap(each => each.listed))
        wrong.push(`${sentence} (after ${(await historyOf(opened, resource ?? id)).join(', ')})`)
    }
  }
  if (wrong.length > 0) throw new Error(`a survey finds: ${wrong.join(' ')}`)
}

/** Neither an orphan nor a ghost, and each as it is known. Throws an Error that names the first that differ. */
export async function compare(opened: Opened): Promise<void> {
  const wrong: string[] = []
  for (const kind of ['instance', 'volume', 'snapshot'] as const) {
    const rows = await rowsOf(opened, kind)
    const expected = new Map(rows.filter(({ state }) => there.has(state)).map(row => [row.id, row]))
    for (const { id, state } of rows)
      if (!there.has(state) && !gone.has(state)) wrong.push(`${id} is ${state}, at rest`)
    const seen = await shown(opened, namesThere[kind])
    for (const { id } of seen) {
      if (expected.has(id)) continue
      wrong.push(`${kind} ${id} is an orphan, after ${(await historyOf(opened, id)).join(', ')}`)
    }
    for (const { id, state, attributes } of expected.values()) {
      const sight = seen.find(each => each.id === id)
      if (sight?.exists !== 'yes') wrong.push(`${kind} ${id} is ${state} and a ghost (${sight?.exists})`)
      else if (kind === 'instance' && sight.facts.status !== state)
        wrong.push(`${id} is ${state}, but ${JSON.stringify(sight.facts)}`)
      else if (kind !== 'instance' && sight.facts.sizeBytes !== attributes.sizeBytes)
        wrong.push(
          `${id} has ${attributes.sizeBytes} bytes, but ${sight.facts.sizeBytes} there, after ${(await historyOf(opened, id)).join(', ')}`,
        )
    }
  }
  if (wrong.length > 0) throw new Error(`the engine and the world differ: ${wrong.join('; ')}`)
}

/** Processes of machines of this folder, found by what they were started with. */
export function processesOf(folder: string): number[] {
  const isOurs = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(poolOf(folder), 'run'))
    } catch {
      return false
    }
  }
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && isOurs(name))
    .map(Number)
}

const END_TRIES = 1_200
/** Waits for machines that are ending, a minute at most: on a busy computer that takes its time. */
export async function allEnded(folder: string): Promise<boolean> {
  for (let tries = 0; processesOf(folder).length > 0; tries += 1) {
    if (tries === END_TRIES) return false
    await sleep(LOOK_MS)
  }
  return true
}

/** Checks every disk of the pool, which no machine may have open. Returns how many were sound, and had only leaks. */
export function checkDisks(folder: string): { sound: number; leaking: number } {
  const counts = { sound: 0, leaking: 0 }
  for (const part of ['images', 'volumes', 'snapshots'])
    for (const name of readdirSync(join(poolOf(folder), part))) {
      try {
        execFileSync('qemu-img', ['check', '-q', '-f', 'qcow2', join(poolOf(folder), part, name)], { stdio: 'pipe' })
        counts.sound += 1
      } catch (error) {
        // 3: clusters nobody uses, as a machine leaves that is killed; its contents are right.
        if ((error as { status?: number }).status !== 3) throw error
        counts.leaking += 1
      }
    }
  return counts
}

/** Every machine off, hard; those that are suspended have gone on before: returns how many. */
export async function turnOff(opened: Opened, withinMs: number): Promise<number> {
  const asleep = (await rowsOf(opened, 'instance')).filter(({ state }) => state === 'suspended')
  for (const { id } of asleep) await opened.engine.as(acme).instance.resume(id)
  await settle(opened, withinMs)
  for (const { id, state, attributes } of await rowsOf(opened, 'instance'))
    if (state === 'running') await end(opened, id, attributes.mode)
  await settle(opened, withinMs)
  return asleep.length
}

const rounds = 4

/** Deletes all there is. Throws an Error if anything is left, here or there. */
export async function cleanSlate(opened: Opened, folder: string, withinMs: number): Promise<void> {
  const left = async () => {
    const rows = await Promise.all((['instance', 'volume', 'snapshot'] as const).map(kind => rowsOf(opened, kind)))
    return rows.flat().filter(({ state }) => !['terminated', 'deleted'].includes(state))
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { id, kind } of await left())
      await opened.engine.submit([{ kind, command: removal[kind as Kept], id }], acme).catch(() => {})
    await settle(opened, withinMs)
  }
  const remains = await left()
  if (remains.length > 0)
    throw new Error(`cannot be deleted: ${remains.map(({ id, state }) => `${id} ${state}`).join()}`)
  const pool = poolOf(folder)
  for (const part of ['volumes', 'snapshots', 'states', 'run']) {
    const names = readdirSync(join(pool, part))
    if (names.length > 0) throw new Error(`left in ${part}: ${names.join(', ')}`)
  }
  // A process that was told to end may take a moment.
  if (!(await allEnded(folder))) throw new Error(`left running: ${processesOf(folder).join(', ')}`)
}
