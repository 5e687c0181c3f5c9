/** A cloud with the kinds and views that come with stemma, on a provider that answers at once, and lives in it. */
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import type { ThreadOptions } from '../../src/engine/options.ts'
import { createEngine } from '../../src/engine.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import { type SqliteStore, sqlite } from '../../src/store/sqlite/index.ts'
import type { StoredEvent } from '../../src/store/store.ts'
import { systemClock } from '../../src/system/clock.ts'

export const GiB = 1_073_741_824
export type Cloud = Awaited<ReturnType<typeof openCloud>>

/** The real clock, ahead of the time by as much as a test wants. */
function aheadBy(shift: { ms: number }): Clock {
  const real = systemClock()
  return {
    now: () => real.now() + shift.ms,
    wakeAt: (time, wake, idle) => real.wakeAt(time - shift.ms, wake, idle),
    soon: run => real.soon(run),
  }
}

/**
 * Opens an engine on a database, or a store given instead; everything that ends may be forgotten at once. Archives are
 * looked for in a folder.
 */
export async function openCloud(
  database = new Database(':memory:'),
  retentionMs = 0,
  archives: string | false = false,
  instead: { readonly store?: SqliteStore; readonly threads?: ThreadOptions } = {},
) {
  const shift = { ms: 0 }
  const world = simulated({ instant: true })
  const retention = Object.fromEntries(Object.keys(kinds).map(name => [name, retentionMs]))
  const engine = await createEngine({
    kinds,
    projections,
    store: instead.store ?? sqlite({ database, archives }),
    threads: instead.threads,
    drivers: { local: world },
    surveyEveryMs: 0,
    clock: aheadBy(shift),
    retentionMs: retention,
  })
  return {
    engine,
    world,
    database,
    /** How far its clock is ahead. */
    shift,
    operator: engine.as({ account: 'operator', actor: 'root', authority: 'operator' }),
    acme: engine.as({ account: 'acme', actor: 'ops@acme' }),
    bee: engine.as({ account: 'bee', actor: 'ops@bee' }),
  }
}

/** Accounts, an offering and an image that everybody may use. Returns the image's id. */
export async function furnish({ operator }: Cloud): Promise<string> {
  await operator.domain.create({ name: 'root' })
  for (const name of ['acme', 'bee']) await operator.account.open({ name, domain: 'root' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const { id } = await operator.image.register({ name: 'debian', sizeBytes: 8 * GiB })
  await operator.image.share(id, { public: true } as never).catch(() => {})
  return id
}

export const step = fc.record({
  who: fc.constantFrom('acme' as const, 'bee' as const),
  which: fc.nat(3),
  does: fc.constantFrom('launch', 'stop', 'start', 'terminate', 'volume', 'attach', 'delete', 'tag', 'limit', 'fail'),
})
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** Does these things one after the other, whatever becomes of each; each life with an image of its own. */
export async function live(cloud: Cloud, script: readonly Step[], image = 'own'): Promise<void> {
  const images: Record<string, string> = {}
  const instances: Record<string, string[]> = { acme: [], bee: [] }
  const volumes: Record<string, string[]> = { acme: [], bee: [] }
  for (const who of ['acme', 'bee'] as const)
    images[who] = (await cloud[who].image.register({ name: image, sizeBytes: 8 * GiB })).id
  for (const [index, { who, which, does }] of script.entries()) {
    const session = cloud[who]
    const instance = instances[who]![which] ?? 'i-00000000000000000'
    const volume = volumes[who]![which] ?? 'vol-00000000000000000'
    const done: Record<typeof does, () => Promise<unknown>> = {
      launch: async () => {
        const { id } = await session.instance.launch({ image: images[who]!, type: 'small', name: `n${index}` })
        instances[who]!.push(id)
      },
      stop: () => session.instance.stop(instance),
      start: () => session.instance.start(instance),
      terminate: () => session.instance.terminate(instance),
      volume: async () => volumes[who]!.push((await session.volume.create({ sizeBytes: GiB })).id),
      attach: () => session.volume.attach(volume, { instance, device: '/dev/sdf' }),
      delete: () => session.volume.delete(volume),
      tag: () => session.instance.tag(instance, { tags: { step: String(index) } }),
      limit: () => cloud.operator.account.limit(`account/${who}`, { limits: { instances: which + 1 } }),
      fail: async () => cloud.world.failNext('volumeEnsure', 'rejected', 'exhausted'),
    }
    await done[does]().catch(() => {})
    await cloud.engine.idle()
  }
}

/** The whole log. */
export async function logOf(cloud: Cloud): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for (let after = 0; ; after = events.at(-1)!.position) {
    const chunk = await cloud.engine.store.log(after, 1_000)
    if (chunk.length === 0) return events
    events.push(...chunk)
  }
}

/** An engine that never saw anything but these events, and made everything else of them. */
export async function rebuiltFrom(events: readonly StoredEvent[], retentionMs?: number): Promise<Cloud> {
  const database = new Database(':memory:')
  const store = sqlite({ database })
  await store.open(Object.values(projections))
  const none = { asksOpened: [], asksClosed: [], asksUpdated: [], timersArmed: [], timersDisarmed: [], tokens: [] }
  if (events.length) await store.commit({ events, ...none, claims: [], claimedViews: [] })
  await store.close()
  return openCloud(database, retentionMs)
}

type Reader = { readonly views: Cloud['engine']['views'] }
/** Every row of every view as text, the views in the order of their names. */
export async function rowsOf({ views }: Reader): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {}
  for (const name of Object.keys(views).sort()) {
    all[name] = []
    for await (const row of (views as never as Record<string, { all(): AsyncGenerator<unknown> }>)[name]!.all())
      all[name]!.push(JSON.stringify(row))
  }
  return all
}

/** A volume that came, went and was forgotten, and one that stays. */
export async function pastVolume({ acme, engine }: Cloud): Promise<{ gone: string; left: string }> {
  const { id: gone } = await acme.volume.create({ sizeBytes: GiB })
  await engine.idle()
  await acme.volume.delete(gone)
  await engine.idle()
  const { id: left } = await acme.volume.create({ sizeBytes: GiB })
  await engine.idle()
  await engine.flush()
  await engine.prune()
  await engine.flush()
  return { gone, left }
}
