/** Who may come in: access tokens and keys of a data file, beside it, readable by its owner alone, made when there are none. */
import { randomBytes, randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type AccessKey, readKeys } from '../doors/ec2/index.ts'
import { type AccessToken, readTokens } from '../doors/native/index.ts'
import { usage } from './failure.ts'

/** Name of the account that `serve` opens in an empty database. */
export const ACCOUNT_DEFAULT = 'default'

export const tokensPath = (data: string): string => `${data}.tokens.json`
export const keysPath = (data: string): string => `${data}.keys.json`

/** New tokens: an owner of the default account, and an operator. */
export function newTokens(account = ACCOUNT_DEFAULT): AccessToken[] {
  const token = () => randomBytes(24).toString('base64url')
  return [
    { token: token(), account },
    { token: token(), account: 'operator', authority: 'operator' },
  ]
}

/** A new access key of an account, for clients that sign their requests. */
export function newKeys(account = ACCOUNT_DEFAULT): AccessKey[] {
  const letters = Array.from({ length: 16 }, () => KEY_LETTERS[randomInt(KEY_LETTERS.length)]).join('')
  return [{ accessKeyId: `STEM${letters}`, secretAccessKey: randomBytes(30).toString('base64'), account }]
}
const KEY_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The tokens of a data file, made and written (mode 0600) if it has none. Throws TokensInvalid. */
export const tokensOf = (data: string, account?: string): Promise<AccessToken[]> =>
  kept(tokensPath(data), () => newTokens(account), readTokens)

/** The access keys of a data file, made and written (mode 0600) if it has none. Throws KeysInvalid. */
export const keysOf = (data: string, account?: string): Promise<AccessKey[]> =>
  kept(keysPath(data), () => newKeys(account), readKeys)

async function kept<T>(path: string, make: () => T[], read: (path: string) => Promise<T[]>): Promise<T[]> {
  if (existsSync(path)) return read(path)
  const made = make()
  await mkdir(dirname(path), { recursive: true })
  // `wx`: of two that come at the same time one writes, and the other reads what it wrote.
  const isOurs = await writeFile(path, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' }).then(
    () => true,
    () => false,
  )
  return isOurs ? made : read(path)
}

/** The access to use: of the account asked for, or the first there is (of this authority). Throws TokensInvalid, and Failure for a stranger. */
export async function chosenAccess(
  { tokens, account, authority }: { tokens?: string; account?: string; authority?: 'operator' },
  data: string,
): Promise<AccessToken> {
  const path = tokens ?? tokensPath(data)
  const all = tokens === undefined ? await tokensOf(data) : await readTokens(tokens)
  const fit = all.filter(each => authority === undefined || each.authority === authority)
  const found = account === undefined ? fit[0] : all.find(each => each.account === account)
  if (found) return found
  if (account === undefined) throw usage(`${path} has no token of an ${authority}; add one.`, '--tokens')
  const known = [...new Set(all.map(each => each.account))].join(', ')
  throw usage(`${path} has no token of the account '${account}'; it has ${known}.`, '--account')
}
