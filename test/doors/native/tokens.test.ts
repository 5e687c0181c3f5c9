import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseTokens, readTokens, TokensInvalid } from '../../../src/doors/native/index.ts'

const token = 'a-secret-of-some-length'

describe('a file of tokens', () => {
  const write = async (text: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'stemma-tokens-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'tokens.json')
    await writeFile(path, text)
    return path
  }

  it('gives each token its account, and the least authority if it names none', async () => {
    const path = await write(JSON.stringify([{ token, account: 'acme' }]))
    expect(await readTokens(path)).toEqual([{ token, account: 'acme', authority: 'owner' }])
  })

  it.each([
    ['is not JSON', `[{ "token": "${token}" `],
    ['is not a list', `{ "token": "${token}", "account": "acme" }`],
    ['is empty', '[]'],
  ])('that %s is refused without a word of what is in it', async (_, text) => {
    const error = await readTokens(await write(text)).catch(thrown => thrown)
    expect(error).toBeInstanceOf(TokensInvalid)
    expect(error.message).not.toContain(token)
  })

  it.each([
    ['short', { token: 'short', account: 'acme' }],
    ['with strange letters', { token: `${token} `, account: 'acme' }],
    ['of no account', { token }],
    ['of a nameless account', { token, account: '' }],
    ['with the authority of the engine', { token, account: 'acme', authority: 'engine' }],
    ['of a domain administrator without a domain', { token, account: 'acme', authority: 'domainAdmin' }],
    ['with a field nobody knows', { token, account: 'acme', admin: true }],
  ])('refuses an entry %s', (_, entry) => {
    expect(() => parseTokens([entry])).toThrow(TokensInvalid)
  })

  it('refuses one token for two', () => {
    const twice = [
      { token, account: 'acme' },
      { token, account: 'beta' },
    ]
    expect(() => parseTokens(twice)).toThrow('gives one token to two entries')
  })

  it('that is not there is named', async () => {
    await expect(readTokens(join(tmpdir(), 'no-such-tokens.json'))).rejects.toThrow('no-such-tokens.json')
  })
})
