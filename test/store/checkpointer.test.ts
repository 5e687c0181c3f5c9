import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, it } from 'vitest'
import { Checkpointer } from '../../src/store/sqlite/checkpointer.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Commit } from '../../src/store/store.ts'

const folder = mkdtempSync(join(tmpdir(), 'stemma-checkpointer-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const MiB = 1_048_576
const big = 'x'.repeat(64 * 1024)
const commitAt = (position: number): Commit => ({
  events: [
    { position, resource: `thing-${position}`, version: 1, text: JSON.stringify({ at: position, big }), digest: 'd' },
  ],
  asksOpened: [],
  asksClosed: [],
  asksUpdated: [],
  timersArmed: [],
  timersDisarmed: [],
  tokens: [],
  claims: [],
})
const breathe = () => new Promise(resolve => setImmediate(resolve))

describe('the checkpointer', () => {
  it('copies the log into the file beside the writer, and the log begins anew', async () => {
    const path = join(folder, 'busy.db')
    const database = new Database(path)
    database.pragma('page_size = 4096')
    database.pragma('journal_mode = WAL')
    database.pragma('wal_autocheckpoint = 0')
    database.exec('CREATE TABLE t (text TEXT)')
    const insert = database.prepare('INSERT INTO t VALUES (?)')
    const checkpointer = new Checkpointer(database, path)
    let written = 0
    // A thread that is late is waited for: nothing else keeps this log from filling the disk.
    const most = () => (checkpointer.rounds + 1) * 512
    while (checkpointer.rounds < 3) {
      for (let index = 0; index < 8 && written < most(); index += 1) {
        insert.run(big)
        written += 1
      }
      checkpointer.committed()
      await breathe()
    }
    await checkpointer.close()
    expect(database.prepare('SELECT count(*) FROM t').pluck().get()).toBe(written)
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
    database.close()
  })

  it('keeps the log bounded while a store is written to without a pause', async () => {
    const path = join(folder, 'store.db')
    const store = sqlite(path)
    await store.open([])
    let largest = 0
    for (let position = 1; position <= 4_000; position += 1) {
      await store.commit(commitAt(position))
      if (position % 50 === 0) {
        largest = Math.max(largest, statSync(`${path}-wal`).size)
        await breathe()
      }
    }
    // 250 MiB were written. SQLite's own limit, for when the thread is late, is 64 MiB, and what is committed until a copy
    // that is under way is on the disk.
    expect(largest).toBeLessThan(128 * MiB)
    await store.close()
    const again = sqlite(path)
    expect(await again.open([])).toMatchObject({ position: 4_000 })
    expect(await again.log(3_990, 100)).toHaveLength(10)
    await again.close()
  })
})
