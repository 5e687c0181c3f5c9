/** What a store refuses to open, and what it makes sure of when it does open. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { compareVersions } from '../../src/store/sqlite/open.ts'
import { SCHEMA_VERSION } from '../../src/store/sqlite/schema/migrations.ts'
import { inventory, limits } from '../../src/testing/store-contract/samples.ts'
import { commitNumber, views } from './everything.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stemma-opening-'))
  path = join(folder, 'cloud.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** The same connection, but for what `pragma` and a query answer. */
const answering = (database: Database.Database, answers: Record<string, unknown>): Database.Database =>
  new Proxy(database, {
    get(target, property) {
      const value = Reflect.get(target, property)
      if (typeof value !== 'function') return value
      if (property === 'pragma')
        return (source: string, options?: Database.PragmaOptions) => answers[source] ?? target.pragma(source, options)
      if (property === 'prepare')
        return (source: string) => (source in answers ? { get: () => answers[source] } : target.prepare(source))
      return value.bind(target)
    },
  })

describe('versions of SQLite', () => {
  it.each([
    ['3.51.2', '3.51.3', -1],
    ['3.51.3', '3.51.3', 0],
    ['3.51.10', '3.51.3', 1],
    ['3.9.0', '3.51.3', -1],
    ['3.54', '3.51.3', 1],
    ['3.51', '3.51.0', 0],
    ['4.0.0', '3.51.3', 1],
  ])('%s compared with %s is %i', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign)
  })

  it('before 3.51.3 are refused, with the version that was found', async () => {
    const database = answering(new Database(':memory:'), {
      'select sqlite_version() as version': { version: '3.51.2' },
    })
    const refused = { code: 'sqliteTooOld', message: expect.stringMatching(/3\.51\.2 .*3\.51\.3/) }
    await expect(sqlite({ database }).open(views)).rejects.toMatchObject(refused)
  })
})

describe('a schema', () => {
  it('of a newer stemma is refused with both numbers, and the file is left as it was', async () => {
    const store = sqlite(path)
    await store.open(views)
    await store.commit(commitNumber(1))
    await store.close()
    const raw = new Database(path)
    raw.pragma(`user_version = ${SCHEMA_VERSION + 6}`)
    raw.close()
    const message = expect.stringMatching(`schema ${SCHEMA_VERSION + 6}.* ${SCHEMA_VERSION}\\b`)
    for (const readOnly of [false, true])
      await expect(sqlite({ path, readOnly }).open(views)).rejects.toMatchObject({ code: 'schemaTooNew', message })
    const again = new Database(path)
    again.pragma(`user_version = ${SCHEMA_VERSION}`)
    again.close()
    const reopened = sqlite(path)
    expect(await reopened.open(views)).toMatchObject({ position: 2 })
    await reopened.close()
  })

  it('that is not there yet is refused to a reader, who may not make it', async () => {
    new Database(path).close()
    writeFileSync(path, '')
    const refused = { code: 'failed', message: expect.stringContaining('schema 0') }
    await expect(sqlite({ path, readOnly: true }).open(views)).rejects.toMatchObject(refused)
  })
})

describe('durability', () => {
  it('is synchronous=FULL and WAL at each open, whatever the connection came with', async () => {
    for (let time = 0; time < 2; time += 1) {
      const database = new Database(path)
      database.pragma('synchronous = OFF')
      const store = sqlite({ database })
      await store.open(views)
      expect(database.pragma('synchronous', { simple: true })).toBe(2)
      expect(database.pragma('journal_mode', { simple: true })).toBe('wal')
      expect(database.pragma('page_size', { simple: true })).toBe(4_096)
      await store.close()
      database.close()
    }
  })

  it('is that again after each row that is filled in beside, also one that cannot be written', async () => {
    const database = new Database(path)
    const durably = () => database.pragma('synchronous', { simple: true })
    const store = sqlite({ database })
    await store.open(views)
    const refill = await store.refill(['inventory'])
    await refill.write([{ view: 'inventory', key: 'i-1', row: { id: 'i-1' } }], 1)
    expect(durably()).toBe(2)
    const bad = { view: 'inventory', key: 'i-2', row: { id: 'i-2', state: {} } }
    await expect(refill.write([bad], 1)).rejects.toMatchObject({ code: 'failed' })
    expect(durably()).toBe(2)
    while (await refill.index()) expect(durably()).toBe(2)
    await refill.swap(['inventory'], [], 1)
    expect((await store.rows('inventory', ['i-1', 'i-2'])).size).toBe(1)
    await store.close()
    database.close()
  })

  it.each([
    ['synchronous', 1],
    ['journal_mode', 'delete'],
  ])('is refused where %s stays %s', async (pragma, value) => {
    const database = answering(new Database(path), { [pragma]: value })
    const refused = { code: 'notDurable', message: expect.stringContaining(`${pragma}=${value}`) }
    await expect(sqlite({ database }).open(views)).rejects.toMatchObject(refused)
    database.close()
  })
})

describe('a file', () => {
  it('that is no database is refused, and not locked afterwards', async () => {
    writeFileSync(path, 'a letter to a friend, long enough to be no header. '.repeat(20))
    const refused = { code: 'failed', message: expect.stringContaining(path) }
    await expect(sqlite(path).open(views)).rejects.toMatchObject(refused)
    rmSync(path)
    const store = sqlite(path)
    await store.open(views)
    await store.close()
  })

  it('in a folder that is not there is refused, with its path', async () => {
    const refused = { code: 'failed', message: expect.stringContaining(join(folder, 'no', 'cloud.db')) }
    await expect(sqlite(join(folder, 'no', 'cloud.db')).open(views)).rejects.toMatchObject(refused)
    await expect(sqlite({ path, readOnly: true }).open(views)).rejects.toMatchObject({ code: 'failed' })
  })

  it('is one file again after close, even if the reading handle was never used', async () => {
    const store = sqlite(path)
    await store.open(views)
    await store.commit(commitNumber(1))
    expect((await store.measures()).walBytes).toBeGreaterThan(0)
    await store.close()
    expect(['', '-wal', '-shm', '-owner'].map(suffix => existsSync(path + suffix))).toEqual([true, false, false, false])
  })
})

describe('names of views', () => {
  it.each([
    ['a table of the store', { ...inventory, name: 'events' }],
    ['a table of SQLite', { ...inventory, name: 'sqlite_stat1' }],
    ['a table of the migrations', { ...inventory, name: 'migrations' }],
    ['SQL', { ...inventory, name: 'inventory"; drop table events; --' }],
    ['no identifier', { ...inventory, columns: { ...inventory.columns, 'a b': 'text' as const } }],
    ['the column of revisions', { ...limits, columns: { ...limits.columns, revision: 'integer' as const } }],
    ['a key that is no column', { ...inventory, key: 'nothing' }],
    ['an index on no column', { ...inventory, indexes: [['nothing']] }],
    ['a claimed view whose rows would be forgotten', { ...limits, perResource: true }],
  ])('are refused if they are those of %s', async (_, view) => {
    await expect(sqlite(path).open([view])).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining(view.name),
    })
    expect(existsSync(`${path}-owner`)).toBe(false)
  })
})
