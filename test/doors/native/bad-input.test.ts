/** Bad input is answered with a typed error that names the field, and writes not one row. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Asked, type OpenDoor, openDoor } from './open-door.ts'

const BODY_LIMIT = 20_000
let door: OpenDoor
let instance: string
beforeAll(async () => {
  door = await openDoor({ bodyLimit: BODY_LIMIT })
  instance = await door.launched()
  await door.engine.idle()
})
afterAll(() => door.close())

type Case = [what: string, path: string, asked: Asked, status: number, code: string, field: string | undefined]
const create = '/v1/volume/create'
const bad = (what: string, path: string, body: unknown, field: string): Case => [
  what,
  path,
  { body },
  400,
  'invalidInput',
  field,
]
const cases: Case[] = [
  ['an unknown kind', '/v1/spaceship/launch', { body: {} }, 404, 'unknownKind', 'kind'],
  ['a kind called __proto__', '/v1/__proto__/launch', { body: {} }, 404, 'unknownKind', 'kind'],
  ['an unknown command', '/v1/instance/fly', { body: {} }, 404, 'unknownCommand', 'command'],
  ['a command called constructor', '/v1/instance/constructor', { body: {} }, 404, 'unknownCommand', 'command'],
  ['a list of an unknown kind', '/v1/spaceship', {}, 404, 'unknownKind', 'kind'],
  bad('an unknown field', create, { sizeBytes: 4096, colour: 'red' }, 'colour'),
  bad(
    'an unknown field deep inside',
    '/v1/instance/launch',
    { image: 'img-0', type: 'small', blockDevices: [{ device: 'sdb', x: 1 }] },
    'blockDevices.0.x',
  ),
  bad('an id for a command that creates', create, { sizeBytes: 4096, id: 'vol-1' }, 'id'),
  ['an id of another kind', '/v1/instance/stop', { body: { id: 'vol-00000000000000001' } }, 400, 'wrongKind', 'id'],
  ['reading an id of another kind', '/v1/instance/vol-00000000000000001', {}, 400, 'wrongKind', 'id'],
  bad('an id that is a number', '/v1/instance/stop', { id: 7 }, 'id'),
  bad('an id that is a list', '/v1/instance/stop', { id: ['i-1'] }, 'id'),
  bad('an empty id', '/v1/instance/stop', { id: '' }, 'id'),
  bad('an endless id', '/v1/instance/stop', { id: `i-${'0'.repeat(300)}` }, 'id'),
  bad('no id', '/v1/instance/stop', {}, 'id'),
  bad('a size that is a text', create, { sizeBytes: '4096' }, 'sizeBytes'),
  bad('a size that is a fraction', create, { sizeBytes: 4096.5 }, 'sizeBytes'),
  bad('a negative size', create, { sizeBytes: -1 }, 'sizeBytes'),
  bad('a size of nothing', create, { sizeBytes: 0 }, 'sizeBytes'),
  bad('a size beyond what numbers hold', create, '{"sizeBytes":1e300}', 'sizeBytes'),
  bad('a size of null', create, { sizeBytes: null }, 'sizeBytes'),
  bad('a missing value', '/v1/image/register', { sizeBytes: 4096 }, 'name'),
  bad('a body of nothing at all', '/v1/instance/launch', '', 'type'),
  bad('a __proto__', create, '{"sizeBytes":4096,"__proto__":{"admin":true}}', '__proto__'),
  bad('a __proto__ in disguise', create, '{"sizeBytes":4096,"\\u005f_proto__":{"admin":true}}', '__proto__'),
  bad('a __proto__ deep inside', create, '{"sizeBytes":4096,"name":{"__proto__":1}}', '__proto__'),
  bad('a constructor with a prototype', create, '{"sizeBytes":4096,"constructor":{"prototype":1}}', 'constructor'),
  bad('a body that is not JSON', create, '{"sizeBytes":', 'body'),
  bad('a body that is a list', create, [], 'body'),
  bad('a body that is a number', create, '7', 'body'),
  bad('a body that is null', create, 'null', 'body'),
  bad('brackets without end', create, '['.repeat(BODY_LIMIT - 1), 'body'),
  [
    'a body over the limit',
    create,
    { body: { sizeBytes: 4096, name: 'x'.repeat(BODY_LIMIT) } },
    413,
    'tooLarge',
    'body',
  ],
  bad('an unknown parameter', `${create}?colour=red`, { sizeBytes: 4096 }, 'colour'),
  bad('a dry run that is neither', `${create}?dryRun=yes`, { sizeBytes: 4096 }, 'dryRun'),
  bad('a wait for something else', `${create}?wait=forever`, { sizeBytes: 4096 }, 'wait'),
  bad('a submit of nothing', '/v1/submit', { commands: [] }, 'commands'),
  bad('a submit without commands', '/v1/submit', {}, 'commands'),
  bad('a submit with more than commands', '/v1/submit', { commands: [], token: 'x' }, 'token'),
  bad('a member that is no command', '/v1/submit', { commands: [7] }, 'commands.0'),
  bad(
    'a member with an unknown field',
    '/v1/submit',
    { commands: [{ kind: 'volume', command: 'delete', x: 1 }] },
    'commands.0.x',
  ),
  bad(
    'a member with half a version',
    '/v1/submit',
    { commands: [{ kind: 'volume', command: 'delete', expectedVersion: 0.5 }] },
    'commands.0.expectedVersion',
  ),
  [
    'an empty idempotency key',
    create,
    { body: { sizeBytes: 4096 }, headers: { 'idempotency-key': '' } },
    400,
    'invalidInput',
    'Idempotency-Key',
  ],
  [
    'an endless idempotency key',
    create,
    { body: { sizeBytes: 4096 }, headers: { 'idempotency-key': 'k'.repeat(129) } },
    400,
    'invalidInput',
    'Idempotency-Key',
  ],
  [
    'an If-Match that is no version',
    '/v1/instance/stop',
    { body: { id: 'i-1' }, headers: { 'if-match': '*' } },
    400,
    'invalidInput',
    'If-Match',
  ],
  [
    'an If-Match on what is made',
    create,
    { body: { sizeBytes: 4096 }, headers: { 'if-match': '"1"' } },
    400,
    'invalidInput',
    'If-Match',
  ],
  ['a limit of nothing', '/v1/volume?limit=0', {}, 400, 'invalidInput', 'limit'],
  ['a limit beyond bounds', '/v1/volume?limit=1001', {}, 400, 'invalidInput', 'limit'],
  ['a limit in words', '/v1/volume?limit=ten', {}, 400, 'invalidInput', 'limit'],
  ['two limits', '/v1/volume?limit=1&limit=2', {}, 400, 'invalidInput', 'limit'],
  ['a filter by no column', '/v1/volume?colour=red', {}, 400, 'invalidInput', 'colour'],
  ['a filter by __proto__', '/v1/volume?__proto__=red', {}, 400, 'invalidInput', '__proto__'],
  ['a number that is none', '/v1/volume?version=one', {}, 400, 'invalidInput', 'version'],
  ['sorting by no column', '/v1/volume?sort=colour', {}, 400, 'invalidInput', 'sort'],
  ['a cursor of nobody', '/v1/volume?cursor=abc', {}, 400, 'invalidInput', 'cursor'],
  ['a history from before the beginning', '/v1/instance/i-1/history?from=0', {}, 400, 'invalidInput', 'from'],
  ['events after something', '/v1/events?after=-1', {}, 400, 'invalidInput', 'after'],
  ['events of no kind', '/v1/events?kind=spaceship', {}, 404, 'unknownKind', 'kind'],
  [
    'an event id that is none',
    '/v1/events',
    { headers: { 'last-event-id': 'x' } },
    400,
    'invalidInput',
    'Last-Event-ID',
  ],
  ['a badly encoded path', '/v1/instance/%zz', {}, 400, 'invalidInput', 'url'],
  ['a path that leads nowhere', '/v2/instance', {}, 404, 'unknownRoute', undefined],
  ['a method that is not offered', '/v1/volume/vol-1', { method: 'DELETE' }, 404, 'unknownRoute', undefined],
]

it.each(cases)('%s is refused by name and leaves no trace', async (_, path, asked, status, code, field) => {
  const before = await door.position()
  const { status: answered, body } = await door.call(path, asked)
  expect({ status: answered, code: body?.error.code, field: body?.error.field }).toEqual({ status, code, field })
  expect(body.error.message).toMatch(/\w/)
  expect(await door.position()).toBe(before)
  expect(door.faults).toEqual([])
})

it('a cursor that was tampered with is refused, whatever it holds', async () => {
  for (const sizeBytes of [4096, 8192]) await door.call(create, { body: { sizeBytes } })
  const { next } = (await door.call('/v1/volume?limit=1')).body
  const [shape] = JSON.parse(decodeURIComponent(atob(next))) as [string, unknown[]]
  for (const values of [[], [{}], [[1]], ['a', 'b'], [true], {}, null, 'x']) {
    const cursor = btoa(encodeURIComponent(JSON.stringify([shape, values])))
    const { status, body } = await door.call(`/v1/volume?limit=1&cursor=${encodeURIComponent(cursor)}`)
    expect([status, body.error?.code, body.error?.field]).toEqual([400, 'invalidInput', 'cursor'])
  }
})

it('and what was there before works as before', async () => {
  expect((await door.call(`/v1/instance/${instance}`)).body.state).toBe('running')
})
