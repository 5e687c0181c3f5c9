/** The process dies at every SQL statement in turn: what it was doing has happened whole, or not at all. */
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Store } from '../../src/store/store.ts'
import { inventory, limits } from '../../src/testing/store-contract/samples.ts'
import { Died, dying } from './dying-database.ts'
import { commitNumber, picture, views } from './everything.ts'

/** A database in memory with this many commits in it. */
async function withCommits(count: number): Promise<Database.Database> {
  const database = new Database(':memory:')
  const store = sqlite({ database })
  await store.open(views)
  for (let n = 1; n <= count; n += 1) await store.commit(commitNumber(n))
  await store.close()
  return database
}

/**
 * Does the work on a connection that dies after 0, 1, 2, ... statements, until it does not die; each time a new store on
 * the same database is shown to `check`. Returns how often it died.
 */
async function dyingAtEach(
  make: () => Promise<Database.Database>,
  work: (database: Database.Database) => Promise<unknown>,
  check: (database: Database.Database, hasDied: boolean) => Promise<void>,
): Promise<number> {
  for (let statements = 0; ; statements += 1) {
    const database = await make()
    let hasDied = false
    try {
      await work(dying(database, statements))
    } catch (error) {
      if (!(error instanceof Died)) throw error
      hasDied = true
    }
    await check(database, hasDied)
    database.close()
    if (!hasDied) return statements
  }
}

const opened = async (database: Database.Database, projections = views): Promise<Store> => {
  const store = sqlite({ database })
  await store.open(projections)
  return store
}
/** Statements that a store needs to open, so that what comes after can be counted apart. */
const openingTakes = (make: () => Promise<Database.Database>) =>
  dyingAtEach(
    make,
    database => sqlite({ database }).open(views),
    async () => {},
  )

describe('a store whose process dies', () => {
  it('while it makes its schema, opens afterwards as if nothing had been tried', async () => {
    const empty = async () => new Database(':memory:')
    const deaths = await dyingAtEach(
      empty,
      database => sqlite({ database }).open(views),
      async database => {
        const store = sqlite({ database })
        expect(await store.open(views)).toMatchObject({ position: 0 })
        await store.commit(commitNumber(1))
        expect((await store.log(0, 10)).length).toBe(2)
      },
    )
    console.log(`opening a new store died at each of ${deaths} statements`)
    expect(deaths).toBeGreaterThan(20)
  })

  it('in a commit, has all of it or nothing', async () => {
    const make = () => withCommits(2)
    const before = await picture(await opened(await withCommits(2)), 3)
    const after = await picture(await opened(await withCommits(3)), 3)
    const deaths = await dyingAtEach(
      make,
      async database => (await opened(database)).commit(commitNumber(3)),
      async (database, hasDied) => {
        expect(await picture(await opened(database), 3)).toEqual(hasDied ? before : after)
      },
    )
    const within = deaths - (await openingTakes(make))
    console.log(`a commit died at each of ${within} statements`)
    expect(within).toBeGreaterThan(15)
  })

  it('while it forgets what has ended, has forgotten all of it or nothing', async () => {
    const roster = [limits, { ...inventory, perResource: true }]
    const make = async () => {
      const database = new Database(':memory:')
      const store = await opened(database, roster)
      for (const n of [1, 2]) await store.commit(commitNumber(n))
      await store.close()
      return database
    }
    const forget = async (database: Database.Database) => {
      const store = await opened(database, roster)
      await store.forget('instance', await store.endings('instance', 2), ['inventory'])
    }
    const found = async (database: Database.Database) => {
      const store = sqlite({ database })
      const { horizons } = await store.open(roster)
      return { horizons, ...((await picture(store, 2)) as object) }
    }
    const before = await found(await make())
    const forgotten = await make()
    await forget(forgotten)
    const after = await found(forgotten)
    expect(after).not.toEqual(before)
    const deaths = await dyingAtEach(make, forget, async (database, hasDied) => {
      expect(await found(database)).toEqual(hasDied ? before : after)
    })
    expect(deaths).toBeGreaterThan(8)
  })

  it('while it empties a view, has the rows and their watermark, or neither', async () => {
    const deaths = await dyingAtEach(
      () => withCommits(2),
      async database => (await opened(database)).resetView('inventory'),
      async (database, hasDied) => {
        const store = sqlite({ database })
        const { watermarks } = await store.open(views)
        const rows = await store.query('inventory', { limit: 10 })
        expect([rows.length, watermarks.get('inventory')]).toEqual(hasDied ? [3, 4] : [0, 0])
      },
    )
    expect(deaths).toBeGreaterThan(await openingTakes(() => withCommits(2)))
  })

  it('while it fills a view beside the one that is read, has the old one or the new one', async () => {
    const found = new Set<string>()
    const deaths = await dyingAtEach(
      () => withCommits(2),
      async database => {
        const refill = await (await opened(database)).refill(['inventory'])
        await refill.write([{ view: 'inventory', key: 'new', row: { id: 'new' } }], 4)
        while (await refill.index());
        await refill.swap(['inventory'], [], 4)
      },
      async (database, hasDied) => {
        const store = sqlite({ database })
        const { watermarks } = await store.open(views)
        const rows = await store.query('inventory', { limit: 10 })
        found.add(`${hasDied ? 'died' : 'lived'}: ${rows.length} rows at ${watermarks.get('inventory')}`)
        const left = database.prepare("select name from sqlite_schema where name glob '_next_*'").all()
        expect(left).toEqual([])
      },
    )
    expect(found).toEqual(new Set(['died: 3 rows at 4', 'lived: 1 rows at 4']))
    expect(deaths).toBeGreaterThan(await openingTakes(() => withCommits(2)))
  })

  it('while it makes a view anew, has rows that are complete, or none and starts from 0', async () => {
    const wider = { ...inventory, version: 2, columns: { ...inventory.columns, zone: 'text' as const } }
    const found = new Set<string>()
    await dyingAtEach(
      () => withCommits(2),
      database => opened(database, [limits, wider]),
      async (database, hasDied) => {
        const store = sqlite({ database })
        const { watermarks } = await store.open(hasDied ? views : [limits, wider])
        const rows = await store.query('inventory', { limit: 10 })
        found.add(`${rows.length} rows at ${watermarks.get('inventory')}`)
      },
    )
    expect(found).toEqual(new Set(['3 rows at 4', '0 rows at 0']))
  })
})
