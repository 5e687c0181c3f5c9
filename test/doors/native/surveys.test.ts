import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenDoor, openDoor } from './open-door.ts'

let door: OpenDoor
beforeAll(async () => {
  door = await openDoor()
})
afterAll(() => door.close())

describe('surveys over HTTP', () => {
  it('are the operator’s: they look, read what was found, and clean', async () => {
    await door.launched()
    const made = await door.call('/v1/survey', { as: 'operator', body: { provider: 'lab' } })
    expect(made).toMatchObject({ status: 200, body: { found: 0, providers: [{ provider: 'lab', reachable: true }] } })
    const read = await door.call('/v1/survey', { as: 'operator' })
    expect(read.body).toEqual(made.body)
    const thing = { provider: 'lab', kind: 'volume', id: 'vol-none' }
    const cleaned = await door.call('/v1/survey/clean', { as: 'operator', body: thing })
    expect(cleaned).toMatchObject({ status: 200, body: { ...thing, outcome: 'absent' } })
  })

  it('are refused to others, and what is wrong with them is named', async () => {
    for (const [path, body] of [
      ['/v1/survey', undefined],
      ['/v1/survey', {}],
      ['/v1/survey/clean', { provider: 'lab', kind: 'volume', id: 'vol-1' }],
    ] as const)
      expect(await door.call(path, { as: 'acme', body })).toMatchObject({
        status: 403,
        body: { error: { code: 'notPermitted' } },
      })
    const wrong = async (path: string, body: object) => {
      const { status, body: told } = await door.call(path, { as: 'operator', body })
      return [status, told.error.code, told.error.field]
    }
    expect(await wrong('/v1/survey', { provider: 'none' })).toEqual([400, 'invalidInput', 'provider'])
    expect(await wrong('/v1/survey/clean', { provider: 'lab', kind: 'volume' })).toEqual([400, 'invalidInput', 'id'])
  })
})
