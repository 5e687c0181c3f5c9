import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenDoor, openDoor } from './open-door.ts'

const GiB = 2 ** 30
let door: OpenDoor
let volume: string
let instance: string
beforeAll(async () => {
  door = await openDoor()
  const pool = { name: 'ssd', totalBytes: 100 * GiB, allocationThreshold: 0.5 }
  expect((await door.call('/v1/pool/define', { as: 'operator', body: pool })).status).toBe(201)
  volume = (await door.call('/v1/volume/create?wait=settled', { body: { sizeBytes: 3 * GiB } })).body.id
  const { body } = await door.call('/v1/image/register', { body: { name: 'capacious', sizeBytes: 2 * GiB } })
  const launch = { image: body.id, type: 'small' }
  instance = (await door.call('/v1/instance/launch?wait=settled', { body: launch })).body.id
})
afterAll(() => door.close())

const read = async (query: string, as?: 'beta' | 'operator') => (await door.call(`/v1/capacity${query}`, { as })).body
const of = async (query: string, as?: 'beta' | 'operator') => (await read(query, as)).items[0]

describe('capacity', () => {
  it('is read by an account of its own, and of nobody else', async () => {
    expect(await of('')).toMatchObject({ by: 'account', key: 'account/acme' })
    expect((await of('')).allocatedBytes).toBeGreaterThanOrEqual(3 * GiB)
    expect(await of(`?by=volume&of=${volume}`)).toMatchObject({ pool: 'pool/ssd', allocatedBytes: 3 * GiB })
    expect(await of(`?by=instance&of=${instance}`)).toMatchObject({ by: 'instance', account: 'acme' })
    expect(await of(`?by=volume&of=${volume}`, 'beta')).toBeUndefined()
    expect(await of('?by=account&of=acme', 'beta')).toBeUndefined()
    expect((await of('', 'beta')).allocatedBytes).toBe(0)
    for (const by of ['pool', 'zone', 'domain', 'total']) expect((await read(`?by=${by}`)).items).toEqual([])
  })

  it('is all read by an operator, and adds up', async () => {
    const total = await of('', 'operator')
    expect(total).toMatchObject({ by: 'total', key: 'total' })
    for (const by of ['account', 'zone']) {
      const { items } = await read(`?by=${by}`, 'operator')
      const sum = items.reduce((so: number, each: { allocatedBytes: number }) => so + each.allocatedBytes, 0)
      expect(sum).toBe(total.allocatedBytes)
    }
    expect(await of('?by=domain', 'operator')).toMatchObject({
      key: 'domain/root',
      allocatedBytes: total.allocatedBytes,
    })
    const settings = { enabled: true, allocationLimitBytes: 50 * GiB, resizeLimitBytes: 100 * GiB }
    expect(await of('?by=pool&of=ssd', 'operator')).toMatchObject({ zone: 'a', settings })
  })

  it('is explained by the events behind it, which come to the same', async () => {
    for (const query of [`?by=volume&of=${volume}`, '?by=account', '?by=instance&of='.concat(instance)]) {
      const { items, explanation } = await read(`${query}&explain=true`)
      expect(explanation.isWhole).toBe(true)
      const sum = explanation.parts.reduce(
        (so: number, { amounts }: { amounts: { allocatedBytes?: number } }) => so + (amounts.allocatedBytes ?? 0),
        0,
      )
      expect(sum).toBe(items[0].allocatedBytes)
    }
    const { explanation } = await read(`?by=volume&of=${volume}&explain=true`)
    expect(explanation.parts[0]).toMatchObject({ of: volume, cause: { resource: volume, type: 'volume.created' } })
    expect((await read('?by=total&explain=true&limit=1', 'operator')).explanation).toMatchObject({ isWhole: false })
  })

  it('refuses what it does not know', async () => {
    for (const query of ['?by=planet', '?planet=1', '?limit=0'])
      expect((await door.call(`/v1/capacity${query}`)).status).toBe(400)
    expect((await door.call('/v1/capacity?by=volume&explain=true')).body.error.message).toContain('which volume')
  })
})

describe('a pool that is full', () => {
  it('is a refusal that says what is free', async () => {
    const { status, body } = await door.call('/v1/volume/create', { body: { sizeBytes: 60 * GiB } })
    expect([status, body.error.code]).toEqual([409, 'poolsFull'])
    expect(body.error.message).toMatch(/^No pool in zone a has room for a volume of 64424509440 bytes; the most/)
  })
})
