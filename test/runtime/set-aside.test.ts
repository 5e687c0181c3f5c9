import { describe, expect, it } from 'vitest'
import { domino } from './domino.ts'
import { copyOf, inventory, open, openWith, outcomeOf } from './setting.ts'

const kinds = { domino }
const projections = { inventory }

describe('a resource that was set aside', () => {
  it('is at its last event after a restart, although its row was not written when it was set aside', async () => {
    const before = await openWith({ kinds, projections, behindMs: 200_000_000 })
    const [first, second] = [await before.acme.domino.stand({}), await before.acme.domino.stand({})]
    await before.engine.flush()
    await before.acme.domino.link(first.id, { next: [second.id] })
    // The gust that comes tips one over, and the rules send the fall round and round.
    await before.acme.domino.link(second.id, { next: [first.id] })
    await before.clock.pass(90_000_000)
    const contained = before.engine.health().contained.map(({ resource }) => resource)
    expect(contained).not.toEqual([])
    await before.engine.close()
    const after = await openWith({ kinds, projections, database: before.database })
    for (const id of contained) {
      const [{ version }] = after.rows(`select max(version) as version from events where resource = '${id}'`) as [
        { version: number },
      ]
      expect(await after.acme.domino.link(id, { next: [] })).toMatchObject({ version: version + 1 })
    }
  })

  it('because of a damaged event is so after the next start too, and after the one that follows', async () => {
    const before = await open({ behindMs: 3_600_000 })
    const { id } = await before.acme.lamp.make({ label: 'desk' })
    await before.engine.flush()
    await before.acme.lamp.lock(id, { locked: true })
    await before.acme.lamp.lock(id, { locked: false })
    const died = copyOf(before.database)
    died.exec(`update events set text = replace(text, '"locked":true', '"locked":null') where version = 2`)
    for (let starts = 0; starts < 3; starts += 1) {
      const after = await open({ database: died })
      expect((await outcomeOf(after.acme.get(id))).error).toMatchObject({ code: 'contained' })
      await after.engine.close()
    }
  })
})
