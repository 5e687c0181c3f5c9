/** What only SQLite can be asked: damage, full disks, the reading handle, and a store that is closed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SqliteStore, sqlite } from '../../src/store/sqlite/index.ts'
import { type Store, StoreError } from '../../src/store/store.ts'
import { allPages } from '../../src/testing/store-contract/queries.ts'
import { nothing, snapshot } from '../../src/testing/store-contract/samples.ts'
import { commitNumber, picture, views } from './everything.ts'

let folder = ''
let path = ''
let stores: SqliteStore[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stemma-sqlite-'))
  path = join(folder, 'cloud.db')
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  rmSync(folder, { recursive: true })
})
const opened = async (options: Parameters<typeof sqlite>[0] = path): Promise<SqliteStore> => {
  const store = sqlite(options)
  await store.open(views)
  stores = [...stores, store]
  return store
}

describe('a snapshot row', () => {
  it.each([
    ['version', '9'],
    ['rules', '9'],
    ['text', `'{"version":9}'`],
    ['resource', `'i-8'`],
  ])('is told to be damaged if its %s is not what was written', async (column, value) => {
    const database = new Database(':memory:')
    const store = await opened({ database })
    await store.writeDerived({ snapshots: [snapshot('i-1'), snapshot('i-2')], rows: [], watermark: 1 })
    database.exec(`update snapshots set ${column} = ${value} where resource = 'i-1'`)
    const name = column === 'resource' ? 'i-8' : 'i-1'
    expect(await store.snapshots([name, 'i-2'])).toEqual({ rows: [snapshot('i-2')], damaged: [name] })
  })
})

describe('a full disk', () => {
  it('fails the commit with its cause, leaves nothing of it, and is usable again when there is room', async () => {
    const database = new Database(path)
    const store = await opened({ database })
    await store.commit(commitNumber(1))
    const before = await picture(store, 2)
    const pages = database.pragma('page_count', { simple: true }) as number
    database.pragma(`max_page_count = ${pages}`)
    const large = { ...nothing, events: commitNumber(2).events.map(event => ({ ...event, text: 'x'.repeat(100_000) })) }
    const full = { code: 'failed', message: expect.stringContaining('SQLITE_FULL'), cause: { code: 'SQLITE_FULL' } }
    await expect(store.commit(large)).rejects.toMatchObject(full)
    expect(await picture(store, 2)).toEqual(before)
    database.pragma('max_page_count = 1000000')
    await store.commit(commitNumber(2))
    expect((await store.log(2, 10)).length).toBe(2)
    await store.close()
    database.close()
  })
})

describe('a value that SQLite has no place for', () => {
  it('fails the whole commit and names view and column', async () => {
    const store = await opened()
    const rows = [{ view: 'inventory', key: 'a', row: { id: 'a', state: true } }]
    const refused = { code: 'failed', message: expect.stringMatching(/inventory.*state.*boolean/) }
    await expect(store.writeDerived({ snapshots: [snapshot('a')], rows, watermark: 1 })).rejects.toMatchObject(refused)
    expect((await store.snapshots(['a'])).rows).toEqual([])
    await store.commit(commitNumber(1))
  })
})

describe('the reading handle', () => {
  it.each([
    ['of a file', () => opened()],
    ['of memory', () => opened(':memory:')],
  ])('%s reads what is committed, and cannot write', async (_, open) => {
    const store = await open()
    await store.commit(commitNumber(1))
    const read = () => store.db.selectFrom('inventory').select(['id', 'tags']).orderBy('id').execute()
    const rows = [
      { id: 'i-0', tags: null },
      { id: 'i-1', tags: '[1]' },
    ]
    expect(await read()).toEqual(rows)
    await expect(store.db.deleteFrom('inventory').execute()).rejects.toThrow(/read/)
    await expect(store.db.deleteFrom('inventory').returningAll().execute()).rejects.toThrow(/read/)
    await expect(store.db.insertInto('inventory').values({ id: 'i-9' }).execute()).rejects.toThrow(/read/)
    await expect(store.db.schema.dropTable('inventory').execute()).rejects.toThrow(/read/)
    expect(await read()).toEqual(rows)
    await store.commit(commitNumber(2))
    expect((await read()).length).toBe(3)
  })

  it('of memory cannot begin a transaction on the connection that commits', async () => {
    const store = await opened(':memory:')
    const begun = store.db.transaction().execute(async () => {})
    await expect(begun).rejects.toBeInstanceOf(StoreError)
    await store.commit(commitNumber(1))
  })
})

describe('a query', () => {
  it('of a column or view that is not there is refused by name', async () => {
    const store = await opened()
    const asked = store.query('inventory', { where: { 'state" or 1 --': 1 }, limit: 1 })
    await expect(asked).rejects.toMatchObject({ code: 'failed', message: expect.stringContaining('inventory') })
    await expect(store.rows('nothing', ['a'])).rejects.toMatchObject({
      message: expect.stringContaining('limits, inventory'),
    })
    await expect(store.claims('inventory', ['a'])).rejects.toMatchObject({ code: 'failed' })
  })

  it('always reads every row once by pages, in the order of one large page', async () => {
    const store = await opened(':memory:')
    const cell = fc.constantFrom(undefined, 'a', 'A', 'ä', '🌍', '\uffff', '')
    const some = fc.record({ state: cell, sizeBytes: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }) })
    const column = fc.constantFrom('state', 'sizeBytes', 'id')
    const sorts = fc.uniqueArray(fc.record({ column, direction: fc.constantFrom('asc' as const, 'desc' as const) }), {
      selector: each => each.column,
    })
    const property = fc.asyncProperty(
      fc.array(some, { maxLength: 40 }),
      sorts,
      fc.integer({ min: 1, max: 9 }),
      async (rows, sort, limit) => {
        await store.resetView('inventory')
        const changes = rows.map((row, place) => ({
          view: 'inventory',
          key: `i-${place}`,
          row: { ...row, id: `i-${place}` },
        }))
        await store.writeDerived({ snapshots: [], rows: changes, watermark: 1 })
        const whole = await store.query('inventory', { sort, limit: 1_000 })
        expect(whole.length).toBe(rows.length)
        expect(await allPages({ store }, 'inventory', { sort, limit })).toEqual(whole)
      },
    )
    await fc.assert(property, { numRuns: 300 })
  })
})

describe('a store that is closed', () => {
  it('refuses everything but closing again', async () => {
    const store = await opened()
    await store.commit(commitNumber(1))
    await store.close()
    await store.close()
    const calls: Record<Exclude<keyof Store, 'open' | 'close' | 'refusals' | 'checkpoints'>, () => Promise<unknown>> = {
      commit: () => store.commit(commitNumber(2)),
      writeDerived: () => store.writeDerived({ snapshots: [], rows: [], watermark: 1 }),
      resetView: () => store.resetView('inventory'),
      byResource: () => store.byResource!(),
      refill: () => store.refill(['inventory']),
      snapshots: () => store.snapshots(['i-1']),
      stream: () => store.stream('i-1', 1, 1),
      log: () => store.log(0, 1),
      claims: () => store.claims('limits', ['acme']),
      rows: () => store.rows('inventory', ['i-1']),
      query: () => store.query('inventory', { limit: 1 }),
      token: () => store.token('acme', 't-1'),
      asks: () => store.asks(0, 1),
      countAsks: () => store.countAsks(),
      timers: () => store.timers(1),
      pruneTokens: () => store.pruneTokens(1, 1),
      endings: () => store.endings('lamp', 1),
      forget: () => store.forget('lamp', [], []),
      beginning: async () => store.beginning?.(),
      pruneDamages: async () => store.pruneDamages?.(),
      measures: () => store.measures(),
    }
    for (const call of Object.values(calls)) await expect(call()).rejects.toMatchObject({ code: 'closed' })
    expect(() => store.db).toThrow(StoreError)
  })
})
