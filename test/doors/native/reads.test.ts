import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenDoor, openDoor } from './open-door.ts'

let door: OpenDoor
const volumes: string[] = []
beforeAll(async () => {
  door = await openDoor()
  for (const name of ['a', 'b', 'b', 'c', 'd'])
    volumes.push((await door.call('/v1/volume/create?wait=settled', { body: { sizeBytes: 4096, name } })).body.id)
})
afterAll(() => door.close())

const idsOf = (items: { id: string }[]) => items.map(each => each.id)

describe('a list', () => {
  it('pages through all of a kind, none twice', async () => {
    const found: string[] = []
    let cursor = ''
    do {
      const { body } = await door.call(`/v1/volume?limit=2${cursor}`)
      expect(body.items.length).toBeLessThanOrEqual(2)
      found.push(...idsOf(body.items))
      cursor = body.next && `&cursor=${encodeURIComponent(body.next)}`
    } while (cursor)
    expect(found).toEqual([...volumes].sort())
  })

  it('filters by columns, by any of several values, and sorts', async () => {
    const byName = await door.call('/v1/volume?name=b')
    expect(idsOf(byName.body.items)).toEqual([volumes[1], volumes[2]].sort())
    const any = await door.call('/v1/volume?name=a&name=c&sort=-name')
    expect(any.body.items.map((each: { name: string }) => each.name)).toEqual(['c', 'a'])
    const none = await door.call('/v1/volume?version=999')
    expect(none.body).toEqual({ items: [], next: null })
  })

  it('is read behind what was written: what was accepted is in it', async () => {
    const { body } = await door.call('/v1/volume/create', { body: { sizeBytes: 4096, name: 'fresh' } })
    expect(idsOf((await door.call('/v1/volume?name=fresh')).body.items)).toEqual([body.id])
  })
})

describe('a history', () => {
  it('comes in pages, from any version on', async () => {
    const id = await door.launched()
    const { items } = (await door.call(`/v1/instance/${id}/history`)).body
    expect(items.map((each: { version: number }) => each.version)).toEqual(
      items.map((_: unknown, at: number) => at + 1),
    )
    const first = (await door.call(`/v1/instance/${id}/history?limit=2`)).body
    const rest = (await door.call(`/v1/instance/${id}/history?from=${first.next}`)).body
    expect([...first.items, ...rest.items]).toEqual(items)
    expect(rest.next).toBeNull()
  })
})

describe('the actions of a resource', () => {
  it('say what would be accepted, what is refused and why, and what depends on the input', async () => {
    const before = await door.position()
    const { items } = (await door.call(`/v1/volume/${volumes[0]}/actions`)).body
    const of = (command: string) => items.find((each: { command: string }) => each.command === command)
    expect(of('delete')).toEqual({ command: 'delete', answer: 'accepted' })
    expect(of('attach')).toEqual({ command: 'attach', answer: 'depends', on: ['instance', 'device'] })
    expect(of('detach')).toMatchObject({ answer: 'refused' })
    expect(of('detach').reasons[0].sentence).toMatch(/\w/)
    expect(await door.position()).toBe(before)
  })
})
