/** Access tokens of a data file: beside it, readable by its owner alone, and made when there are none. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type AccessToken, readTokens } from '../doors/native/index.ts'
import { usage } from './failure.ts'

/** Name of the account that `serve` opens in an empty database. */
export const ACCOUNT_DEFAULT = 'default'

export const tokensPath = (data: string): string => `${data}.tokens.json`

/** New tokens: an owner of the default account, and an operator. */
export function newTokens(): AccessToken[] {
  const token = () => randomBytes(24).toString('base64url')
  return [
    { token: token(), account: ACCOUNT_DEFAULT },
    { token: token(), account: 'operator', authority: 'operator' },
  ]
}

/** The tokens of a data file, made and written (mode 0600) if it has none. Throws TokensInvalid. */
export async function tokensOf(data: string): Promise<AccessToken[]> {
  const path = tokensPath(data)
  if (existsSync(path)) return readTokens(path)
  const made = newTokens()
  await mkdir(dirname(path), { recursive: true })
  // `wx`: of two that come at the same time one writes, and the other reads what it wrote.
  const isOurs = await writeFile(path, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' }).then(
    () => true,
    () => false,
  )
  return isOurs ? made : readTokens(path)
}

/** The access to use: of the account asked for, or the first there is. Throws TokensInvalid, and Failure for a stranger. */
export async function chosenAccess(
  { tokens, account }: { tokens?: string; account?: string },
  data: string,
): Promise<AccessToken> {
  const path = tokens ?? tokensPath(data)
  const all = tokens === undefined ? await tokensOf(data) : await readTokens(tokens)
  const found = account === undefined ? all[0] : all.find(each => each.account === account)
  if (found) return found
  const known = [...new Set(all.map(each => each.account))].join(', ')
  throw usage(`${path} has no token of the account '${account}'; it has ${known}.`, '--account')
}
