/** Another account's resource answers, byte for byte, as one that never existed: on every route, for every command. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kinds } from '../../../machines/index.ts'
import { type Asked, type OpenDoor, openDoor } from './open-door.ts'

/** Of the same length as real ones, so that only their letters differ. */
const never = { instance: 'i-fffffffffffffffff', volume: 'vol-fffffffffffffffff', image: 'img-fffffffffffffffff' }

let door: OpenDoor
let theirs: typeof never
beforeAll(async () => {
  door = await openDoor()
  const instance = await door.launched()
  const volume = (await door.call('/v1/volume/create?wait=settled', { body: { sizeBytes: 4096 } })).body.id
  theirs = { instance, volume, image: door.image }
})
afterAll(() => door.close())

/** What beta hears about an id, with the id taken out. */
async function heard(id: string, path: (id: string) => string, asked: (id: string) => Asked) {
  const { status, headers, text } = await door.call(path(id), { ...asked(id), as: 'beta' })
  const changing = new Set(['date', 'connection', 'keep-alive'])
  const told = [...headers].filter(([name]) => !changing.has(name))
  return { status, told, text: text.replaceAll(id, '<id>') }
}
async function alike(
  kind: keyof typeof never,
  path: (id: string) => string,
  asked: (id: string) => Asked = () => ({}),
) {
  const before = await door.position()
  const other = await heard(theirs[kind], path, asked)
  expect(other).toEqual(await heard(never[kind], path, asked))
  expect(await door.position()).toBe(before)
  return other
}

const inputs: Readonly<Record<string, object>> = {
  'volume.attach': { instance: never.instance, device: '/dev/sdf' },
  'volume.modify': { sizeBytes: 8192 },
  'volume.revert': { snapshot: 'snap-fffffffffffffffff' },
  'instance.abandonCleanup': { item: never.volume },
  'image.modify': { description: 'mine' },
}
const inputOf = (kind: string, verb: string): object | undefined =>
  ({ tag: { tags: { role: 'web' } }, untag: { tags: [{ key: 'role' }] } })[verb] ?? inputs[`${kind}.${verb}`]
const commands = Object.values(kinds)
  .filter(kind => kind.name in never)
  .flatMap(kind => Object.entries(kind.commands).map(([verb, { creates }]) => ({ kind: kind.name, verb, creates })))
  .filter(each => !each.creates) as { kind: keyof typeof never; verb: string }[]

describe('to another account', () => {
  it.each(commands)('$kind $verb says that there is no such $kind', async ({ kind, verb }) => {
    const input = inputOf(kind, verb)
    const { status } = await alike(
      kind,
      () => `/v1/${kind}/${verb}`,
      id => ({ body: { id, ...input } }),
    )
    expect(status).toBe(404)
    await alike(
      kind,
      () => `/v1/${kind}/${verb}?dryRun=true`,
      id => ({ body: { id, ...input } }),
    )
    await alike(
      kind,
      () => `/v1/${kind}/${verb}?wait=settled`,
      id => ({ body: { id, ...input } }),
    )
    const headers = { 'if-match': '"1"', 'idempotency-key': 'k' }
    await alike(
      kind,
      () => `/v1/${kind}/${verb}`,
      id => ({ body: { id, ...input }, headers }),
    )
    await alike(
      kind,
      () => '/v1/submit',
      id => ({ body: { commands: [{ kind, command: verb, id, input }] } }),
    )
  })

  it.each(['instance', 'volume', 'image'] as const)('no route reads another’s %s', async kind => {
    for (const rest of ['', '/history', '/history?from=2', '/actions'])
      expect((await alike(kind, id => `/v1/${kind}/${id}${rest}`)).status).toBe(404)
    for (const filter of ['id', 'name', 'account']) {
      const { status, text } = await alike(kind, id => `/v1/${kind}?${filter}=${id}`)
      expect([status, JSON.parse(text)]).toEqual([200, { items: [], next: null }])
    }
  })

  it('lists show nothing of another, asked for or not', async () => {
    for (const path of ['/v1/instance', '/v1/volume', '/v1/image', '/v1/instance?account=acme', '/v1/account'])
      expect((await door.call(path, { as: 'beta' })).text).not.toMatch(/acme|i-\w{17}/)
  })

  it('launching from a private image of another says that there is no such image', async () => {
    const { status, text } = await alike(
      'image',
      () => '/v1/instance/launch',
      image => ({ body: { image, type: 'small' } }),
    )
    expect([status, JSON.parse(text).error.field]).toEqual([404, 'image'])
  })

  it('attaching to an instance of another says that there is no such instance', async () => {
    const { body } = await door.call('/v1/volume/create?wait=settled', { as: 'beta', body: { sizeBytes: 4096 } })
    const attach = (instance: string) => ({ body: { id: body.id, instance, device: '/dev/sdf' } })
    const { status, text } = await alike('instance', () => '/v1/volume/attach', attach)
    expect([status, JSON.parse(text).error.field]).toEqual([404, 'instance'])
  })

  it('while the operator sees it all', async () => {
    const { body } = await door.call('/v1/instance?account=acme', { as: 'operator' })
    expect(body.items.map((each: { id: string }) => each.id)).toEqual([theirs.instance])
  })
})
