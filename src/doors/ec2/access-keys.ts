/** The file of access keys: who may sign requests, and as whom. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const entry = z.strictObject({
  accessKeyId: z.string().regex(/^\w{3,128}$/, 'is made of 3 to 128 letters, digits and _'),
  secretAccessKey: z.string().min(8, 'has at least 8 characters').max(512),
  account: z.string().regex(/^[\w.@-]{1,64}$/, 'is the name of an account'),
  /** For the history; default: the name of the account. */
  actor: z.string().min(1).max(128).optional(),
  authority: z.enum(['owner', 'operator']).default('owner'),
})
const entries = z
  .array(entry)
  .min(1, 'is empty: nobody could come in')
  .refine(all => new Set(all.map(({ accessKeyId }) => accessKeyId)).size === all.length, 'gives one key id twice')

/** One access key and the account it signs for. */
export type AccessKey = z.input<typeof entry>

/** A file of keys that cannot be used. Names the place in it, never a secret. */
export class KeysInvalid extends Error {
  override readonly name = 'KeysInvalid'
  readonly code = 'keysInvalid'
}

/** Checks a list of access keys; `source` is what to call it in the error. Throws KeysInvalid. */
export function parseKeys(list: unknown, source = 'The list of access keys'): z.output<typeof entries> {
  const parsed = entries.safeParse(list)
  if (parsed.success) return parsed.data
  // Composed from places and rules only: what zod says of a value might quote it.
  const places = parsed.error.issues.map(({ path, code, message }) => {
    const isOurs = code === 'custom' || code === 'invalid_format' || code === 'too_small'
    return `[${path.map(String).join('.')}] ${isOurs ? message : `is wrong (${code})`}`
  })
  throw new KeysInvalid(`${source} cannot be used: ${places.slice(0, 5).join('; ')}.`)
}

/** Reads the file: a JSON array of `{ accessKeyId, secretAccessKey, account, actor?, authority? }`. Throws KeysInvalid. */
export async function readKeys(path: string): Promise<AccessKey[]> {
  let list: unknown
  try {
    list = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    // A syntax error quotes the text around it, which may be a secret; a missing file does not.
    const why = error instanceof SyntaxError ? 'it is not JSON' : (error as NodeJS.ErrnoException).code
    throw new KeysInvalid(`The keys file ${path} cannot be read: ${why}.`)
  }
  return parseKeys(list, `The keys file ${path}`)
}
