/** One contract for every store: what SQLite does in a file, it does in memory, and PostgreSQL does it as well. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, it } from 'vitest'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { storeContract } from '../../src/testing/store-contract.ts'
import { PgliteStore } from './pglite-store.ts'

const runner = { describe, it, expect }

storeContract(
  {
    name: 'SQLite in a file',
    open: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'stemma-store-'))
      const path = join(folder, 'cloud.db')
      return {
        store: sqlite(path),
        reopen: async () => sqlite(path),
        cleanup: async () => rmSync(folder, { recursive: true }),
      }
    },
  },
  runner,
)

storeContract(
  {
    name: 'SQLite in memory',
    open: async () => {
      const database = new Database(':memory:')
      return {
        store: sqlite({ database }),
        reopen: async () => sqlite({ database }),
        cleanup: async () => void database.close(),
      }
    },
  },
  runner,
)

describe('PostgreSQL', () => {
  // One server for all tests: starting it takes a second, emptying it a millisecond.
  let server: Promise<PGlite> | undefined
  afterAll(async () => (await server)?.close())
  storeContract(
    {
      name: 'PGlite',
      parts: ['append', 'positions', 'claims'],
      open: async () => {
        server ??= PGlite.create()
        const database = await server
        return {
          store: new PgliteStore(database),
          reopen: async () => new PgliteStore(database),
          cleanup: async () => void (await database.exec('drop table events; drop table claims')),
        }
      },
    },
    runner,
  )
})
