/** Signature version 4 once more, from its description and not from the library that the door checks with. */
import { createHash, createHmac } from 'node:crypto'

export interface ToSign {
  readonly url: string
  readonly region: string
  readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Of the form, in this order. */
  readonly parameters: Readonly<Record<string, string>> | readonly (readonly [string, string])[]
  readonly at?: Date
  readonly service?: string
  /** Signed besides what clients always sign; names in lower case. `date` takes the place of `x-amz-date`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is, in place of the form of the parameters. */
  readonly body?: string
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
/** RFC 3986: everything but letters, digits and `-._~`. */
const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, each => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
const stamp = (at: Date) => at.toISOString().replace(/[-:]|\.\d+/g, '')
const pairsOf = (parameters: ToSign['parameters']): readonly (readonly [string, string])[] =>
  Array.isArray(parameters) ? parameters : Object.entries(parameters)
const form = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join('&')

function signatureOf(canonical: string, { region, key, at, service = 'ec2' }: ToSign & { at: Date }) {
  const day = stamp(at).slice(0, 8)
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', stamp(at), scope, sha256(canonical)].join('\n')
  const steps = [day, region, service, 'aws4_request']
  const name = [key.secretAccessKey, ...steps].join(' ')
  const secret = secrets.get(name) ?? steps.reduce<string | Buffer>(hmac, `AWS4${key.secretAccessKey}`)
  secrets.set(name, secret)
  return { scope, signature: hmac(secret, text).toString('hex') }
}
/** Keys of a day: tests that send thousands of requests make them once. */
const secrets = new Map<string, string | Buffer>()

/** A POST with the signature in its header. */
export function signed(asked: ToSign): { headers: Record<string, string>; body: string } {
  const at = asked.at ?? new Date()
  const body = asked.body ?? form(pairsOf(asked.parameters))
  const { host } = new URL(asked.url)
  const type = 'application/x-www-form-urlencoded; charset=utf-8'
  const stamped: Record<string, string> = asked.headers?.date ? {} : { 'x-amz-date': stamp(at) }
  const sent: Record<string, string> = { 'content-type': type, ...stamped, ...asked.headers }
  const lines = Object.entries({ ...sent, host }).sort(([one], [other]) => (one < other ? -1 : 1))
  const headers = lines.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}\n`).join('')
  const names = lines.map(([name]) => name).join(';')
  const canonical = ['POST', '/', '', headers, names, sha256(body)].join('\n')
  const { scope, signature } = signatureOf(canonical, { ...asked, at })
  const credential = `${asked.key.accessKeyId}/${scope}`
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`
  return { headers: { ...sent, authorization }, body }
}

/** The address of a GET with the signature in its query. */
export function presigned(asked: ToSign & { readonly expiresS?: number }): string {
  const at = asked.at ?? new Date()
  const scope = `${stamp(at).slice(0, 8)}/${asked.region}/${asked.service ?? 'ec2'}/aws4_request`
  const pairs = [
    ...pairsOf(asked.parameters),
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${asked.key.accessKeyId}/${scope}`],
    ['X-Amz-Date', stamp(at)],
    ['X-Amz-Expires', String(asked.expiresS ?? 60)],
    ['X-Amz-SignedHeaders', 'host'],
  ] as [string, string][]
  const sorted = pairs.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).sort()
  const { host, origin } = new URL(asked.url)
  const canonical = ['GET', '/', sorted.join('&'), `host:${host}\n`, 'host', sha256('')].join('\n')
  const { signature } = signatureOf(canonical, { ...asked, at })
  return `${origin}/?${sorted.join('&')}&X-Amz-Signature=${signature}`
}
