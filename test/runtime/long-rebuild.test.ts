import { describe, expect, it } from 'vitest'
import { rest, TurningClock } from './clock.ts'
import { lamp } from './light.ts'
import { inventory, openWith, outcomeOf } from './setting.ts'
import { wrapped } from './wrapped.ts'

const kinds = { lamp }
const projections = { inventory }
/** More events than are folded at once, several times. */
async function long(read = () => {}, wrote = () => {}) {
  const setting = await openWith({
    kinds,
    projections,
    clock: new TurningClock(),
    between: store =>
      wrapped(store, ({ byResource, refill }) => ({
        async refill(views) {
          const tables = await refill.call(store, views)
          return wrapped(tables, ({ write }) => ({
            write(rows, watermark) {
              wrote()
              return write.call(tables, rows, watermark)
            },
          }))
        },
        async byResource() {
          const whole = (await byResource!.call(store))!
          return wrapped(whole, ({ next }) => ({
            next(limit) {
              read()
              return next.call(whole, limit)
            },
          }))
        },
      })),
  })
  const make = { kind: 'lamp', command: 'make', input: { label: 'desk' } }
  await setting.acme.submit(Array(3_000).fill(make))
  await setting.engine.flush()
  return setting
}
/** Rebuilds the inventory, and notes each turn that others get meanwhile. Returns the number of events. */
async function rebuiltBeside(engine: Awaited<ReturnType<typeof long>>['engine'], story: string[]): Promise<number> {
  let isDone = false
  const rebuilding = engine.rebuild('inventory').finally(() => {
    isDone = true
  })
  while (!isDone) {
    await rest()
    story.push('turn')
  }
  return rebuilding
}
const unfinished = "select name from sqlite_schema where name glob '_next_*'"

describe('a long rebuild', () => {
  it('lets everybody else have a turn between its chunks', async () => {
    let story: string[] = []
    const { engine } = await long(() => story.push('chunk'))
    story = []
    expect(await rebuiltBeside(engine, story)).toBe(3_000)
    expect(story.join(' ')).toMatch(/^(turn )*(chunk (turn )+){6,}turn$/)
  })

  it('lets everybody else have a turn between what it writes', async () => {
    const story: string[] = []
    const { engine } = await long(undefined, () => story.push('write'))
    await rebuiltBeside(engine, story)
    expect(story.join(' ')).toMatch(/^(turn )+(write (turn )+){2}turn$/)
  })

  it('is ended by closing, and has changed nothing', async () => {
    const { engine, database, rows } = await long()
    const rebuilding = outcomeOf(engine.rebuild('inventory'))
    await rest()
    expect(rows(unfinished)).toHaveLength(1)
    await engine.close()
    expect((await rebuilding).error).toMatchObject({ name: 'Unavailable', code: 'closed' })
    const after = await openWith({ kinds, projections, database })
    expect(after.engine.recovery).toMatchObject({ views: [] })
    expect(after.rows('select count(*) as count from inventory')).toEqual([{ count: 3_000 }])
    expect(after.rows(unfinished)).toEqual([])
  })
})
