import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenDoor, openDoor } from './open-door.ts'

let door: OpenDoor
beforeAll(async () => {
  door = await openDoor()
})
afterAll(() => door.close())

describe('a rebuild over HTTP', () => {
  it('fills the views that are named, or all, and says from how many events', async () => {
    await door.launched()
    const some = await door.call('/v1/rebuild', { as: 'operator', body: { views: ['inventory', 'usage'] } })
    expect(some.status).toBe(200)
    expect(some.body.events).toBeGreaterThan(0)
    const all = await door.call('/v1/rebuild', { as: 'operator', body: {} })
    expect(all).toMatchObject({ status: 200, body: { events: some.body.events } })
  })

  it('is the operator’s, and of views that there are', async () => {
    const refused = await door.call('/v1/rebuild', { as: 'acme', body: {} })
    expect(refused).toMatchObject({ status: 403, body: { error: { code: 'notPermitted' } } })
    const wrong = await door.call('/v1/rebuild', { as: 'operator', body: { views: ['inventories'] } })
    expect(wrong).toMatchObject({ status: 400, body: { error: { code: 'invalidInput', field: 'view' } } })
  })
})
