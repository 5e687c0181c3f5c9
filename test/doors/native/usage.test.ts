import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenDoor, openDoor } from './open-door.ts'

let door: OpenDoor
let volume: string
beforeAll(async () => {
  door = await openDoor()
  volume = (await door.call('/v1/volume/create?wait=settled', { body: { sizeBytes: 2 ** 30 } })).body.id
})
afterAll(() => door.close())

const always = 'from=0&to=4102444800000'

describe('usage', () => {
  it('is a statement of the period, with exact amounts as text, and the records behind it when asked for', async () => {
    const { status, body } = await door.call(`/v1/usage?${always}&records=true`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ fromMs: 0, toMs: 4102444800000 })
    const line = body.statement.find((each: { series: string }) => each.series === 'volume')
    const record = body.records.find((each: { resource: string }) => each.resource === volume)
    expect(line).toMatchObject({ account: 'acme', series: 'volume', resources: 1 })
    expect(BigInt(record.byteMs)).toBe(BigInt(record.durationMs) * 2n ** 30n)
    expect(BigInt(line.byteMs)).toBe(BigInt(record.byteMs))
    expect((await door.call(`/v1/usage?${always}`)).body.records).toBeUndefined()
  })

  it('of another account is as if nothing had been used; an operator reads any', async () => {
    expect((await door.call(`/v1/usage?${always}`, { as: 'beta' })).body.statement).toEqual([])
    expect((await door.call(`/v1/usage?${always}&account=acme`, { as: 'beta' })).body.statement).toEqual([])
    const { body } = await door.call(`/v1/usage?${always}&account=acme`, { as: 'operator' })
    expect(body.statement).toEqual(expect.arrayContaining([expect.objectContaining({ account: 'acme' })]))
    expect((await door.call('/v1/usage?month=1999-01', { as: 'operator' })).body.statement).toEqual([])
  })

  it('is of this month if no period is given', async () => {
    const { body } = await door.call('/v1/usage')
    expect(body.fromMs).toBeLessThanOrEqual(body.asOfMs)
    expect(body.toMs).toBeGreaterThan(body.asOfMs)
    expect(new Date(body.fromMs).getUTCDate()).toBe(1)
  })

  it.each([
    ['from=1', 'to'],
    ['to=1', 'from'],
    ['from=2&to=1', 'to'],
    ['month=2026-13', 'month'],
    ['month=2026-11&from=1', 'month'],
    ['from=-1&to=2', 'from'],
    ['year=2026', 'year'],
  ])('refuses a period that is none: %s', async (query, field) => {
    const { status, body } = await door.call(`/v1/usage?${query}`)
    expect([status, body.error.field]).toEqual([400, field])
  })
})
