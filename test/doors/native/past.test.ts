import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenDoor, openDoor } from './open-door.ts'

let door: OpenDoor
let id: string
let before: number
beforeAll(async () => {
  door = await openDoor()
  id = await door.launched()
  before = await door.position()
  await door.call('/v1/instance/terminate?wait=settled', { body: { id } })
})
afterAll(() => door.close())

describe('the past', () => {
  it('is read by the routes of the present', async () => {
    expect((await door.call(`/v1/instance/${id}`)).body.state).toBe('terminated')
    expect((await door.call(`/v1/instance/${id}?at=${before}`)).body).toMatchObject({ id, state: 'running' })
    const list = await door.call(`/v1/instance?state=running&at=${before}`)
    expect(list.body.items.map((each: { id: string }) => each.id)).toEqual([id])
    const { items } = (await door.call(`/v1/instance/${id}/history?at=${before}`)).body
    expect(items.at(-1)).toMatchObject({ state: expect.stringMatching(/^running/), position: before })
    expect((await door.call(`/v1/limits?at=${before}`)).body.items[0].used).toMatchObject({ instances: 1 })
    expect((await door.call('/v1/limits')).body.items[0].used.instances).toBeUndefined()
    const usage = await door.call(`/v1/usage?at=${before}`)
    expect(usage.body.asOfMs).toBeLessThanOrEqual(Date.now())
    expect((await door.call(`/v1/refusals?at=${before}`)).body.items).toEqual([])
  })

  it('is hidden from those who may not see the present', async () => {
    const { status, body } = await door.call(`/v1/instance/${id}?at=${before}`, { as: 'beta' })
    expect([status, body.error.code]).toEqual([404, 'notFound'])
  })

  it('is refused where there is none to read, and for what is no moment', async () => {
    for (const path of [`/v1/instance/${id}/actions?at=${before}`, '/v1/providers?at=1', '/v1/instance?at=noon'])
      expect(await door.call(path)).toMatchObject({ status: 400, body: { error: { field: 'at' } } })
    const body = { id }
    expect((await door.call(`/v1/instance/start?at=${before}`, { body })).status).toBe(400)
    expect((await door.call('/v1/instance?at=1&at=2')).status).toBe(400)
  })
})
