/** Who calls: a bearer token against the list, compared in constant time and never repeated anywhere. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Principal } from '../../index.ts'
import { type AccessToken, parseTokens } from './tokens.ts'

/** No token, or none of ours. The answer does not say which. */
export class Unauthenticated extends Error {
  override readonly name = 'Unauthenticated'
  readonly code = 'unauthenticated'
  constructor() {
    super('Send an access token of this server as `Authorization: Bearer <token>`.')
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
const bearer = /^Bearer +([\w.~+/-]+=*) *$/i

/** The principal that a token stands for. */
export const principalOf = ({ account, actor = account, authority, domain, region }: AccessToken): Principal => ({
  account,
  actor,
  authority,
  domain,
  region,
})

/**
 * Builds the check of an `Authorization` header. Only digests of the tokens are kept, and every one of them is compared,
 * so that the time taken says nothing about how much of a guess was right.
 * @returns the principal; the same object for the same token. Throws Unauthenticated.
 */
export function authentication(tokens: readonly AccessToken[]): (header: string | undefined) => Principal {
  const known = parseTokens(tokens).map(each => ({ digest: sha256(each.token), principal: principalOf(each) }))
  return header => {
    const digest = sha256(bearer.exec(header ?? '')?.[1] ?? '')
    let found: Principal | undefined
    for (const each of known) if (timingSafeEqual(each.digest, digest)) found = each.principal
    if (found) return found
    throw new Unauthenticated()
  }
}
