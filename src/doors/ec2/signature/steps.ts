/** The algorithm: the library that signs for AWS's own clients signs the same request once more. */
import { createHash, createHmac } from 'node:crypto'
import { getCanonicalHeaders, getSigningKey, SignatureV4 } from '@smithy/signature-v4'
import { ALGORITHM, type Carried } from './carried.ts'
import { headerOf, type SignedRequest } from './request.ts'
import type { Scope } from './rules.ts'

type Bytes = string | ArrayBuffer | ArrayBufferView

/** Hash and HMAC of node:crypto, in the shape that the library asks for. */
class Sha256 {
  readonly #hash: Pick<ReturnType<typeof createHmac>, 'update' | 'digest'>
  constructor(secret?: Bytes) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }
  update(data: Bytes): void {
    this.#hash.update(bytesOf(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {
    throw new Error('A hash is used once.')
  }
}
function bytesOf(data: Bytes): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}

type Canonical = Parameters<typeof getCanonicalHeaders>[0]

/** Opens the steps of the library that signing is made of. */
class Steps extends SignatureV4 {
  constructor() {
    const none = { accessKeyId: '', secretAccessKey: '' }
    super({ service: 'ec2', region: '', credentials: none, sha256: Sha256, applyChecksum: false })
  }
  textToSign(request: Canonical, headers: Record<string, string>, bodyHash: string, date: string, scope: string) {
    return this.createStringToSign(date, scope, this.createCanonicalRequest(request, headers, bodyHash), ALGORITHM)
  }
}
const steps = new Steps()

/** The signature that this secret gives; its keys of a day are kept by the library. */
export async function signatureOf(
  { signedHeaders, date }: Carried,
  { method, path, query, headers, body }: SignedRequest,
  { day, region }: Scope,
  { accessKeyId, secretAccessKey }: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<string> {
  const signed = Object.fromEntries(signedHeaders.map(name => [name, headerOf(headers, name) ?? '']))
  const request = { method, path, headers: signed, query: queryOf(query), protocol: 'http:', hostname: '' } as Canonical
  const canonical = getCanonicalHeaders(request, undefined, new Set(signedHeaders))
  const bodyHash = createHash('sha256').update(body).digest('hex')
  const text = await steps.textToSign(request, canonical, bodyHash, date, `${day}/${region}/ec2/aws4_request`)
  const key = await getSigningKey(Sha256, { accessKeyId, secretAccessKey }, day, region, 'ec2')
  return createHmac('sha256', key).update(text).digest('hex')
}

/** What was signed of the query: all but the signature itself. */
function queryOf(pairs: SignedRequest['query']): Record<string, string[]> {
  const query = new Map<string, string[]>()
  for (const [name, value] of pairs) {
    const values = query.get(name)
    if (values) values.push(value)
    else if (name !== 'X-Amz-Signature') query.set(name, [value])
  }
  return Object.fromEntries(query)
}
