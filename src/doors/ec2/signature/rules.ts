/** What must hold of a signature before anything is computed: its time, what it is for, and what it covers. */
import { Ec2Error } from '../errors.ts'
import { type Carried, incomplete } from './carried.ts'
import { headerOf, type SignedRequest } from './request.ts'

const mismatch = (why: string) => new Ec2Error('SignatureDoesNotMatch', why)

/** Throws Ec2Error RequestExpired: too old, or of the future. */
export function checkTime({ date, expiresS }: Carried, now: number, skewMs: number): void {
  const at = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  const endsAt = expiresS === undefined ? at + skewMs : at + expiresS * 1_000
  if (at - skewMs <= now && now <= endsAt) return
  throw new Ec2Error(
    'RequestExpired',
    `Request has expired. It is dated ${date}; here it is ${new Date(now).toISOString()}.`,
  )
}

/** What a signature is for. */
export interface Scope {
  readonly accessKeyId: string
  readonly day: string
  readonly region: string
}

export function checkScope({ credential, date }: Carried, regions: ReadonlySet<string>): Scope {
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

export function checkSignedHeaders({ signedHeaders }: Carried, headers: SignedRequest['headers']): void {
  if (signedHeaders.some((name, index) => index > 0 && name <= signedHeaders[index - 1]!))
    throw mismatch('SignedHeaders are sorted, and each is named once.')
  if (signedHeaders.some(name => name !== name.toLowerCase())) throw mismatch('SignedHeaders are in lower case.')
  const names = new Set(signedHeaders)
  if (!names.has('host')) throw mismatch("'Host' must be a 'SignedHeader' in the AWS Authorization.")
  for (const name of names)
    if (headerOf(headers, name) === undefined)
      throw mismatch(`The signed header '${name.slice(0, 64)}' did not come with the request.`)
  for (const name of Object.keys(headers))
    if (name.startsWith('x-amz-') && !names.has(name))
      throw mismatch(`The header '${name.slice(0, 64)}' must be signed.`)
}
