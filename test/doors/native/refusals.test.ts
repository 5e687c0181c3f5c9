import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenDoor, openDoor, type Who } from './open-door.ts'

let door: OpenDoor
let volume: string
beforeAll(async () => {
  door = await openDoor()
  volume = (await door.call('/v1/volume/create?wait=settled', { body: { sizeBytes: 4096 } })).body.id
})
afterAll(() => door.close())

const read = async (query = '', as: Who = 'acme') => (await door.call(`/v1/refusals${query}`, { as })).body.items

describe('what was refused', () => {
  it('can be read afterwards, with the reasons that were given', async () => {
    const { status, body } = await door.call('/v1/volume/detach', { body: { id: volume } })
    expect(status).toBe(409)
    const [found] = await read(`?resource=${volume}`)
    expect(found).toMatchObject({ account: 'acme', command: 'volume.detach', resource: volume, state: 'available' })
    expect(found.reasons).toEqual(body.error.reasons)
    expect(found.event).toEqual({ type: 'volume.detachRequested', schema: 1, data: {} })
    expect(found.at).toBeGreaterThan(Date.UTC(2020, 0, 1))
    expect(await read(`?resource=${volume}&since=${found.at + 1}`)).toEqual([])
  })

  it('is not what was only asked about', async () => {
    const before = await read()
    await door.call('/v1/volume/detach?dryRun=true', { body: { id: volume } })
    await door.call(`/v1/volume/${volume}/actions`)
    expect(await read()).toEqual(before)
  })

  it('is told to nobody but who asked, and the operator', async () => {
    await door.call('/v1/volume/delete', { as: 'beta', body: { id: volume } })
    const [theirs] = await read('', 'beta')
    expect(theirs).toMatchObject({ account: 'beta', resource: volume, state: 'absent', version: 0, digest: '' })
    expect(await read('?account=beta')).toEqual([])
    expect((await read()).map((each: { account: string }) => each.account)).not.toContain('beta')
    expect(await read('?account=acme', 'beta')).toEqual([])
    expect(await read('?account=beta', 'operator')).toEqual([theirs])
    expect((await read('?limit=1', 'operator')).length).toBe(1)
    expect((await door.call('/v1/refusals', { as: 'nobody' })).status).toBe(401)
  })

  it.each(['limit=0', 'limit=1001', 'since=yesterday', 'kind=volume'])('is not read by %s', async query => {
    const { status, body } = await door.call(`/v1/refusals?${query}`)
    expect([status, body.error.field]).toEqual([400, query.split('=')[0]])
  })

  it('says nothing of user data', async () => {
    const body = { image: door.image, type: 'small', userData: 'canary-7f3a', zone: 'nowhere' }
    expect((await door.call('/v1/instance/launch', { body })).status).toBeGreaterThanOrEqual(400)
    const text = (await door.call('/v1/refusals')).text
    expect(text).toContain('nowhere')
    expect(text).not.toContain('canary-7f3a')
    expect((await read()).at(-1)).toMatchObject({
      command: 'instance.launch',
      isCut: true,
      input: { userData: '(secret)' },
    })
  })
})
