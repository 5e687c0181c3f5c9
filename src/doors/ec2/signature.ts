/**
 * Signature version 4, on the server's side: who signed the request, for which region, and that nothing of it was
 * changed. The algorithm is AWS's own library; here is what a server must ask before and after it. (spec: ec2 12)
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { getCanonicalHeaders, getSigningKey, SignatureV4 } from '@smithy/signature-v4'
import { Ec2Error } from './errors.ts'
import type { AccessKey } from './access-keys.ts'

export interface SignedRequest {
  readonly method: string
  readonly path: string
  /** Pairs of the query, decoded. */
  readonly query: readonly (readonly [string, string])[]
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The bytes as they came. */
  readonly body: Buffer
}
export interface Signer {
  readonly key: AccessKey
  readonly region: string
}
export interface SignatureRules {
  readonly keys: readonly AccessKey[]
  readonly regions: ReadonlySet<string>
  /** How far the clock of a client may be off, in ms. */
  readonly skewMs: number
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
const WEEK_S = 604_800
const incomplete = (why: string) => new Ec2Error('IncompleteSignature', why)
const mismatch = (why: string) => new Ec2Error('SignatureDoesNotMatch', why)
/** What somebody who gives a wrong key and somebody who gives a wrong secret are told is not the same: so it is on EC2. */
const stranger = () => new Ec2Error('AuthFailure', 'AWS was not able to validate the provided access credentials')

/** Hash and HMAC of node:crypto, in the shape that the library asks for. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash>
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : (createHmac('sha256', bytesOf(secret)) as never)
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}
const bytesOf = (data: string | ArrayBuffer | ArrayBufferView): Uint8Array =>
  typeof data === 'string'
    ? Buffer.from(data)
    : ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data)

/** Opens the steps of the library that signing is made of. */
class Steps extends SignatureV4 {
  constructor() {
    const none = { accessKeyId: '', secretAccessKey: '' }
    super({ service: 'ec2', region: '', credentials: none, sha256: Sha256, applyChecksum: false })
  }
  textToSign(request: never, headers: Record<string, string>, bodyHash: string, date: string, scope: string) {
    return this.createStringToSign(date, scope, this.createCanonicalRequest(request, headers, bodyHash), ALGORITHM)
  }
}
const steps = new Steps()

/** Builds the check. It resolves to who signed, and throws Ec2Error for whatever is wrong, in the words of EC2. */
export function signatures({
  keys,
  regions,
  skewMs,
}: SignatureRules): (request: SignedRequest, now: number) => Promise<Signer> {
  const byId = new Map(keys.map(key => [key.accessKeyId, key]))
  return async (request, now) => {
    const given = carried(request)
    checkTime(given, now, skewMs)
    const scope = checkScope(given, regions)
    checkSignedHeaders(given, request)
    const key = byId.get(scope.accessKeyId)
    // An unknown key costs as much as a wrong secret.
    const secretAccessKey = key?.secretAccessKey ?? 'nobody'
    const signature = await signatureOf(given, request, scope, secretAccessKey)
    const isSame = timingSafeEqual(digestOf(signature), digestOf(given.signature))
    if (!key) throw stranger()
    if (!isSame)
      throw mismatch(
        'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access ' +
          'Key and signing method. Consult the service documentation for details.',
      )
    return { key, region: scope.region }
  }
}
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()

interface Carried {
  readonly credential: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** `YYYYMMDDTHHMMSSZ` */
  readonly date: string
  /** In the query: for how many seconds it holds. */
  readonly expiresS?: number
}

/** The parts of the signature, from the header or the query. */
function carried({ headers, query }: SignedRequest): Carried {
  const authorization = one(headers.authorization)
  const named = new Map(query)
  if (authorization !== undefined)
    return fromHeader(authorization, one(headers['x-amz-date']) ?? dateOf(one(headers.date)))
  if (!named.has('X-Amz-Algorithm') && !named.has('X-Amz-Signature'))
    throw new Ec2Error('MissingAuthenticationToken', 'Request is missing Authentication Token')
  if (named.get('X-Amz-Algorithm') !== ALGORITHM) throw incomplete(`X-Amz-Algorithm is ${ALGORITHM}.`)
  const [credential, date, expires, names, signature] = [
    'Credential',
    'Date',
    'Expires',
    'SignedHeaders',
    'Signature',
  ].map(name => named.get(`X-Amz-${name}`) ?? '') as [string, string, string, string, string]
  if (!/^\d{1,7}$/.test(expires) || Number(expires) > WEEK_S || Number(expires) < 1)
    throw incomplete(`X-Amz-Expires is a number of seconds from 1 to ${WEEK_S}.`)
  return { ...checked(credential, names, signature, date), expiresS: Number(expires) }
}

function fromHeader(authorization: string, date: string | undefined): Carried {
  if (!authorization.startsWith(`${ALGORITHM} `))
    throw incomplete(`The Authorization header begins with ${ALGORITHM}; other versions are not served.`)
  const parts = new Map(
    authorization
      .slice(ALGORITHM.length)
      .split(',')
      .map(each => {
        const [name = '', ...value] = each.trim().split('=')
        return [name, value.join('=')] as const
      }),
  )
  const part = (name: string) => {
    const value = parts.get(name)
    if (value) return value
    throw incomplete(`Authorization header requires '${name}' parameter.`)
  }
  return checked(part('Credential'), part('SignedHeaders'), part('Signature'), date ?? '')
}

function checked(credential: string, names: string, signature: string, date: string): Carried {
  if (!/^\d{8}T\d{6}Z$/.test(date)) throw incomplete('X-Amz-Date is missing, or is not like 20260102T030405Z.')
  if (!/^[0-9a-f]{64}$/.test(signature)) throw incomplete('Signature is 64 hexadecimal digits.')
  return { credential, signedHeaders: names.split(';'), signature, date }
}

const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(',') : value)

/** A `Date` header, which old clients sign instead. */
function dateOf(header: string | undefined): string | undefined {
  const at = header === undefined ? Number.NaN : Date.parse(header)
  return Number.isNaN(at) ? undefined : `${new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')}`
}

function checkTime({ date, expiresS }: Carried, now: number, skewMs: number): void {
  const at = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  const endsAt = expiresS === undefined ? at + skewMs : at + expiresS * 1_000
  if (Number.isNaN(at) || now < at - skewMs || now > endsAt)
    throw new Ec2Error(
      'RequestExpired',
      `Request has expired. It is dated ${date}; here it is ${new Date(now).toISOString()}.`,
    )
}

interface Scope {
  readonly accessKeyId: string
  readonly day: string
  readonly region: string
}

function checkScope({ credential, date }: Carried, regions: ReadonlySet<string>): Scope {
  const parts = credential.split('/')
  const [accessKeyId, day, region, service, end] = parts as [string, string, string, string, string]
  if (parts.length !== 5 || end !== 'aws4_request')
    throw incomplete('Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.')
  if (service !== 'ec2') throw mismatch("Credential should be scoped to correct service: 'ec2'.")
  if (day !== date.slice(0, 8))
    throw mismatch('Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date.')
  if (!regions.has(region))
    throw mismatch(`Credential should be scoped to a valid region, not '${region.slice(0, 64)}'.`)
  return { accessKeyId, day, region }
}

function checkSignedHeaders({ signedHeaders }: Carried, { headers }: SignedRequest): void {
  const names = new Set(signedHeaders)
  const sorted = [...signedHeaders].sort()
  if (signedHeaders.some((name, index) => name !== sorted[index] || name !== name.toLowerCase()))
    throw mismatch('SignedHeaders are in lower case, sorted, and each is named once.')
  if (names.size < signedHeaders.length) throw mismatch('SignedHeaders are named once each.')
  if (!names.has('host')) throw mismatch("'Host' must be a 'SignedHeader' in the AWS Authorization.")
  for (const name of names)
    if (headers[name] === undefined)
      throw mismatch(`The signed header '${name.slice(0, 64)}' did not come with the request.`)
  for (const name of Object.keys(headers))
    if (name.startsWith('x-amz-') && !names.has(name)) throw mismatch(`The header '${name}' must be signed.`)
  if (headers['x-amz-security-token'] !== undefined)
    throw new Ec2Error(
      'InvalidClientTokenId',
      'Temporary credentials are not served here; sign with an access key of the keys file.',
    )
}

async function signatureOf(
  { signedHeaders, date }: Carried,
  { method, path, query, headers, body }: SignedRequest,
  { accessKeyId, day, region }: Scope,
  secretAccessKey: string,
): Promise<string> {
  const signed = Object.fromEntries(signedHeaders.map(name => [name, one(headers[name])!]))
  const request = { method, path, headers: signed, query: queryOf(query), protocol: 'http:', hostname: '' } as never
  const canonical = getCanonicalHeaders(request, undefined, new Set(signedHeaders))
  const bodyHash = createHash('sha256').update(body).digest('hex')
  const text = await steps.textToSign(request, canonical, bodyHash, date, `${day}/${region}/ec2/aws4_request`)
  const key = await getSigningKey(Sha256, { accessKeyId, secretAccessKey }, day, region, 'ec2')
  return createHmac('sha256', key).update(text).digest('hex')
}

/** What was signed of the query: all but the signature itself. */
function queryOf(pairs: SignedRequest['query']): Record<string, string[]> {
  const query: Record<string, string[]> = Object.create(null)
  for (const [name, value] of pairs) if (name !== 'X-Amz-Signature') query[name] = [...(query[name] ?? []), value]
  return query
}
