import { describe, expect, it } from 'vitest'
import { rest, TurningClock } from './clock.ts'
import { lamp } from './light.ts'
import { inventory, openWith, outcomeOf } from './setting.ts'
import { wrapped } from './wrapped.ts'

const kinds = { lamp }
const projections = { inventory }
/** More events than are folded at once, twice. */
async function long(folded = () => {}) {
  const setting = await openWith({
    kinds,
    projections,
    clock: new TurningClock(),
    between: store =>
      wrapped(store, ({ writeDerived }) => ({
        writeDerived(changes) {
          folded()
          return writeDerived.call(store, changes)
        },
      })),
  })
  const make = { kind: 'lamp', command: 'make', input: { label: 'desk' } }
  for (const count of [6_000, 6_000]) await setting.acme.submit(Array(count).fill(make))
  await setting.engine.flush()
  return setting
}

describe('a long rebuild', () => {
  it('lets everybody else have a turn between its chunks', async () => {
    let story: string[] = []
    const { engine } = await long(() => story.push('chunk'))
    story = []
    let isDone = false
    const rebuilding = engine.rebuild('inventory').finally(() => {
      isDone = true
    })
    while (!isDone) {
      await rest()
      story.push('turn')
    }
    expect(await rebuilding).toBe(12_000)
    expect(story.join(' ')).toMatch(/^(turn )*chunk (turn )+chunk (turn )+chunk( turn)+$/)
  })

  it('is ended by closing, and gone on with by the next engine', async () => {
    const { engine, database } = await long()
    const rebuilding = outcomeOf(engine.rebuild('inventory'))
    await rest()
    await engine.close()
    expect((await rebuilding).error).toMatchObject({ name: 'Unavailable', code: 'closed' })
    const after = await openWith({ kinds, projections, database })
    expect(after.engine.recovery).toMatchObject({ views: ['inventory'] })
    expect(after.rows('select count(*) as count from inventory')).toEqual([{ count: 12_000 }])
  })
})
