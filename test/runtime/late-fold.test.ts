import { describe, expect, it } from 'vitest'
import { lamp } from './light.ts'
import { inventory, openWith, rest } from './setting.ts'
import { wrapped } from './wrapped.ts'

describe('a reader that folds a stream again', () => {
  it('while a command goes on does not take the resource back to where it was', async () => {
    const before = await openWith({ kinds: { lamp }, projections: { inventory } })
    const { id } = await before.acme.lamp.make({ label: 'desk' })
    await before.engine.close()
    const kinds = { lamp: { ...lamp, rules: 2 } }
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    let ends = 0
    const after = await openWith({
      kinds,
      projections: { inventory },
      database: before.database,
      between: store =>
        wrapped(store, plain => ({
          async stream(...asked) {
            const events = await plain.stream(...asked)
            // The reader has come to the end of the stream, and is slow to say so.
            if (events.length === 0 && ++ends === 1) await held
            return events
          },
        })),
    })
    const reading = after.acme.get(id)
    await rest()
    await after.acme.lamp.lock(id, { locked: true })
    release()
    await reading
    await after.engine.close()
    const next = await openWith({ kinds, projections: { inventory }, database: before.database })
    expect(await next.acme.lamp.lock(id, { locked: false })).toMatchObject({ version: 3 })
  })
})
