/**
 * Why this test? A check that finds nothing in a damaged file is believed. Each table is damaged here, and the check must
 * name what it is; and it must find nothing in what an engine left, whatever happened.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { checkStore } from '../../src/replay/check/index.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { sha256 as hash } from '../../src/system/hash.ts'
import { type Cloud, furnish, GiB, live, openCloud, step } from './cloud.ts'

async function check(database: Database.Database) {
  const store = sqlite({ database })
  const opened = await store.open(Object.values(projections))
  const report = await checkStore(store, opened, { kinds, projections, hash, pause: async () => {} })
  await store.close()
  return report
}

async function left(): Promise<{ cloud: Cloud; id: string; database: Database.Database }> {
  const cloud = await openCloud()
  await furnish(cloud)
  const { id } = await cloud.acme.volume.create({ sizeBytes: GiB, name: 'payroll' } as never).catch(() => {
    return cloud.acme.volume.create({ sizeBytes: GiB })
  })
  await cloud.engine.idle()
  cloud.world.failNext('volumeEnsure', 'silence')
  await cloud.acme.volume.create({ sizeBytes: GiB })
  await cloud.engine.close({ graceMs: 0 })
  return { cloud, id, database: cloud.database }
}

describe('a data file at rest', () => {
  it('is sound, whatever happened, also where what has ended is forgotten', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.boolean(), async (script, isPruned) => {
        const cloud = await openCloud()
        await furnish(cloud)
        await live(cloud, script)
        await cloud.engine.flush()
        if (isPruned) await cloud.engine.prune()
        await cloud.engine.close()
        const report = await check(cloud.database)
        expect(report.findings).toEqual([])
        expect(report).toMatchObject({ isSound: true, histories: { diverged: 0 } })
      }),
      { numRuns: 12 },
    )
  })

  const damages: readonly [what: string, sql: string, found: object][] = [
    ['a row of a view', `update inventory set state = 'lost' where kind = 'volume'`, { in: 'view', name: 'inventory' }],
    [
      'a row too many',
      `insert into limits (key, holder, used, revision) values ('account/x', 'account', '{}', 1)`,
      { in: 'view', name: 'limits' },
    ],
    ['a row too few', 'delete from usage', { in: 'view', name: 'usage' }],
    ['an ask', 'delete from asks', { in: 'asks' }],
    ['a timer', 'delete from timers', { in: 'timers' }],
  ]
  it.each(damages)('is not sound where %s was changed', async (_, sql, found) => {
    const { database } = await left()
    expect((await check(database)).isSound).toBe(true)
    const revision = (database.pragma('table_info(limits)') as { name: string }[]).map(({ name }) => name).at(-1)!
    expect(database.prepare(sql.replace('revision', `"${revision}"`)).run().changes).toBeGreaterThan(0)
    const report = await check(database)
    expect(report.isSound).toBe(false)
    expect(report.findings[0]).toMatchObject(found)
  })

  it('is not sound where an event was changed, or the last of a stream is gone', async () => {
    const { database, id } = await left()
    const copy = new Database(database.serialize())
    copy.prepare(`update events set text = replace(text, '"acme"', '"axme"') where resource = ?`).run(id)
    expect((await check(copy)).histories.divergences[0]).toMatchObject({ resource: id, differs: 'damage' })
    const shorter = new Database(database.serialize())
    shorter.prepare('delete from events where resource = ? and version = 2').run(id)
    const { histories } = await check(shorter)
    expect(histories.divergences[0]).toMatchObject({ resource: id, differs: 'damage', recorded: 'version 2' })
  })
})

describe('a backup', () => {
  it('of a file that is being written is a moment of it, and sound', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stemma-backup-'))
    const database = new Database(join(folder, 'cloud.db'))
    const cloud = await openCloud(database)
    await furnish(cloud)
    const writing = Promise.all(Array.from({ length: 30 }, () => cloud.acme.volume.create({ sizeBytes: GiB })))
    await cloud.acme.volume.create({ sizeBytes: GiB })
    const reader = sqlite({ path: join(folder, 'cloud.db'), readOnly: true })
    const { position } = await reader.open([])
    reader.backup(join(folder, 'copy.db'))
    await reader.close()
    await writing
    await cloud.engine.idle()
    await cloud.engine.close()
    database.close()
    const copy = new Database(join(folder, 'copy.db'))
    expect(copy.prepare('select max(position) from events').pluck().get()).toBeGreaterThanOrEqual(position)
    expect((await check(copy)).histories.diverged).toBe(0)
    const restored = await openCloud(copy)
    const { id } = await restored.acme.volume.create({ sizeBytes: GiB })
    expect(await restored.acme.settled(id)).toBe('available')
    await restored.engine.close()
    copy.close()
    await rm(folder, { recursive: true })
  })
})
