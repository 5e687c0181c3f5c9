/**
 * Why this test? A promise of durability is only worth what survives a process that gets no chance to say goodbye. The
 * parent keeps the journal of everything that was acknowledged; the child is killed with -9 while it works.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, it } from 'vitest'
import type { CommandResult } from '../../src/runtime/decide.ts'
import type { CommandInput } from '../../src/runtime/request.ts'
import { acme, GiB, openEngine, operator, worldOf } from './setting.ts'

const KILLS = Number(process.env.STEMMA_KILLS ?? 100)
const CALLERS = 16
const folder = mkdtempSync(join(tmpdir(), 'stemma-kill-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Sent {
  readonly token: string
  readonly commands: CommandInput[]
}
type Reply = { token: string; results?: CommandResult[]; refused?: string }

/** Draws the same numbers for the same seed. */
function random(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

class Load {
  readonly acknowledged = new Map<string, CommandResult[]>()
  readonly refused = new Map<string, string>()
  readonly #draw = random(20_261_121)
  readonly #image: string
  readonly #alive: string[] = []
  #count = 0
  /** Sent and not answered: sent again, word for word, to the next process. */
  readonly open = new Map<string, Sent>()

  constructor(image: string) {
    this.#image = image
  }

  next(): Sent {
    this.#count += 1
    const sent = { token: `t${this.#count}`, commands: this.#commands() }
    this.open.set(sent.token, sent)
    return sent
  }

  #commands(): CommandInput[] {
    const launch = { kind: 'instance', command: 'launch', input: { image: this.#image, type: 'small' } }
    const id = this.#alive[this.#draw(this.#alive.length || 1)]
    const choice = this.#draw(10)
    if (id === undefined || choice < 4) return Array.from({ length: 1 + this.#draw(3) }, () => launch)
    const command = choice < 6 ? 'stop' : choice < 8 ? 'start' : 'terminate'
    return [{ kind: 'instance', command, id }]
  }

  answered({ token, results, refused }: Reply): void {
    const sent = this.open.get(token)
    this.open.delete(token)
    if (refused !== undefined) this.refused.set(token, refused)
    if (!results || !sent) return
    this.acknowledged.set(token, results)
    if (sent.commands[0]?.command === 'launch') this.#alive.push(...results.map(({ id }) => id))
    if (this.#alive.length > 60) this.#alive.splice(0, 30)
  }
}

/** One life of the server: everything open is sent again, then new requests, until it is killed. */
async function life(load: Load, killAfterMs: number): Promise<void> {
  const node = process.execPath
  const child = spawn(node, [join(import.meta.dirname, 'server.ts'), folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  const send = (sent: Sent) => child.stdin!.write(`${JSON.stringify(sent)}\n`)
  child.stdin!.on('error', () => {})
  for await (const line of createInterface({ input: child.stdout! })) {
    const reply = parse(line)
    if (!reply) continue
    if ('ready' in reply) {
      setTimeout(() => child.kill('SIGKILL'), killAfterMs)
      for (const sent of load.open.values()) send(sent)
    } else load.answered(reply)
    while (load.open.size < CALLERS) send(load.next())
  }
  await ended(child)
}

/** A line that was cut off by the kill acknowledges nothing. */
function parse(line: string): ({ ready: true } | Reply) | undefined {
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

describe(`a server killed ${KILLS} times with -9 under load`, () => {
  it('loses nothing it acknowledged, does nothing twice, and leaves no orphan', async () => {
    const seed = await openEngine(folder)
    await seed.as(operator).offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
    const { id: image } = await seed.as(acme).image.register({ name: 'plain', sizeBytes: 8 * GiB })
    await seed.close()

    const load = new Load(image)
    const draw = random(7)
    for (let kill = 0; kill < KILLS; kill += 1) await life(load, 20 + draw(180))

    const world = worldOf(folder)
    const engine = await openEngine(folder, world)
    const session = engine.as(acme)
    for (const { token, commands } of load.open.values()) {
      const results = await engine.submit(commands, acme, { token }).catch(() => undefined)
      if (results) load.acknowledged.set(token, [...results])
    }

    // 0 lost: every acknowledged event stands in the log where its answer said. 0 doubled: every token made one request.
    const logged = new Map<string, { resource: string; position: number; version: number }[]>()
    let position = 0
    const lives = new Map<string, string>()
    for await (const event of log(engine)) {
      position += 1
      expect(event.position).toBe(position)
      if (event.kind === 'instance' || event.kind === 'volume') lives.set(event.resource, event.kind)
      if (event.token === undefined) continue
      const known = logged.get(event.token) ?? []
      logged.set(event.token, [...known, event])
    }
    let acknowledged = 0
    for (const [token, results] of load.acknowledged) {
      const accepted = results.filter(({ outcome }) => outcome === 'accepted')
      acknowledged += accepted.length
      const found = (logged.get(token) ?? []).map(event => ({ id: event.resource, position: event.position }))
      expect(found, `token ${token}`).toEqual(accepted.map(({ id, position: at }) => ({ id, position: at })))
    }
    for (const token of load.refused.keys()) expect(logged.has(token), `refused ${token} left an event`).toBe(false)
    for (const token of logged.keys()) expect(load.acknowledged.has(token), `${token} was never sent`).toBe(true)

    // The world agrees: one object for each life, and after everything is terminated none at all.
    for (const [id, kind] of lives) {
      await session.settled(id)
      expect(world.made(id), `${id} was made more than once`).toBeLessThanOrEqual(1)
      const { state } = await session.get(id)
      if (kind === 'instance' && state !== 'terminated') await session.instance.terminate(id)
    }
    for (const [id, kind] of lives)
      expect(await session.settled(id)).toBe(kind === 'instance' ? 'terminated' : 'deleted')
    expect(world.objects()).toHaveLength(0)
    expect(engine.health()).toMatchObject({ contained: [], stalledViews: [] })
    console.log(`${KILLS} kills, ${acknowledged} acknowledged, ${position} events, 0 lost, 0 doubled`)
    await engine.close()
  }, 900_000)
})

async function* log(engine: Awaited<ReturnType<typeof openEngine>>) {
  for (let after = 0; ; ) {
    const chunk = await engine.store.log(after, 1_000)
    if (chunk.length === 0) return
    for (const { text } of chunk) yield JSON.parse(text)
    after = chunk.at(-1)!.position
  }
}
