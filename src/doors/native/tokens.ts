/** The file of access tokens: who may come through the door, and as whom. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const entry = z
  .strictObject({
    /** What the caller sends as `Authorization: Bearer …`. Short ones can be guessed. */
    token: z
      .string()
      .min(16, 'has at least 16 characters')
      .max(512)
      .regex(/^[\w.~+/-]+=*$/, 'is made of letters, digits and -._~+/'),
    account: z.string().regex(/^[\w.@-]{1,64}$/, 'is the name of an account'),
    /** For the history; default: the name of the account. */
    actor: z.string().min(1).max(128).optional(),
    authority: z.enum(['owner', 'domainAdmin', 'operator']).default('owner'),
    /** Root of the tree that a domainAdmin reaches. */
    domain: z.string().optional(),
    region: z.string().min(1).max(64).optional(),
  })
  .refine(each => each.authority !== 'domainAdmin' || each.domain !== undefined, {
    path: ['domain'],
    message: 'is needed by a domainAdmin',
  })

const entries = z
  .array(entry)
  .min(1, 'is empty: nobody could come in')
  .refine(all => new Set(all.map(({ token }) => token)).size === all.length, 'gives one token to two entries')

/** One access token and the principal it stands for. */
export type AccessToken = z.input<typeof entry>

/** A file of tokens that cannot be used. Names the place in it, never a token. */
export class TokensInvalid extends Error {
  override readonly name = 'TokensInvalid'
  readonly code = 'tokensInvalid'
}

/**
 * Checks a list of access tokens.
 * @param source what to call it in the error
 * Throws TokensInvalid.
 */
export function parseTokens(list: unknown, source = 'The list of tokens'): AccessToken[] {
  const parsed = entries.safeParse(list)
  if (parsed.success) return parsed.data
  // Messages are composed from places and rules only: what zod says of a value might quote it.
  const places = parsed.error.issues.map(({ path, code, message }) => {
    const isOurs = code === 'custom' || code === 'invalid_format' || code === 'too_small'
    return `[${path.map(String).join('.')}] ${isOurs ? message : `is wrong (${code})`}`
  })
  throw new TokensInvalid(`${source} cannot be used: ${places.slice(0, 5).join('; ')}.`)
}

/** Reads the file: a JSON array of `{ token, account, actor?, authority?, domain?, region? }`. Throws TokensInvalid. */
export async function readTokens(path: string): Promise<AccessToken[]> {
  let list: unknown
  try {
    list = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    // A syntax error quotes the text around it, which may be a token; a missing file does not.
    const why = error instanceof SyntaxError ? 'it is not JSON' : (error as NodeJS.ErrnoException).code
    throw new TokensInvalid(`The tokens file ${path} cannot be read: ${why}.`)
  }
  return parseTokens(list, `The tokens file ${path}`)
}
