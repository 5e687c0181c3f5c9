/** Who may come in: requests signed by rules written down twice, and every way in which a signature can be wrong. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { echoes } from './echo.ts'
import { answered, type Ec2Setting, key, openEc2, otherKey } from './setting.ts'
import { presigned, signed } from './sign.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openEc2({ door: { actions: echoes } })
})
afterAll(() => cloud.close())

const parameters = { Action: 'Echo', Version: '2016-11-15' }
const good = () => ({ url: cloud.url, region: 'us-east-1', key, parameters })
type Signing = Partial<Parameters<typeof signed>[0]>
interface Sent {
  readonly headers: Record<string, string>
  readonly body: string
}

const post = async (headers: Record<string, string>, body: string, path = '/') =>
  answered(await fetch(`${cloud.url}${path}`, { method: 'POST', headers, body }))
/** A signed request, with something of it changed after signing. */
const changed = async (change: (sent: Sent) => Partial<Sent>, asked: Signing = {}) => {
  const sent = signed({ ...good(), ...asked })
  const { headers, body } = { ...sent, ...change(sent) }
  return post(headers, body)
}
const sent = (asked: Signing) => changed(() => ({}), asked)
const get = async (url: string) => answered(await fetch(url))
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000)
const withHeader = (name: string, value: string) => (request: Sent) => ({
  headers: { ...request.headers, [name]: value },
})
const rewritten = (from: RegExp, to: string) => (request: Sent) => ({
  headers: { ...request.headers, authorization: request.headers.authorization!.replace(from, to) },
})
const inQuery = (from: RegExp, to: string) => get(presigned(good()).replace(from, to))

describe('a request that is signed', () => {
  it('comes in with its signature in the header, as the account of its key and in the region of its scope', async () => {
    expect((await sent({})).body).toMatchObject({ account: '123456789012', region: 'us-east-1' })
    expect((await sent({ key: otherKey, region: 'eu-west-1' })).body).toMatchObject({
      account: 'other',
      ownerId: expect.stringMatching(/^\d{12}$/),
      region: 'eu-west-1',
    })
  })

  it('comes in with its signature in the query, until that expires', async () => {
    expect((await get(presigned(good()))).status).toBe(200)
    expect((await get(presigned({ ...good(), at: minutesAgo(20), expiresS: 3_600 }))).status).toBe(200)
    expect(await get(presigned({ ...good(), at: minutesAgo(2), expiresS: 60 }))).toMatchObject({
      status: 400,
      code: 'RequestExpired',
    })
    expect(await get(presigned({ ...good(), at: minutesAgo(-20), expiresS: 3_600 }))).toMatchObject({
      code: 'RequestExpired',
    })
  })

  it('signs parameters with every sort of character', async () => {
    const Text = "a b+c/d=e&f*~!'()é😀%\t\r\n<x>"
    expect((await sent({ parameters: { ...parameters, Text } })).status).toBe(200)
    const { body } = await get(presigned({ ...good(), parameters: { ...parameters, Text } }))
    expect(JSON.parse(body.parameters)).toEqual({ Text })
  })

  it('may be off by a quarter of an hour', async () => {
    for (const minutes of [14, -14]) expect((await sent({ at: minutesAgo(minutes) })).status).toBe(200)
    for (const minutes of [16, -16])
      expect(await sent({ at: minutesAgo(minutes) })).toMatchObject({ status: 400, code: 'RequestExpired' })
  })

  it('may be off by as much as the door was told', async () => {
    const strict = await openEc2({ door: { actions: echoes, skewMs: 60_000 } })
    const off = async (seconds: number) => {
      const at = new Date(Date.now() - seconds * 1_000)
      const request = signed({ ...good(), url: strict.url, at })
      return (await answered(await fetch(strict.url, { method: 'POST', ...request }))).code ?? 'in'
    }
    expect([await off(30), await off(-30), await off(90), await off(-90)]).toEqual([
      'in',
      'in',
      'RequestExpired',
      'RequestExpired',
    ])
    await strict.close()
  })

  it('may sign further headers, and an old Date instead of the new one', async () => {
    const headers = { 'x-amz-content-sha256': 'whatever', 'user-agent': 'some  client', constructor: 'x' }
    expect((await sent({ headers })).status).toBe(200)
    const at = new Date()
    expect((await sent({ at, headers: { date: at.toUTCString() } })).status).toBe(200)
  })
})

const mismatch = { status: 403, code: 'SignatureDoesNotMatch' }
const incomplete = { status: 400, code: 'IncompleteSignature' }

describe('a request is refused', () => {
  it.each<[string, () => Promise<object>, { status: number; code: string }]>([
    ['unsigned', () => post({}, 'Action=Echo'), { status: 403, code: 'MissingAuthenticationToken' }],
    ['by another secret', () => sent({ key: { ...key, secretAccessKey: 'wrong' } }), mismatch],
    ['by another secret in the query', () => inQuery(/Signature=\w{16}/, 'Signature=0000000000000000'), mismatch],
    [
      'by the secret of another account',
      () => sent({ key: { ...key, secretAccessKey: otherKey.secretAccessKey } }),
      mismatch,
    ],
    [
      'by a key nobody has',
      () => sent({ key: { ...key, accessKeyId: 'NOBODY' } }),
      { status: 401, code: 'AuthFailure' },
    ],
    ['with another body', () => changed(({ body }) => ({ body: `${body}&DryRun=true` })), mismatch],
    [
      'with another query',
      async () => {
        const { headers, body } = signed(good())
        return post(headers, body, '/?DryRun=true')
      },
      mismatch,
    ],
    ['with another query in a signed address', () => inQuery(/$/, '&DryRun=true'), mismatch],
    ['with another header than it was signed for', () => changed(withHeader('content-type', 'text/plain')), mismatch],
    ['for another service', () => sent({ service: 's3' }), mismatch],
    ['for a region that is not served', () => sent({ region: 'mars-1' }), mismatch],
    ['with a header of AWS that is not signed', () => changed(withHeader('x-amz-extra', 'x')), mismatch],
    ['with the scope of another day', () => changed(rewritten(/\/\d{8}\//, '/20200101/')), mismatch],
    ['without the host among the signed headers', () => changed(rewritten(/host;/, '')), mismatch],
    ['with signed headers that did not come', () => changed(rewritten(/host;/, 'host;missing;')), mismatch],
    ['with signed headers that every object has', () => changed(rewritten(/content/, 'constructor;content')), mismatch],
    ['with a signed header named twice', () => changed(rewritten(/host;/, 'host;host;')), mismatch],
    ['with signed headers out of order', () => changed(rewritten(/content-type;host/, 'host;content-type')), mismatch],
    ['with signed headers in capitals', () => changed(rewritten(/content-type/, 'Content-Type')), mismatch],
    ['with a scope of four parts', () => changed(rewritten(/\/aws4_request/, '')), incomplete],
    ['with a scope that ends otherwise', () => changed(rewritten(/aws4_request/, 'aws5_request')), incomplete],
    ['with a signature that is no signature', () => changed(rewritten(/Signature=\w+/, 'Signature=zz')), incomplete],
    ['with no credential', () => changed(rewritten(/Credential=[^,]+,/, '')), incomplete],
    ['with two credentials', () => changed(rewritten(/ Cred/, ' Credential=x, Cred')), incomplete],
    ['with no date', () => changed(({ headers: { 'x-amz-date': _, ...headers } }) => ({ headers })), incomplete],
    ['with a date of another form', () => changed(withHeader('x-amz-date', '2026-01-02T03:04:05Z')), incomplete],
    ['by version 2', () => post({ authorization: 'AWS key:signature' }, 'Action=Echo'), incomplete],
    [
      'by version 2 in the query',
      () => get(`${cloud.url}/?Action=Echo&AWSAccessKeyId=x&SignatureVersion=2`),
      incomplete,
    ],
    ['signed to hold longer than a week', () => get(presigned({ ...good(), expiresS: 604_801 })), incomplete],
    ['signed to hold for no time', () => get(presigned({ ...good(), expiresS: 0 })), incomplete],
    ['with a query of another algorithm', () => inQuery(/AWS4-HMAC-SHA256/, 'AWS4-ECDSA-P256-SHA256'), incomplete],
    [
      'with temporary credentials',
      () => sent({ headers: { 'x-amz-security-token': 'x' } }),
      { status: 403, code: 'InvalidClientTokenId' },
    ],
    [
      'with temporary credentials in the query',
      () => get(presigned({ ...good(), parameters: { ...parameters, 'X-Amz-Security-Token': 'x' } })),
      { status: 403, code: 'InvalidClientTokenId' },
    ],
  ])('%s', async (_, ask, refusal) => {
    expect(await ask()).toMatchObject(refusal)
  })

  it('without a word of any secret', async () => {
    const { text } = await sent({ key: { ...key, secretAccessKey: 'wrong' } })
    expect(text).not.toContain(key.secretAccessKey)
  })
})

describe('whoever guesses', () => {
  it('is told to wait once it has been too often, and is let in again when the minute is over', async () => {
    let at = Date.now()
    const strict = await openEc2({ door: { actions: echoes, failuresPerMinute: 3, now: () => at } })
    const ask = async (secretAccessKey: string) =>
      (await strict.call('Echo', {}, { key: { ...key, secretAccessKey } })).code ?? 'in'
    for (const _ of [1, 2, 3]) expect(await ask('wrong')).toBe('SignatureDoesNotMatch')
    expect(await ask('wrong')).toBe('RequestLimitExceeded')
    expect(await ask(key.secretAccessKey)).toBe('RequestLimitExceeded')
    at += 60_000
    expect(await ask(key.secretAccessKey)).toBe('in')
    await strict.close()
  })

  it('may go on where nobody set a limit', async () => {
    for (let count = 0; count < 50; count += 1)
      expect((await sent({ key: { ...key, secretAccessKey: 'wrong' } })).code).toBe('SignatureDoesNotMatch')
    expect((await sent({})).status).toBe(200)
  })
})
