/** Reading the log again: verification against bare `evolve`, folding a past against a raw scan, stories among many resources. */
import { readStory, readWhy } from '../../src/replay/story/index.ts'
import { verify } from '../../src/replay/verify/index.ts'
import { Catalogue } from '../../src/runtime/catalogue.ts'
import { unseal } from '../../src/runtime/envelope.ts'
import { advance, type Snapshot, unborn } from '../../src/runtime/snapshot.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Store } from '../../src/store/store.ts'
import { sha256 } from '../../src/system/hash.ts'
import { server } from './kind.ts'
import { file, openEngine, populate, principal } from './setting.ts'

export interface ReplayFigures {
  readonly resources: number
  readonly events: number
  readonly evolvePerSecond: number
  readonly verifyPerSecond: number
  /** Median over the turns: what else the machine does weighs on both of a turn. */
  readonly verifyAgainstEvolve: number
  readonly scanPerSecond: number
  readonly foldPerSecond: number
  readonly againMs: number
  /** The first look of another process, from what the one before kept beside the file. */
  readonly elsewhereMs: number
}
export interface StoryFigures {
  readonly resources: number
  readonly storyMs: number
  readonly whyMs: number
}

const CHUNK = 5_000
/** Events of a resource besides its making. */
const ROUNDS = 6
const protection = (round: number) => ({ protected: round % 2 === 0, note: `round ${round}` })

async function eachEvent(store: Store, apply: (event: ReturnType<typeof unseal>) => void): Promise<number> {
  let count = 0
  for (let after = 0; ; ) {
    const chunk = await store.log(after, CHUNK)
    if (chunk.length === 0) return count
    for (const stored of chunk) apply(unseal(stored))
    after = chunk.at(-1)!.position
    count += chunk.length
  }
}

async function perSecond(run: () => Promise<number>): Promise<number> {
  global.gc?.()
  const begun = process.hrtime.bigint()
  const count = await run()
  return (count * 1e9) / Number(process.hrtime.bigint() - begun)
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

async function medianMs(times: number, run: (index: number) => Promise<unknown>): Promise<number> {
  const taken: number[] = []
  for (let index = 0; index < times; index += 1) {
    const begun = process.hrtime.bigint()
    await run(index)
    taken.push(Number(process.hrtime.bigint() - begun) / 1e6)
  }
  return median(taken)
}

/** Latency of stories in a database of many resources. */
export async function benchStories(resources: number): Promise<StoryFigures> {
  const ids: string[] = []
  const path = file('stories.db')
  await populate(path, ids, resources)
  const engine = await openEngine(sqlite(path))
  const session = engine.as(principal)
  const picked = (index: number) => ids[Math.floor((index * ids.length) / 50)]!
  const storyMs = await medianMs(50, index => readStory(engine, session, picked(index)))
  const whyMs = await medianMs(50, index => readWhy(engine, session, picked(index)))
  await engine.close()
  return { resources, storyMs, whyMs }
}

/** @param resources to make; each has seven events */
export async function benchReplay(resources: number): Promise<ReplayFigures> {
  const ids: string[] = []
  const path = file('replay.db')
  await populate(path, ids, resources)
  const engine = await openEngine(sqlite(path), { batchMax: 1_000 })
  for (let round = 0; round < ROUNDS; round += 1)
    for (let from = 0; from < ids.length; from += CHUNK) {
      const protect = (id: string) => ({ kind: 'server', command: 'protect', id, input: protection(round) })
      await engine.submit(ids.slice(from, from + CHUNK).map(protect), principal)
    }
  const { store } = engine
  const events = engine.health().position
  const kinds = { server }

  const bare = async () => {
    const catalogue = new Catalogue([server])
    const compiled = catalogue.kind('server')
    const snapshots = new Map<string, Snapshot>()
    return eachEvent(store, event => {
      const from = snapshots.get(event.resource) ?? unborn(compiled, event.resource, event.account, event.region)
      const { next } = compiled.evaluator.step(from, compiled.machineEvent(event))
      snapshots.set(event.resource, advance(compiled, from, event, next.context))
    })
  }
  const verified = async () => (await verify(store, { kinds, hash: sha256 })).events
  const scan = () => eachEvent(store, () => {})
  await scan()
  const rates = { evolve: [] as number[], verify: [] as number[], scan: [] as number[] }
  for (let turn = 0; turn < 5; turn += 1) {
    rates.evolve.push(await perSecond(bare))
    rates.verify.push(await perSecond(verified))
    rates.scan.push(await perSecond(scan))
  }
  await engine.close()
  const position = events - 1
  // Folding alone: keeping what was folded for other processes comes after it.
  const folding = await openEngine(Object.assign(sqlite(path), { checkpoints: undefined }))
  const foldPerSecond = await perSecond(async () => {
    await (await folding.at({ position })).views.inventory.list({ limit: 1 })
    return position
  })
  const nearby = async () => (await folding.at({ position: position - 1 })).views.inventory.list({ limit: 1 })
  const againMs = await medianMs(1, nearby)
  await folding.close()
  const elsewhere: number[] = []
  for (let turn = 0; turn < 2; turn += 1) {
    const other = await openEngine(sqlite(path))
    const first = async () => (await other.at({ position })).views.inventory.list({ limit: 1 })
    elsewhere.push(await medianMs(1, first))
    await other.close()
  }
  return {
    ...{ resources, events, foldPerSecond, againMs, elsewhereMs: elsewhere[1]! },
    evolvePerSecond: median(rates.evolve),
    verifyPerSecond: median(rates.verify),
    verifyAgainstEvolve: median(rates.verify.map((rate, turn) => rate / rates.evolve[turn]!)),
    scanPerSecond: median(rates.scan),
  }
}
