import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fingerprintOf, privateText, publicKeyIn, publicLine } from '../../../src/doors/ec2/key-pairs/openssh.ts'
import { type Ec2Setting, openEc2, otherKey } from './setting.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openEc2()
})
afterAll(() => cloud.close())

const base64 = (text: string) => Buffer.from(text).toString('base64')
const hasKeygen = (() => {
  try {
    execFileSync('ssh-keygen', ['-?'], { stdio: 'ignore' })
  } catch (error) {
    return (error as { code?: string }).code !== 'ENOENT'
  }
  return true
})()

describe('a key pair', () => {
  it('is made, answered with its private half once, listed and forgotten', async () => {
    const made = await cloud.ok('CreateKeyPair', { KeyName: 'one' })
    expect(createPrivateKey(made.keyMaterial).asymmetricKeyType).toBe('rsa')
    expect(made.keyFingerprint).toMatch(/^([0-9a-f]{2}:){19}[0-9a-f]{2}$/)
    expect(made.keyPairId).toMatch(/^key-[0-9a-f]{17}$/)
    const [listed] = (await cloud.ok('DescribeKeyPairs', { 'KeyName.1': 'one' })).keySet
    expect(listed).toMatchObject({ keyName: 'one', keyFingerprint: made.keyFingerprint, keyType: 'rsa' })
    expect(JSON.stringify(await everyEvent())).not.toContain('PRIVATE')
    await cloud.ok('DeleteKeyPair', { KeyName: 'one' })
    expect((await cloud.ok('DescribeKeyPairs')).keySet).toBe('')
    await cloud.ok('DeleteKeyPair', { KeyName: 'one' })
  })

  it('has a name that is taken once in an account and region', async () => {
    await cloud.ok('CreateKeyPair', { KeyName: 'taken', KeyType: 'ed25519' })
    const { code, message } = await cloud.refused('CreateKeyPair', { KeyName: 'taken' })
    expect({ code, message }).toEqual({
      code: 'InvalidKeyPair.Duplicate',
      message: "The keypair 'taken' already exists.",
    })
    await cloud.ok('CreateKeyPair', { KeyName: 'taken' }, { key: otherKey })
    await cloud.ok('CreateKeyPair', { KeyName: 'taken' }, { region: 'eu-west-1' })
    await cloud.ok('DeleteKeyPair', { KeyName: 'taken' })
    await cloud.ok('CreateKeyPair', { KeyName: 'taken' })
  })

  it('is imported from the line of OpenSSH, or refused', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    const line = publicLine(publicKey, 'me@here')
    const { keyFingerprint } = await cloud.ok('ImportKeyPair', { KeyName: 'mine', PublicKeyMaterial: base64(line) })
    expect(keyFingerprint).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/)
    const [, encoded] = line.split(' ')
    const ssh2 = `---- BEGIN SSH2 PUBLIC KEY ----\nComment: "a key \\\nof mine"\n${encoded!.match(/.{1,70}/g)!.join('\n')}\n---- END SSH2 PUBLIC KEY ----\n`
    const again = await cloud.ok('ImportKeyPair', { KeyName: 'as SSH2', PublicKeyMaterial: base64(ssh2) })
    expect(again.keyFingerprint).toBe(keyFingerprint)
    const der = publicKey.export({ format: 'der', type: 'spki' })
    expect(keyFingerprint.replaceAll(':', '')).toBe(createHash('md5').update(der).digest('hex'))
    const shown = { 'KeyName.1': 'as SSH2', IncludePublicKey: true }
    expect((await cloud.ok('DescribeKeyPairs', shown)).keySet[0].publicKey).toBe(`ssh-rsa ${encoded} as SSH2`)
  })

  it.each(['', 'garbage', 'ssh-rsa not-a-key', 'ssh-dss AAAAB3NzaC1kc3M=', 'x'.repeat(20_000)])(
    'is not imported from %s',
    async material => {
      const bad = { KeyName: 'bad', PublicKeyMaterial: base64(material) }
      expect(await cloud.refused('ImportKeyPair', bad)).toEqual({
        status: 400,
        code: 'InvalidKeyPair.Format',
        message: 'Key is not in valid OpenSSH public key format',
      })
    },
  )

  it.each(['two\nlines', 'naïve', 'x'.repeat(256)])('is not called %s', async KeyName => {
    expect((await cloud.refused('CreateKeyPair', { KeyName })).code).toBe('InvalidParameterValue')
    expect((await cloud.refused('ImportKeyPair', { KeyName, PublicKeyMaterial: 'eA==' })).code).toBe(
      'InvalidParameterValue',
    )
  })

  it('that was refused is not there', async () => {
    expect((await cloud.refused('ImportKeyPair', { KeyName: 'bad' })).code).toBe('MissingParameter')
    expect(await cloud.refused('DescribeKeyPairs', { 'KeyName.1': 'bad' })).toMatchObject({
      code: 'InvalidKeyPair.NotFound',
    })
  })

  it.each([
    ['key-name', 'to filter'],
    ['fingerprint', '*'],
    ['key-pair-id', 'key-*'],
    ['tag:stage', 'test'],
    ['tag-key', 'stage'],
  ])('is found by %s', async (name, value) => {
    const tags = {
      'TagSpecification.1.ResourceType': 'key-pair',
      'TagSpecification.1.Tag.1.Key': 'stage',
      'TagSpecification.1.Tag.1.Value': 'test',
    }
    await cloud.ok('DeleteKeyPair', { KeyName: 'to filter' })
    await cloud.ok('CreateKeyPair', { KeyName: 'to filter', KeyType: 'ed25519', ...tags })
    const found = async (value: string) => {
      const asked = { 'KeyName.1': 'to filter', 'Filter.1.Name': name, 'Filter.1.Value.1': value }
      return ((await cloud.ok('DescribeKeyPairs', asked)).keySet || []).length
    }
    expect(await found(value)).toBe(1)
    expect(await found('nothing such')).toBe(0)
  })

  it('of others is neither listed nor deleted', async () => {
    const { keyPairId } = await cloud.ok('CreateKeyPair', { KeyName: 'private' })
    await cloud.ok('DeleteKeyPair', { KeyPairId: keyPairId }, { key: otherKey })
    expect((await cloud.ok('DescribeKeyPairs', { 'KeyPairId.1': keyPairId })).keySet).toHaveLength(1)
  })
})

// Where OpenSSH is missing, install the Debian package openssh-client to compare with it.
describe.skipIf(!hasKeygen)('OpenSSH itself', () => {
  it.each(['rsa', 'ed25519'] as const)('reads the %s keys written here, and computes the same fingerprints', type => {
    const folder = mkdtempSync(join(tmpdir(), 'stemma-keys-'))
    const { privateKey, publicKey } =
      type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2_048 }) : generateKeyPairSync('ed25519')
    const file = join(folder, 'key')
    writeFileSync(file, `${privateText(privateKey)}\n`)
    chmodSync(file, 0o600)
    const line = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).trim()
    expect(line.split(' ').slice(0, 2)).toEqual(publicLine(publicKey, '').trim().split(' ').slice(0, 2))
    expect(publicKeyIn(line)?.type).toBe(type)
    if (type === 'ed25519') {
      const said = execFileSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' })
      expect(said).toContain(fingerprintOf(publicKey).replace(/=+$/, ''))
    }
    rmSync(folder, { recursive: true })
  })
})

async function everyEvent() {
  const abort = new AbortController()
  const { position } = cloud.engine.health()
  const events = []
  for await (const event of cloud.engine.subscribe({ signal: abort.signal })) {
    events.push(event)
    if (event.position >= position) abort.abort()
  }
  return events
}
