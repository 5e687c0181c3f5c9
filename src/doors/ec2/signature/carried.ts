/** A signature as a request carries it: in the `Authorization` header, or in the query. */
import { Ec2Error } from '../errors.ts'
import { headerOf, type SignedRequest } from './request.ts'

export const ALGORITHM = 'AWS4-HMAC-SHA256'
const WEEK_S = 604_800

export interface Carried {
  readonly credential: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** `YYYYMMDDTHHMMSSZ` */
  readonly date: string
  /** In the query: for how many seconds it holds. */
  readonly expiresS?: number
}

export const incomplete = (why: string) => new Ec2Error('IncompleteSignature', why)

/** The parts of the signature. Throws Ec2Error MissingAuthenticationToken, IncompleteSignature, InvalidClientTokenId. */
export function carried({ headers, query }: Pick<SignedRequest, 'headers' | 'query'>): Carried {
  const authorization = headerOf(headers, 'authorization')
  const inQuery = new Map(query)
  if (headerOf(headers, 'x-amz-security-token') !== undefined || inQuery.has('X-Amz-Security-Token'))
    throw new Ec2Error(
      'InvalidClientTokenId',
      'Temporary credentials are not served here; sign with an access key that this server was given.',
    )
  if (authorization !== undefined)
    return inHeader(authorization, headerOf(headers, 'x-amz-date') ?? stampOf(headerOf(headers, 'date')))
  if (inQuery.has('X-Amz-Algorithm') || inQuery.has('X-Amz-Signature')) return presigned(inQuery)
  if (inQuery.has('SignatureVersion') || inQuery.has('AWSAccessKeyId'))
    throw incomplete('Signature version 2 is not served; sign with version 4.')
  throw new Ec2Error('MissingAuthenticationToken', 'Request is missing Authentication Token')
}

function presigned(inQuery: ReadonlyMap<string, string>): Carried {
  if (inQuery.get('X-Amz-Algorithm') !== ALGORITHM) throw incomplete(`X-Amz-Algorithm is ${ALGORITHM}.`)
  const part = (name: string) => {
    const value = inQuery.get(`X-Amz-${name}`)
    if (value) return value
    throw incomplete(`The query requires the parameter 'X-Amz-${name}'.`)
  }
  const expires = part('Expires')
  if (!/^\d{1,7}$/.test(expires) || Number(expires) > WEEK_S || Number(expires) < 1)
    throw incomplete(`X-Amz-Expires is a number of seconds from 1 to ${WEEK_S}.`)
  const given = checked(part('Credential'), part('SignedHeaders'), part('Signature'), part('Date'))
  return { ...given, expiresS: Number(expires) }
}

function inHeader(authorization: string, date: string | undefined): Carried {
  if (!authorization.startsWith(`${ALGORITHM} `))
    throw incomplete(`The Authorization header begins with ${ALGORITHM}; other versions are not served.`)
  const parts = new Map<string, string>()
  for (const each of authorization.slice(ALGORITHM.length).split(',')) {
    const [name = '', ...value] = each.trim().split('=')
    if (parts.has(name)) throw incomplete('Authorization header gives a parameter twice.')
    parts.set(name, value.join('='))
  }
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

/** A `Date` header, which old clients sign instead. */
function stampOf(header: string | undefined): string | undefined {
  const at = header === undefined ? Number.NaN : Date.parse(header)
  return Number.isNaN(at) ? undefined : new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
}
