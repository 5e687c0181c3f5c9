/**
 * Records the incidents that docs/debugging.md solves, each on a provider that goes wrong in that way:
 * `node test/histories/incidents/record.ts` writes one export for each. They stay as they are: the page quotes them.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { fixturesDefault } from '../../../src/cli/fixtures.ts'
import { placesOf } from '../../../src/cli/regions.ts'
import { seed } from '../../../src/cli/seed.ts'
import { simulated } from '../../../src/drivers/simulated/index.ts'
import { createEngine } from '../../../src/engine.ts'
import { exportLines } from '../../../src/replay/transfer/index.ts'
import type { Clock } from '../../../src/runtime/clock.ts'
import type { Ids } from '../../../src/runtime/ids.ts'
import { sqlite } from '../../../src/store/sqlite/index.ts'
import { sha256 } from '../../../src/system/hash.ts'

const GiB = 1_073_741_824
const [region] = fixturesDefault.regions
const { name: place } = region!

/** Time that passes when a story says so, and never otherwise: recorded again, a story has the same times and ids. */
class StoryClock implements Clock {
  #now = Date.UTC(2026, 10, 20, 9)
  #waiting: { time: number; wake: () => void }[] = []
  now = () => this.#now
  soon = (run: () => void) => void setImmediate(run)
  wakeAt = (time: number, wake: () => void) => {
    const waiting = { time, wake }
    this.#waiting.push(waiting)
    if (time <= this.#now) setImmediate(() => this.#fire())
    return () => {
      this.#waiting = this.#waiting.filter(each => each !== waiting)
    }
  }
  pass(ms: number): void {
    this.#now += ms
    this.#fire()
  }
  #fire(): void {
    const due = this.#waiting.filter(({ time }) => time <= this.#now)
    this.#waiting = this.#waiting.filter(({ time }) => time > this.#now)
    for (const { wake } of due) wake()
  }
}

interface Around {
  readonly database: Database.Database
  readonly clock: StoryClock
  readonly ids: Ids
  readonly world: World
}

/** An engine on the database of a story, and at its provider. */
async function open({ database, clock, ids, world }: Around) {
  const engine = await createEngine({
    ...{ kinds, projections, store: sqlite({ database }), drivers: { local: world }, region: place },
    ...{ clock, ids, surveyEveryMs: 0 },
  })
  await seed(engine, { ...fixturesDefault, instanceTypes: fixturesDefault.instanceTypes.slice(0, 1) })
  const user = engine.as({ account: 'default', actor: 'anna', region: place })
  const { items } = await engine.views.inventory.list({ where: { kind: 'image' } })
  return { engine, user, image: items[0]!.id as string }
}

type World = ReturnType<typeof simulated>
const stories: Record<string, (around: Around) => Promise<void>> = {
  async 'vm-snapshot-stuck-after-a-restart'(around) {
    const { clock, world } = around
    const before = await open(around)
    const { user, image } = before
    const { id: instance } = await user.instance.launch({ image, type: 'small', name: 'billing' })
    await user.settled(instance)
    // The provider takes the call, and goes on working on it: no answer comes while this process lives, nor to the next one.
    world.failNext('vmSnapshotEnsure', 'silence')
    await user['vm-snapshot'].create({ instance, name: 'before-upgrade' })
    await before.engine.close({ graceMs: 0 })
    world.failNext('vmSnapshotEnsure', 'silence')
    clock.pass(600_000)
    const after = await open(around)
    await after.user.instance.tag(instance, { tags: { waits: 'for its snapshot' } })
    await after.user['vm-snapshot'].create({ instance, name: 'once-more' }).catch(() => {})
    await after.engine.close({ graceMs: 0 })
  },
  async 'capacity-that-does-not-add-up'(around) {
    const { clock, world } = around
    const { user, engine } = await open(around)
    const { id: kept } = await user.volume.create({ sizeBytes: 10 * GiB, name: 'ledger' })
    const { id: gone } = await user.volume.create({ sizeBytes: 40 * GiB, name: 'scratch' })
    await user.settled(kept)
    await user.settled(gone)
    clock.pass(3_600_000)
    world.failNext('volumeDelete', 'rejected', 'busy')
    await user.volume.delete(gone)
    await engine.idle()
    await user.volume.modify(kept, { sizeBytes: 20 * GiB })
    await engine.idle()
    await engine.close({ graceMs: 0 })
  },
  async 'volume-in-use-by-nobody'(around) {
    const { clock, world } = around
    const { user, engine, image } = await open(around)
    const { id: instance } = await user.instance.launch({ image, type: 'small', name: 'worker' })
    const { id: volume } = await user.volume.create({ sizeBytes: 10 * GiB, name: 'queue' })
    await user.settled(instance)
    await user.settled(volume)
    await user.volume.attach(volume, { instance, device: '/dev/sdf' })
    await user.settled(volume)
    clock.pass(86_400_000)
    world.failNext('instanceDestroy', 'rejected', 'denied')
    await user.instance.terminate(instance)
    await engine.idle()
    for (const ms of [5_000, 20_000, 60_000]) {
      world.failNext('instanceDestroy', 'rejected', 'denied')
      clock.pass(ms)
      await engine.idle()
    }
    await user.volume.tag(volume, { tags: { wanted: 'by another instance' } })
    await engine.close({ graceMs: 0 })
  },
}

for (const [name, story] of Object.entries(stories)) {
  const database = new Database(':memory:')
  const clock = new StoryClock()
  const world = simulated({ instant: true, capabilities: placesOf(fixturesDefault.regions), clock })
  let last = 0
  const ids: Ids = { next: atMs => `${atMs.toString(16).padStart(11, '0')}${(++last).toString(16).padStart(6, '0')}` }
  await story({ database, clock, ids, world })
  const store = sqlite({ database })
  await store.open([])
  const lines: string[] = []
  for await (const line of exportLines(store, {}, sha256)) lines.push(`${line}\n`)
  writeFileSync(join(import.meta.dirname, `${name}.jsonl`), lines.join(''))
  await store.close()
}
