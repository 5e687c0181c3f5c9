/**
 * Signature version 4, on the server's side: who signed the request, for which region, and that nothing of it was
 * changed. The algorithm is AWS's own library; here is what a server must ask before and after it. (spec: ec2 12)
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { AccessKey } from '../access-keys.ts'
import { Ec2Error } from '../errors.ts'
import { carried } from './carried.ts'
import type { SignedRequest } from './request.ts'
import { checkScope, checkSignedHeaders, checkTime } from './rules.ts'
import { signatureOf } from './steps.ts'

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

/** The request was told apart as another's or a changed one: what somebody who guesses gets. */
export const isGuess = ({ code }: Ec2Error): boolean => code === 'AuthFailure' || code === 'SignatureDoesNotMatch'

/** What is signed with when nobody has the key: it costs as much as a wrong secret, and derives one key a day. */
const nobody = { accessKeyId: 'nobody', secretAccessKey: 'nobody' }

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
    checkSignedHeaders(given, request.headers)
    const key = byId.get(scope.accessKeyId)
    const signature = await signatureOf(given, request, scope, key ?? nobody)
    const isSame = timingSafeEqual(digestOf(signature), digestOf(given.signature))
    // The two are told apart: so it is on EC2, and clients word it for their users.
    if (!key) throw new Ec2Error('AuthFailure', 'AWS was not able to validate the provided access credentials')
    if (isSame) return { key, region: scope.region }
    throw new Ec2Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access ' +
        'Key and signing method. Consult the service documentation for details.',
    )
  }
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()
