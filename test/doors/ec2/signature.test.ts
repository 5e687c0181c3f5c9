/** Who may come in: requests signed by rules written down twice, and every way in which a signature can be wrong. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answered, type Ec2Setting, key, openEc2, otherKey } from './setting.ts'
import { presigned, signed } from './sign.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openEc2()
})
afterAll(() => cloud.close())

const parameters = { Action: 'DescribeRegions', Version: '2016-11-15' }
const good = () => ({ url: cloud.url, region: 'us-east-1', key, parameters })
const post = async (headers: Record<string, string>, body: string, path = '/') =>
  answered(await fetch(`${cloud.url}${path}`, { method: 'POST', headers, body }))
/** A signed request, with something of it changed after signing. */
const changed = async (
  change: (sent: { headers: Record<string, string>; body: string }) => {
    headers?: Record<string, string>
    body?: string
  },
  asked: Partial<Parameters<typeof signed>[0]> = {},
) => {
  const sent = signed({ ...good(), ...asked })
  const { headers = sent.headers, body = sent.body } = change(sent)
  return post(headers, body)
}
const codeOf = async (answer: Promise<{ status: number; code?: string }>) => {
  const { status, code } = await answer
  return { status, code }
}
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000)

describe('a request that is signed', () => {
  it('comes in with its signature in the header', async () => {
    const { headers, body } = signed(good())
    expect((await post(headers, body)).status).toBe(200)
  })

  it('comes in with its signature in the query, until that expires', async () => {
    expect((await fetch(presigned(good()))).status).toBe(200)
    const late = answered(await fetch(presigned({ ...good(), at: minutesAgo(2), expiresS: 60 })))
    expect(await codeOf(late)).toEqual({ status: 400, code: 'RequestExpired' })
  })

  it('signs parameters with every sort of character', async () => {
    const Name = "tag:a b+c/d=e&f*~!'()é😀%"
    const parameters = { Action: 'DescribeVolumes', 'Filter.1.Name': Name, 'Filter.1.Value.1': '*' }
    const { headers, body } = signed({ ...good(), parameters })
    expect((await post(headers, body)).status).toBe(200)
    expect((await fetch(presigned({ ...good(), parameters }))).status).toBe(200)
  })

  it('may be off by a quarter of an hour', async () => {
    expect((await changed(same, { at: minutesAgo(14) })).status).toBe(200)
    expect((await changed(same, { at: minutesAgo(-14) })).status).toBe(200)
    for (const minutes of [16, -16])
      expect(await codeOf(changed(same, { at: minutesAgo(minutes) }))).toEqual({ status: 400, code: 'RequestExpired' })
  })
})

const same = () => ({})
const withHeader = (name: string, value: string) => (sent: { headers: Record<string, string> }) => ({
  headers: { ...sent.headers, [name]: value },
})
const rewritten = (from: RegExp, to: string) => (sent: { headers: Record<string, string> }) => ({
  headers: { ...sent.headers, authorization: sent.headers.authorization!.replace(from, to) },
})

describe('a request is refused', () => {
  it.each<[string, () => Promise<{ status: number; code?: string }>, number, string]>([
    ['unsigned', () => post({}, 'Action=DescribeRegions'), 403, 'MissingAuthenticationToken'],
    [
      'by another secret',
      () => changed(same, { key: { ...key, secretAccessKey: 'wrong' } }),
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'by the secret of another account',
      () => changed(same, { key: { ...key, secretAccessKey: otherKey.secretAccessKey } }),
      403,
      'SignatureDoesNotMatch',
    ],
    ['by a key nobody has', () => changed(same, { key: { ...key, accessKeyId: 'NOBODY' } }), 401, 'AuthFailure'],
    ['with another body', () => changed(({ body }) => ({ body: `${body}&DryRun=true` })), 403, 'SignatureDoesNotMatch'],
    ['for another service', () => changed(same, { service: 's3' }), 403, 'SignatureDoesNotMatch'],
    ['for a region that is not served', () => changed(same, { region: 'mars-1' }), 403, 'SignatureDoesNotMatch'],
    [
      'with a header of AWS that is not signed',
      () => changed(withHeader('x-amz-extra', 'x')),
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'with another date than it was signed for',
      () => changed(withHeader('x-amz-date', '20200101T000000Z')),
      400,
      'RequestExpired',
    ],
    ['without the host among the signed headers', () => changed(rewritten(/host;/, '')), 403, 'SignatureDoesNotMatch'],
    [
      'with signed headers that did not come',
      () => changed(rewritten(/host;/, 'host;missing;')),
      403,
      'SignatureDoesNotMatch',
    ],
    ['with a scope of four parts', () => changed(rewritten(/\/aws4_request/, '')), 400, 'IncompleteSignature'],
    [
      'with a signature that is no signature',
      () => changed(rewritten(/Signature=\w+/, 'Signature=zz')),
      400,
      'IncompleteSignature',
    ],
    ['with no credential', () => changed(rewritten(/Credential=[^,]+,/, '')), 400, 'IncompleteSignature'],
    [
      'by version 2',
      () => post({ authorization: 'AWS key:signature' }, 'Action=DescribeRegions'),
      400,
      'IncompleteSignature',
    ],
    [
      'with temporary credentials',
      () => changed(withHeader('x-amz-security-token', 'x')),
      403,
      'SignatureDoesNotMatch',
    ],
  ])('%s', async (_, ask, status, code) => {
    expect(await codeOf(ask())).toEqual({ status, code })
  })

  it('without a word of any secret', async () => {
    const { text } = await changed(same, { key: { ...key, secretAccessKey: 'wrong' } })
    expect(text).not.toContain(key.secretAccessKey)
  })
})
