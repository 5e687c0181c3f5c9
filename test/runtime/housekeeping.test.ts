import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { rest } from './clock.ts'
import { lamp } from './light.ts'
import { acme, inventory, openWith } from './setting.ts'

const HOUR_MS = 3_600_000

describe('housekeeping', () => {
  it('forgets tokens past their retention in passing, and no younger ones', async () => {
    const database = new Database(':memory:')
    const { engine, clock } = await openWith({ kinds: { lamp }, projections: { inventory }, database })
    const session = engine.as(acme)
    const tokens = () => database.prepare('SELECT token FROM tokens ORDER BY token').pluck().all()
    await session.lamp.make({ label: 'old' }, { token: 'a-old' })
    clock.set(clock.now() + 24 * HOUR_MS)
    await session.lamp.make({ label: 'young' }, { token: 'b-young' })
    await rest()
    expect(tokens()).toEqual(['a-old', 'b-young'])
    clock.set(clock.now() + 2 * HOUR_MS)
    await session.lamp.make({ label: 'new' }, { token: 'c-new' })
    await rest()
    expect(tokens()).toEqual(['b-young', 'c-new'])
    await engine.close()
  })
})
