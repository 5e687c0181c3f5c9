import { describe, expect, it } from 'vitest'
import { domino } from './domino.ts'
import { inventory, openWith } from './setting.ts'

describe('a cascade', () => {
  it('that is too wide is a broken rule, however little each event wants', async () => {
    const { acme, engine } = await openWith({ kinds: { domino }, projections: { inventory } })
    const { id: last } = await acme.domino.stand({})
    const { id: first, position } = await acme.domino.stand({ next: Array(50_001).fill(last) })
    await expect(acme.domino.push(first)).rejects.toMatchObject({ code: 'brokenRule' })
    expect(engine.health().position).toBe(position)
  })
})
