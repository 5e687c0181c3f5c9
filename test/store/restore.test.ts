/**
 * Why these tests? A restore is done once in years, in a hurry, with the only copy there is: nothing may be overwritten,
 * nothing half may be put in place, and what was asked of providers goes on where the backup left it.
 */
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { beginRestore, sqlite } from '../../src/store/sqlite/index.ts'
import { furnish, GiB, openCloud } from '../replay/cloud.ts'

let folder: string
const at = (name: string) => join(folder, name)
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-restore-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A backup of a cloud in which one volume is asked for, and nobody has answered yet. */
async function backup() {
  const database = new Database(at('cloud.db'))
  const cloud = await openCloud(database)
  await furnish(cloud)
  cloud.world.failNext('volumeEnsure', 'silence')
  const { id } = await cloud.acme.volume.create({ sizeBytes: GiB })
  await cloud.engine.close({ graceMs: 0 })
  database.prepare('vacuum into ?').run(at('kept.db'))
  database.close()
  return id
}

function restore(from: string, to: string): void {
  const restoration = beginRestore(at(from), at(to))
  try {
    restoration.place()
  } finally {
    restoration.end()
  }
}
const beginning = (name: string) => readdirSync(folder).filter(each => each.startsWith(name))

describe('a restore', () => {
  it('puts the backup in place whole, and what was asked of a provider is asked again', async () => {
    const id = await backup()
    restore('kept.db', 'other.db')
    expect(beginning('other.db')).toEqual(['other.db', 'other.db-writer'])
    const restored = new Database(at('other.db'))
    expect(restored.pragma('integrity_check', { simple: true })).toBe('ok')
    const cloud = await openCloud(restored)
    expect(await cloud.acme.settled(id)).toBe('available')
    await cloud.engine.close()
    restored.close()
  })

  it('overwrites nothing, not even what only belongs to a database', async () => {
    await backup()
    const before = await readFile(at('cloud.db'))
    expect(() => restore('kept.db', 'cloud.db')).toThrow(/cloud\.db is there already/)
    expect(await readFile(at('cloud.db'))).toEqual(before)
    await writeFile(at('other.db-wal'), 'the log of a file that was moved away')
    expect(() => restore('kept.db', 'other.db')).toThrow(/other\.db-wal is there already/)
    expect(existsSync(at('other.db'))).toBe(false)
    expect(await readFile(at('other.db-wal'), 'utf8')).toBe('the log of a file that was moved away')
  })

  it('overwrites nothing that came while the backup was looked at', async () => {
    await backup()
    const restoration = beginRestore(at('kept.db'), at('other.db'))
    await writeFile(at('other.db'), 'mine')
    expect(() => restoration.place()).toThrow(/is there already/)
    restoration.end()
    expect(await readFile(at('other.db'), 'utf8')).toBe('mine')
  })

  it('of what is no database puts nothing in place', async () => {
    await writeFile(at('noise.db'), 'not a database at all, whatever its name says')
    expect(() => restore('noise.db', 'other.db')).toThrow(/nothing was restored/)
    expect(beginning('other.db')).toEqual(['other.db-writer'])
  })

  it('is refused while a store has the place open, whatever became of its file', async () => {
    await backup()
    const store = sqlite(at('cloud.db'))
    await store.open([])
    for (const part of ['', '-wal', '-shm']) await rm(at(`cloud.db${part}`), { force: true })
    expect(() => restore('kept.db', 'cloud.db')).toThrow(expect.objectContaining({ code: 'alreadyOpen' }))
    await store.close()
    restore('kept.db', 'cloud.db')
  })

  it('keeps others from opening the place until it is there', async () => {
    await backup()
    const restoration = beginRestore(at('kept.db'), at('other.db'))
    await expect(sqlite(at('other.db')).open([])).rejects.toThrow(expect.objectContaining({ code: 'alreadyOpen' }))
    restoration.place()
    restoration.end()
    const store = sqlite(at('other.db'))
    expect((await store.open([])).position).toBeGreaterThan(0)
    await store.close()
  })

  it('begins anew where one died in the middle, and leaves nothing where it is given up', async () => {
    await backup()
    await writeFile(at('other.db-restoring'), 'half a copy')
    await writeFile(at('other.db-restoring-wal'), 'and its log')
    beginRestore(at('kept.db'), at('other.db')).end()
    expect(beginning('other.db')).toEqual(['other.db-writer'])
    restore('kept.db', 'other.db')
    expect(existsSync(at('other.db'))).toBe(true)
  })

  it('takes the log along that whoever looked at the copy left beside it', async () => {
    await backup()
    const restoration = beginRestore(at('kept.db'), at('other.db'))
    const looking = new Database(restoration.copy)
    looking.pragma('journal_mode = WAL')
    looking.exec('create table looked (at text)')
    looking.close()
    restoration.place()
    restoration.end()
    const restored = new Database(at('other.db'))
    expect(restored.prepare(`select name from sqlite_schema where name = 'looked'`).get()).toBeDefined()
    restored.close()
  })
})
