/** Why this test? Whoever looks at evidence must not change it, and must not call a provider that is not its own. */
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { readWhy } from '../../src/replay/story/index.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { furnish, GiB, logOf, openCloud } from './cloud.ts'

describe('an engine that is opened still', () => {
  it('calls nobody and fires nothing, takes no command, and answers what would be accepted', async () => {
    const database = new Database(':memory:')
    const cloud = await openCloud(database)
    await furnish(cloud)
    cloud.world.failNext('volumeEnsure', 'silence')
    const { id } = await cloud.acme.volume.create({ sizeBytes: GiB })
    const log = await logOf(cloud)
    await cloud.engine.close({ graceMs: 0 })
    const world = simulated({ instant: true })
    const real = systemClock()
    // Every timer is overdue by now.
    const clock = { ...real, now: () => real.now() + 365 * 86_400_000 }
    const store = sqlite({ database })
    const engine = await createEngine({ kinds, projections, store, drivers: { local: world }, clock, still: true })
    const acme = engine.as({ account: 'acme', actor: 'ops@acme' })
    expect(await acme.get(id)).toMatchObject({ state: 'creating' })
    const why = await readWhy(engine, acme, id)
    expect(why.awaits.map(each => each.for)).toContain('ask')
    expect(why.actions?.length).toBeGreaterThan(0)
    await expect(acme.volume.delete(id)).rejects.toMatchObject({ code: 'still' })
    await engine.idle()
    for (let turn = 0; turn < 20; turn += 1) await new Promise(resolve => setImmediate(resolve))
    expect(world.calls.volumeEnsure).toBe(0)
    expect(await store.log(0, 1_000)).toEqual(log)
    await engine.close()
  })
})
