/** A file of an older stemma: what its snapshots could not say yet is found out from the log. */
import { describe, expect, it } from 'vitest'
import { lamp } from './light.ts'
import { contentOf, inventory, openWith } from './setting.ts'

const shelf = { ...inventory, perResource: true } as const
const open = (given = {}) => openWith({ kinds: { lamp }, projections: { inventory: shelf }, ...given })

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
    database.exec(`
      create unique index eventsByStream on events (resource, version);
      drop table streams; delete from watermarks where view = 'streams';
      drop table endings; drop table horizons; delete from migrations where name >= '0002';
      update snapshots set text = json_remove(text, '$.ended'); pragma user_version = 1
    `)
    const after = await open({ database })
    expect(contentOf(database, ...Object.keys(content))).toEqual(content)
    const { id } = JSON.parse(content.inventory![0]!) as { id: string }
    expect(await after.engine.store.stream(id, 1, 10)).toHaveLength(1)
    expect(content.endings).toHaveLength(1)
    after.clock.set(after.clock.now() + lamp.retentionMs)
    expect(await after.engine.prune()).toBe(1)
    expect((await after.acme.list('lamp')).items.map(({ label }) => label)).toEqual(['kept'])
  })
})
