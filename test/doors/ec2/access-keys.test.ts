import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { KeysInvalid, ownerIdOf, parseKeys, readKeys } from '../../../src/doors/ec2/index.ts'
import { owners } from '../../../src/doors/ec2/owner.ts'

const secret = 'a-secret-of-some-length'
const entry = { accessKeyId: 'STEMKEY1', secretAccessKey: secret, account: 'acme' }

describe('a file of access keys', () => {
  const write = async (text: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'stemma-keys-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'keys.json')
    await writeFile(path, text)
    return path
  }

  it('gives each key its account, and the least authority if it names none', async () => {
    const path = await write(JSON.stringify([entry, { ...entry, accessKeyId: 'STEMKEY2', authority: 'operator' }]))
    expect(await readKeys(path)).toEqual([
      { ...entry, authority: 'owner' },
      { ...entry, accessKeyId: 'STEMKEY2', authority: 'operator' },
    ])
  })

  it.each([
    ['is not JSON', `[{ "secretAccessKey": "${secret}" `],
    ['is not a list', `{ "secretAccessKey": "${secret}" }`],
    ['is a list of secrets', `["${secret}"]`],
    ['is empty', '[]'],
  ])('that %s is refused without a word of what is in it', async (_, text) => {
    const error = await readKeys(await write(text)).catch(thrown => thrown)
    expect(error).toBeInstanceOf(KeysInvalid)
    expect(error.message).not.toContain(secret)
  })

  it.each([
    ['with a short secret', { ...entry, secretAccessKey: 'short' }],
    ['with a secret that is no text', { ...entry, secretAccessKey: [secret] }],
    ['with a key id of strange letters', { ...entry, accessKeyId: 'STEM/KEY' }],
    ['of no account', { ...entry, account: undefined }],
    ['of an account with a strange name', { ...entry, account: `${secret} <x>` }],
    ['with the authority of the engine', { ...entry, authority: 'engine' }],
    ['with a field nobody knows', { ...entry, [secret]: true }],
  ])('refuses an entry %s, and names its place but no secret', (_, wrong) => {
    const parse = () => parseKeys([entry, wrong])
    expect(parse).toThrow(KeysInvalid)
    expect(parse).toThrow(/\[1/)
    expect(parse).not.toThrow(secret)
  })

  it('refuses one key id for two', () => {
    expect(() => parseKeys([entry, { ...entry, account: 'beta' }])).toThrow('gives one key id twice')
  })

  it('that is not there is named', async () => {
    await expect(readKeys(join(tmpdir(), 'no-such-keys.json'))).rejects.toThrow('no-such-keys.json')
  })
})

describe('an account', () => {
  it('of twelve digits is shown as it is, and every other one as twelve digits that never change', () => {
    expect(ownerIdOf('123456789012')).toBe('123456789012')
    expect(ownerIdOf('acme')).toBe(ownerIdOf('acme'))
    const shown = Array.from({ length: 1_000 }, (_, index) => ownerIdOf(`tenant-${index}`))
    expect(shown.filter(each => !/^\d{12}$/.test(each))).toEqual([])
    expect(new Set(shown).size).toBe(1_000)
  })

  it('is found by how it is shown, where it is known', () => {
    const { accountOf } = owners(['acme', '123456789012'])
    expect(accountOf(ownerIdOf('acme'))).toBe('acme')
    expect(accountOf('123456789012')).toBe('123456789012')
    expect(accountOf(ownerIdOf('stranger'))).toBe(ownerIdOf('stranger'))
  })
})
