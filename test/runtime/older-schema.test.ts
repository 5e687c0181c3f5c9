/** A file of an older stemma: what its tables could not say yet is found out from the log. */
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { describe, expect, it } from 'vitest'
import { migrate } from '../../src/store/sqlite/schema/migrations.ts'
import { lamp } from './light.ts'
import { contentOf, inventory, openWith } from './setting.ts'

const shelf = { ...inventory, perResource: true } as const
const open = (given = {}) => openWith({ kinds: { lamp }, projections: { inventory: shelf }, ...given })

/** The same events, asks, timers and tokens, in a file of the first schema, whose snapshots do not say what ended. */
async function ofFirstSchema(today: Database.Database): Promise<Database.Database> {
  const old = new Database(':memory:')
  await migrate(new Kysely<never>({ dialect: new SqliteDialect({ database: old }) }), '0001-core')
  const columnsOf = (database: Database.Database, table: string) =>
    database.prepare('select name from pragma_table_info(?)').pluck().all(table) as string[]
  for (const table of ['events', 'asks', 'timers', 'tokens', 'snapshots']) {
    const known = columnsOf(old, table)
    const columns = columnsOf(today, table).filter(each => known.includes(each))
    const insert = old.prepare(`insert into ${table} (${columns}) values (${columns.map(() => '?')})`)
    for (const row of today.prepare(`select ${columns} from ${table}`).raw().all()) insert.run(...(row as unknown[]))
  }
  const position = today.prepare('select max(position) from events').pluck().get()
  old.prepare(`insert into watermarks values ('snapshots', 1, '', ?)`).run(position)
  old.exec(`update snapshots set text = json_remove(text, '$.ended'); pragma user_version = 1`)
  return old
}

describe('a file from before resources were forgotten', () => {
  it('is opened with the same rows, and knows when each resource ended', async () => {
    const before = await open()
    const { database } = before
    for (const label of ['kept', 'broken']) {
      const { id } = await before.acme.lamp.make({ label })
      if (label === 'broken') await before.acme.lamp.break(id)
      await before.acme.settled(id)
    }
    await before.engine.close()
    const content = contentOf(database)
    expect(content.endings).toHaveLength(1)
    const old = await ofFirstSchema(database)
    expect(contentOf(old).endings).toBe(undefined)
    const after = await open({ database: old })
    // What it has at a provider is marked as every engine marked it then.
    expect(after.engine.owner).toBe('stemma')
    const { identity: _, ...rest } = content
    expect(contentOf(old, ...Object.keys(rest))).toEqual(rest)
    const { id } = JSON.parse(content.inventory![0]!) as { id: string }
    expect(await after.engine.store.stream(id, 1, 10)).toHaveLength(1)
    after.clock.set(after.clock.now() + lamp.retentionMs)
    expect(await after.engine.prune()).toBe(1)
    expect((await after.acme.list('lamp')).items.map(({ label }) => label)).toEqual(['kept'])
  })
})
