/**
 * Why this test? A door is where strangers' bytes arrive. Whatever they are, the answer is a typed one, never a 500, and
 * what is refused leaves the log where it was.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { z } from 'zod'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { type OpenDoor, openDoor, tokens } from './open-door.ts'

let door: OpenDoor
let instance: string
let volume: string
let snapshot: string
beforeAll(async () => {
  door = await openDoor({ bodyLimit: 4_096 })
  instance = await door.launched()
  volume = (await door.call('/v1/volume/create?wait=settled', { body: { sizeBytes: 4096 } })).body.id
  snapshot = (await door.call('/v1/snapshot/create?wait=settled', { body: { volume } })).body.id
  const keyPair = { name: 'n1', publicKey: 'ssh-ed25519 AAAA', fingerprint: 'aa:bb', type: 'ed25519' }
  await door.call('/v1/key-pair/import', { body: keyPair })
})
afterAll(() => door.close())

const commands = Object.values(kinds).flatMap(kind =>
  Object.entries(kind.commands).map(([verb, command]) => ({ kind: kind.name, verb, command })),
)
const word = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '__proto__', 'constructor', 'toString', '%', '../..', 'null', '\u0000', '\ud800'),
)
const known = fc.constantFrom('offering/small', 'small', 'account/acme', '/dev/sdf', 'a', 'stateful').map(String)
const id = fc.oneof(
  fc.nat(1).map(index => [instance, volume][index]!),
  fc.constantFrom('i-fffffffffffffffff', 'vol-0', 'img-', 'offering/small', 'root'),
  word,
)
const value = fc.oneof(
  { weight: 3, arbitrary: fc.oneof(id, known) },
  { weight: 2, arbitrary: fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.maxSafeInteger()) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
)
const DAY_MS = 86_400_000
/** Ids of what there is, by the name of the field that takes one. */
const existing: Readonly<Record<string, () => unknown>> = {
  image: () => door.image,
  instance: () => instance,
  volume: () => volume,
  snapshot: () => snapshot,
  keyPair: () => 'n1',
  encrypted: () => true,
  type: () => 'small',
  domain: () => 'root',
  provider: () => 'lab',
  zone: () => 'a',
  target: () => ({ kind: 'volume', volume }),
  // What comes by itself is not to come in the middle of what is refused.
  when: () => ({ every: 'interval', intervalMs: DAY_MS }),
  keep: () => ({ count: 2 }),
  retentionMs: () => DAY_MS,
  recoverableForMs: () => DAY_MS,
}
const words = [
  'n1',
  'n2',
  '/dev/sdf',
  '/dev/sdg',
  'stop',
  'stateful',
  'auto',
  'base64',
  'rsa',
  'AAAA',
  'warn',
  'direct',
  'generic',
]
const plausible = [true, false, 1, 4096, 65_536, ...words, [], {}, { role: 'web' }, [{ key: 'role' }], ['stateful']]
const plausibleId = fc.nat(3).map(index => [instance, volume, door.image, 'offering/small'][index])

/** Mostly what the field may well take, sometimes anything. */
const valueFor = (name: string, schema: z.ZodType | undefined) => {
  const fitting = plausible.filter(each => schema?.safeParse(each).success)
  const known = existing[name]
  const fit = !schema ? plausibleId : known ? fc.constant(undefined).map(known) : fc.constantFrom(...fitting)
  return fc.oneof({ weight: 30, arbitrary: fit }, { weight: 1, arbitrary: value })
}
/** Bodies near what a command takes: its own fields, now and then with an odd value, one left away, or one added. */
const nearly = fc.constantFrom(...commands).chain(({ kind, verb, command }) => {
  const { shape } = command.input as z.ZodObject
  const optional = Object.keys(shape).filter(name => shape[name]!.safeParse(undefined).success)
  const names = [...(command.creates ? [] : ['id']), ...Object.keys(shape)]
  const fields = Object.fromEntries(names.map(name => [name, valueFor(name, shape[name])]))
  const whole = fc.record(fields, { requiredKeys: names.filter(name => !optional.includes(name)) })
  const bodies = fc.oneof(
    { weight: 4, arbitrary: whole },
    { weight: 1, arbitrary: fc.record(fields, { requiredKeys: [] }) },
  )
  const strange = fc.tuple(word, value).map(([name, value]) => ({ [name]: value }))
  const more = fc.oneof({ weight: 8, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: strange })
  return fc.tuple(bodies, more).map(([body, more]) => ({
    path: `/v1/${kind}/${verb}`,
    body: JSON.stringify({ ...body, ...more }),
  }))
})
const anything = fc.record({
  path: fc
    .array(fc.oneof(word, fc.constantFrom('v1', 'instance', 'volume', 'submit', 'launch', 'events')), { maxLength: 5 })
    .map(parts => `/${parts.map(part => encodeURIComponent(part.toWellFormed())).join('/')}`),
  body: fc.oneof(
    fc.json({ maxDepth: 6 }),
    fc.string({ unit: 'binary', maxLength: 200 }),
    word.map(key => JSON.stringify({ commands: [{ [key]: 1 }] })),
  ),
})
const raw = fc.string({ maxLength: 30 }).map(text => ({ path: `/v1/${text.replace(/[^\x21-\x7e]/g, '')}`, body: '{}' }))
const columns = Object.keys(projections.inventory.columns)
const queried = fc
  .tuple(
    fc.constantFrom('instance', 'volume', 'offering', 'image', 'account'),
    fc.array(
      fc.tuple(
        fc.oneof(fc.constantFrom(...columns, 'limit', 'sort', 'cursor', 'from'), word),
        fc.oneof(word, known, fc.integer().map(String), fc.double().map(String)),
      ),
      { maxLength: 4 },
    ),
  )
  .map(([kind, pairs]) => ({
    path: `/v1/${kind}?${pairs.map(pair => pair.map(each => encodeURIComponent(each.toWellFormed())).join('=')).join('&')}`,
    body: undefined,
  }))
const header = fc
  .oneof(fc.constantFrom('"1"', '1', '*', 'W/"1"', ''), fc.string({ maxLength: 20 }))
  .map(text => text.replace(/[^\x20-\x7e]/g, ''))

const request = fc.record({
  aim: fc.oneof(
    { weight: 9, arbitrary: nearly },
    { weight: 2, arbitrary: anything },
    { weight: 1, arbitrary: raw },
    { weight: 2, arbitrary: queried },
  ),
  as: fc.constantFrom('acme' as const, 'acme' as const, 'beta' as const, 'operator' as const),
  headers: fc.oneof(
    { weight: 8, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc.record(
        {
          'if-match': header,
          'idempotency-key': header,
          'content-type': fc.constantFrom('application/json', 'text/plain', 'x', ''),
        },
        { requiredKeys: [] },
      ),
    },
  ),
})

it('whatever is sent, the answer is typed, never a 500, and a refusal writes nothing', async () => {
  const statuses = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(request, async ({ aim: { path, body }, as, headers }) => {
      // An open stream has no end to wait for.
      fc.pre(!/^\/v1\/events/.test(path))
      await door.engine.idle()
      const before = door.engine.health().position
      const response = await door.app.inject({
        method: body === undefined ? 'GET' : 'POST',
        url: path,
        headers: { ...headers, authorization: `Bearer ${tokens[as]}` },
        payload: body,
      })
      statuses.set(response.statusCode, (statuses.get(response.statusCode) ?? 0) + 1)
      expect(response.statusCode, response.payload).toBeLessThan(500)
      if (response.statusCode < 400) return
      const { error } = response.json()
      expect([typeof error.code, typeof error.message]).toEqual(['string', 'string'])
      expect(door.engine.health().position).toBe(before)
    }),
    { numRuns: 5_000 },
  )
  expect(door.faults).toEqual([])
  // A fuzzer that is never let in proves nothing.
  expect([200, 201, 400, 404, 409].filter(status => (statuses.get(status) ?? 0) < 20)).toEqual([])
})
