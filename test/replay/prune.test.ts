/**
 * Why these tests? A prune takes history away. What was derived from it must stay what it was, to the byte, with the
 * archive and without; what is damaged later, here or there, must be named; and whenever the process dies, there must be
 * the database from before or the one from after.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { checkStore } from '../../src/replay/check/index.ts'
import { type PrunePlan, planPrune } from '../../src/replay/prune/plan.ts'
import { readSteps } from '../../src/replay/story/index.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { sha256 as hash } from '../../src/system/hash.ts'
import { signatureCheck, signer } from '../../src/system/signing.ts'
import { Died, dying } from '../store/dying-database.ts'
import { type Cloud, furnish, GiB, live, logOf, openCloud, pastVolume, rowsOf, step } from './cloud.ts'
import { keys } from './signing-keys.ts'

const views = Object.values(projections)
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-prune-'))
})
afterEach(() => rm(folder, { recursive: true }))

const LATER = Number.MAX_SAFE_INTEGER

/** Prunes whatever may go. */
async function prune(
  database: Database.Database,
  archive = 'archive-1',
  sign?: (text: string) => string,
  hasOpened = () => {},
) {
  const store = sqlite({ database, archives: false })
  const opened = await store.open(views)
  hasOpened()
  try {
    const plan = await planPrune(store, opened, { kinds, hash, before: LATER })
    if (plan.streams.length > 0) store.prune({ streams: plan.streams, archive: join(folder, archive), sign })
    return plan
  } finally {
    await store.close()
  }
}

async function check(
  database: Database.Database,
  archives: string | false,
  isSigned?: (text: string, signature: string) => boolean,
) {
  const store = sqlite({ database, archives })
  const opened = await store.open(views)
  const report = await checkStore(store, opened, { kinds, projections, hash, pause: async () => {}, isSigned })
  await store.close()
  return report
}

/** Folds every view again, each from what its fold begins with. */
async function rebuildAll({ engine }: Cloud): Promise<void> {
  for (const name of Object.keys(projections)) await engine.rebuild(name as keyof typeof projections)
}

/** A cloud of which something is over and forgotten, closed. */
async function past(script: Parameters<typeof live>[1] = []) {
  const database = new Database(':memory:')
  const cloud = await openCloud(database)
  await furnish(cloud)
  await live(cloud, script)
  const { gone, left } = await pastVolume(cloud)
  const rows = await rowsOf(cloud.engine)
  const log = await logOf(cloud)
  await cloud.engine.close()
  return { database, rows, log, gone, left }
}

describe('a prune', () => {
  it('changes no row of any view: not by itself, not by a rebuild with the archive, and not by one without', async () => {
    let runs = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.array(step, { maxLength: 8 }), async (script, later) => {
        const { database, rows, log } = await past(script)
        runs += 1
        const plan = await prune(database, `archive-${runs}`)
        expect(plan.streams.length).toBeGreaterThan(0)
        for (const archives of [folder, false] as const) {
          const copy = new Database(database.serialize())
          const cloud = await openCloud(copy, 0, archives)
          expect(await rowsOf(cloud.engine)).toEqual(rows)
          await rebuildAll(cloud)
          expect(await rowsOf(cloud.engine)).toEqual(rows)
          expect((await logOf(cloud)).length).toBe(archives ? log.length : log.length - plan.events)
          if (archives) expect(await logOf(cloud)).toEqual(log)
          // And it goes on: what is folded later is folded onto the same.
          await live(cloud, later, 'later')
          await cloud.engine.flush()
          await cloud.engine.prune()
          await cloud.engine.flush()
          const lived = await rowsOf(cloud.engine)
          await rebuildAll(cloud)
          expect(await rowsOf(cloud.engine)).toEqual(lived)
          await cloud.engine.close()
          expect(await check(copy, archives)).toMatchObject({ findings: [], isSound: true })
        }
      }),
      { numRuns: 8 },
    )
  })

  it('takes nothing that is young, listed, working, or referred to', async () => {
    const database = new Database(':memory:')
    const cloud = await openCloud(database)
    await furnish(cloud)
    const { id: source } = await cloud.acme.volume.create({ sizeBytes: GiB })
    await cloud.engine.idle()
    const { id: snapshot } = await cloud.acme.snapshot.create({ volume: source })
    await cloud.engine.idle()
    await cloud.acme.volume.delete(source)
    await cloud.engine.idle()
    await cloud.engine.flush()
    await cloud.engine.prune()
    const { id: listed } = await cloud.acme.volume.create({ sizeBytes: GiB })
    await cloud.engine.idle()
    await cloud.acme.volume.delete(listed)
    await cloud.engine.idle()
    await cloud.acme.volume.create({ sizeBytes: GiB })
    await cloud.engine.idle()
    await cloud.engine.close()
    const store = sqlite({ database, archives: false })
    const opened = await store.open(views)
    const planned = (before: number): Promise<PrunePlan> => planPrune(store, opened, { kinds, hash, before })
    expect(await planned(LATER)).toMatchObject({ streams: [], kept: { referred: 1, unforgotten: 1 } })
    expect(await planned(0)).toMatchObject({ streams: [], kept: { young: 2 } })
    expect((await store.stream(snapshot, 1, 10)).length).toBeGreaterThan(0)
    await store.close()
  })

  it('leaves what is over a name: it is not born again, and its history is where it is said to be', async () => {
    const { database, gone } = await past()
    await prune(database)
    const without = await openCloud(new Database(database.serialize()), 0, false)
    expect(await without.acme.volume.delete(gone)).toMatchObject({ outcome: 'unchanged', state: 'deleted' })
    expect(without.engine.health().contained).toEqual([])
    await expect(without.engine.at({ position: 1 })).rejects.toThrow(/archive-1, which is not there; put it back/)
    await without.engine.close()
    const whole = await openCloud(new Database(database.serialize()), 0, folder)
    const events = []
    for await (const event of whole.engine.history(gone)) events.push(event.version)
    expect(events).toEqual(events.map((_, index) => index + 1))
    expect(events.length).toBeGreaterThan(2)
    await whole.engine.at({ position: 1 })
    await whole.engine.close()
  })

  it('is continued by what is heard later of a stream that was taken out, and its versions have no gap', async () => {
    const database = new Database(':memory:')
    const cloud = await openCloud(database)
    const image = await furnish(cloud)
    const { id: own } = await cloud.acme.image.register({ name: 'own', sizeBytes: GiB })
    const { id } = await cloud.acme.instance.launch({ image: own, type: 'small' })
    await cloud.engine.idle()
    await cloud.acme.instance.terminate(id)
    await cloud.engine.idle()
    await cloud.acme.volume.create({ sizeBytes: GiB })
    await cloud.engine.idle()
    await cloud.engine.flush()
    await cloud.engine.prune()
    await cloud.engine.close()
    expect((await prune(database)).streams.map(({ resource }) => resource)).toContain(id)
    expect(image).toBeDefined()
    const later = await openCloud(database, 0, false)
    const { version } = await later.acme.instance.tag(id, { tags: { seen: 'late' } })
    expect(version).toBeGreaterThan(4)
    await later.engine.flush()
    const rows = await rowsOf(later.engine)
    await rebuildAll(later)
    expect(await rowsOf(later.engine)).toEqual(rows)
    await expect(readSteps(later.engine, later.acme, id)).rejects.toThrow(/archive-1, which is not there; put it back/)
    await later.engine.close()
    for (const archives of [false, folder] as const)
      expect(await check(new Database(database.serialize()), archives)).toMatchObject({ findings: [], isSound: true })
    const whole = await openCloud(database, 0, folder)
    const versions = (await readSteps(whole.engine, whole.acme, id)).map(({ event }) => event.version)
    expect(versions).toEqual(Array.from({ length: version }, (_, index) => index + 1))
    await rebuildAll(whole)
    expect(await rowsOf(whole.engine)).toEqual(rows)
    await whole.engine.close()
    // Its last event changed: the chain goes on from the digest that the prune kept, so it is found out without the archive.
    database.prepare(`update events set text = replace(text, 'late', 'soon') where resource = ?`).run(id)
    expect((await check(database, false)).histories.divergences).toMatchObject([{ resource: id, differs: 'damage' }])
  })

  it('can be followed by another: both archives make the log whole, one alone does not', async () => {
    const { database, rows, log } = await past()
    await prune(database)
    const cloud = await openCloud(database)
    const { id } = await cloud.acme.volume.create({ sizeBytes: GiB })
    await cloud.engine.idle()
    await cloud.acme.volume.delete(id)
    await cloud.engine.idle()
    await cloud.acme.volume.create({ sizeBytes: GiB })
    await cloud.engine.idle()
    await cloud.engine.flush()
    await cloud.engine.prune()
    await cloud.engine.flush()
    const lived = await rowsOf(cloud.engine)
    await cloud.engine.close()
    expect((await prune(database, 'archive-2')).streams.map(({ resource }) => resource)).toEqual([id])
    expect(await check(database, folder)).toMatchObject({ findings: [], isSound: true })
    const whole = await openCloud(new Database(database.serialize()), 0, folder)
    await rebuildAll(whole)
    expect(await rowsOf(whole.engine)).toEqual(lived)
    expect((await logOf(whole)).slice(0, log.length)).toEqual(log)
    expect(Object.keys(rows)).toEqual(Object.keys(lived))
    await whole.engine.close()
    // Shared out among readers, each event is one reader's, with those of the same resource.
    const shared = sqlite({ database, archives: folder })
    await shared.open(views)
    const shares = await Promise.all([0, 1, 2].map(part => shared.log(0, 10_000, { parts: 3, part })))
    expect(shares.flat().sort((a, b) => a.position - b.position)).toEqual(await shared.log(0, 10_000))
    const owners = shares.map(share => new Set(share.map(({ resource }) => resource)))
    expect(owners.reduce((sum, { size }) => sum + size, 0)).toBe(new Set(owners.flatMap(each => [...each])).size)
    await shared.close()
    await rename(join(folder, 'archive-1'), join(folder, 'elsewhere'))
    const store = sqlite({ database, archives: folder })
    await store.open(views)
    expect(await store.beginning!()).toMatchObject({ missing: [join(folder, 'archive-1')] })
    await store.close()
    const half = await openCloud(database, 0, folder)
    await rebuildAll(half)
    expect(await rowsOf(half.engine)).toEqual(lived)
    await half.engine.close()
  })
})

describe('a view that folds otherwise after a prune', () => {
  it('is stalled where the archive is not at hand, and made anew where it is', async () => {
    const { database } = await past()
    await prune(database)
    database.prepare(`update "beginningViews" set version = 0 where view = 'usage'`).run()
    database.prepare(`update watermarks set position = 0 where view = 'usage'`).run()
    const stalled = await openCloud(new Database(database.serialize()), 0, false)
    expect([...stalled.engine.recovery.stalled.keys()]).toEqual(['usage'])
    expect(String(stalled.engine.recovery.stalled.get('usage'))).toContain('archive-1')
    await stalled.engine.close()
    const whole = await openCloud(new Database(database.serialize()), 0, folder)
    expect(whole.engine.recovery.stalled.size).toBe(0)
    await whole.engine.close()
  })
})

describe('what a prune left', () => {
  const damages: readonly [what: string, sql: string, key: string | RegExp][] = [
    [
      'a row of a view',
      `update "beginningRows" set text = replace(text, 'acme', 'axme') where view = 'usage'`,
      'view usage',
    ],
    ['the end of a stream', `update pruned set text = replace(text, 'acme', 'axme')`, 'streams'],
    ['a stream less', 'delete from pruned', 'streams'],
    ['another archive', `update prunes set archive = 'archive-9'`, 'place'],
    ['another content', `update prunes set content = replace(content, '"number":1', '"number":2')`, 'seal'],
  ]
  it.each(damages)('is named where it was changed: %s', async (_, sql, key) => {
    const { database } = await past()
    await prune(database)
    expect((await check(database, folder)).isSound).toBe(true)
    expect((await check(database, false)).isSound).toBe(true)
    expect(database.prepare(sql).run().changes).toBeGreaterThan(0)
    const { findings, isSound } = await check(database, false)
    expect(isSound).toBe(false)
    expect(findings.map(each => each.key)).toContain(key)
  })

  it('is named in the archive too, by position: an event changed, left out, or put elsewhere', async () => {
    const { database, log } = await past()
    const { streams } = await prune(database)
    const taken = new Set(streams.map(({ resource }) => resource))
    const [first, second] = log.filter(({ resource }) => taken.has(resource)).map(({ position }) => position)
    const forge = (sql: string, ...values: number[]) => {
      const archive = new Database(join(folder, 'archive-1'))
      const before = archive.serialize()
      archive.prepare(sql).run(...values)
      archive.close()
      return before
    }
    const forgeries: readonly [sql: string, values: number[], key: string][] = [
      [`update events set text = replace(text, 'acme', 'axme') where position = ?`, [second!], `position ${second}`],
      ['delete from events where position = ?', [first!], `position ${second}`],
      ['delete from events where position = (select max(position) from events)', [], 'its last event'],
    ]
    for (const [sql, values, key] of forgeries) {
      const whole = forge(sql, ...values)
      const { findings, isSound } = await check(database, folder)
      expect(isSound).toBe(false)
      expect(findings).toContainEqual(expect.objectContaining({ in: 'prune', name: join(folder, 'archive-1'), key }))
      await writeFile(join(folder, 'archive-1'), whole)
    }
    expect((await check(database, folder)).isSound).toBe(true)
  })

  it('that was signed is not believed with another signature, or with none', async () => {
    const { database } = await past()
    await prune(database, 'archive-1', signer(keys.own.privateKey))
    expect((await check(database, false, signatureCheck(keys.own.publicKey))).isSound).toBe(true)
    const { findings } = await check(database, false, signatureCheck(keys.other.publicKey))
    expect(findings.map(({ key }) => key)).toEqual(['signature'])
    database.prepare('update prunes set signature = null').run()
    expect((await check(database, false, signatureCheck(keys.own.publicKey))).isSound).toBe(false)
    expect((await check(database, false)).isSound).toBe(true)
  })

  it('of another log is not read with this one', async () => {
    const { database } = await past()
    await prune(database)
    const other = await past()
    await prune(other.database, 'archive-2')
    await rm(join(folder, 'archive-1'))
    await rename(join(folder, 'archive-2'), join(folder, 'archive-1'))
    await expect(openCloud(database, 0, folder)).rejects.toThrow(/is archive 1 of/)
  })
})

describe('a process that dies while it prunes', () => {
  it('at any statement leaves the database from before or the one from after, and the next prune ends it', async () => {
    const { database, rows } = await past()
    const image = database.serialize()
    const deaths = { opening: 0, before: 0, after: 0 }
    for (let statements = 0; ; statements += 1) {
      const copy = new Database(image)
      let hasOpened = false
      const opened = () => {
        hasOpened = true
      }
      const isOver = await prune(dying(copy, statements), 'archive-1', undefined, opened).then(
        () => true,
        error => {
          if (!(error instanceof Died)) throw error
          return false
        },
      )
      if (isOver) break
      if (!hasOpened) {
        deaths.opening += 1
        copy.close()
        continue
      }
      const left = new Database(copy.serialize())
      copy.close()
      const isPruned = left.prepare('select count(*) from prunes').pluck().get() === 1
      deaths[isPruned ? 'after' : 'before'] += 1
      // Without the archive only once it is needed: before, the database has everything itself.
      expect(await check(left, isPruned && folder)).toMatchObject({ findings: [], isSound: true })
      const cloud = await openCloud(left, 0, folder)
      await rebuildAll(cloud)
      expect(await rowsOf(cloud.engine)).toEqual(rows)
      await cloud.engine.close()
      if (!isPruned) {
        if (existsSync(join(folder, 'archive-1'))) await expect(prune(left)).rejects.toThrow(/is there already/)
        expect((await prune(left, `again-${statements}`)).streams.length).toBeGreaterThan(0)
        expect(await check(left, folder)).toMatchObject({ findings: [], isSound: true })
      }
      await rm(join(folder, 'archive-1'), { force: true })
    }
    console.log(`a prune died at ${deaths.before} statements before its commit, and at ${deaths.after} after it`)
    expect(deaths.before).toBeGreaterThan(30)
  })
})
