import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenDoor, openDoor } from './open-door.ts'

let door: OpenDoor
beforeAll(async () => {
  door = await openDoor()
  const body = { id: 'account/acme', limits: { volumes: 1 } }
  expect((await door.call('/v1/account/limit', { as: 'operator', body })).status).toBe(200)
  await door.call('/v1/volume/create?wait=settled', { body: { sizeBytes: 4096 } })
})
afterAll(() => door.close())

describe('limits', () => {
  it('refuse what goes beyond them in words that say what there is', async () => {
    const { status, body } = await door.call('/v1/volume/create', { body: { sizeBytes: 4096 } })
    expect([status, body.error.code]).toEqual([409, 'volumeLimitExceeded'])
    expect(body.error.message).toBe('The account acme may have 1 volumes: it has 1, and this takes 1 more.')
  })

  it('are read with what there is: an account its own, an operator all of them', async () => {
    const own = await door.call('/v1/limits')
    expect(own.body).toMatchObject({ items: [{ key: 'account/acme', used: { volumes: 1 }, limits: { volumes: 1 } }] })
    expect((await door.call('/v1/limits', { as: 'beta' })).body.items.map((each: { key: string }) => each.key)).toEqual(
      ['account/beta'],
    )
    expect((await door.call('/v1/limits?holder=account%2Facme', { as: 'beta' })).body.items).toEqual([])
    const all = (await door.call('/v1/limits', { as: 'operator' })).body.items
    expect(all.map((each: { key: string }) => each.key)).toEqual(['account/acme', 'account/beta', 'domain/root'])
    const first = (await door.call('/v1/limits?limit=1', { as: 'operator' })).body
    const rest = (await door.call(`/v1/limits?cursor=${encodeURIComponent(first.next)}`, { as: 'operator' })).body
    expect([...first.items, ...rest.items]).toEqual(all)
  })

  it('are set by an operator only', async () => {
    const body = { id: 'account/acme', limits: { volumes: 9 } }
    expect((await door.call('/v1/account/limit', { body })).status).toBeGreaterThanOrEqual(403)
    expect((await door.call('/v1/limits?planet=1')).status).toBe(400)
  })
})
