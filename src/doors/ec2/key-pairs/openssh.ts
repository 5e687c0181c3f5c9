/** Keys in the forms of OpenSSH, and their fingerprints as EC2 computes them. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'

export type KeyType = 'rsa' | 'ed25519'

/** Numbers and texts of the SSH wire: a length of four bytes, then the bytes. */
const field = (bytes: Uint8Array | string): Buffer => {
  const content = Buffer.from(bytes as never)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([length, content])
}
/** A positive number whose first bit is set would read as negative: it gets a zero before it. */
const number = (bytes: Buffer): Buffer => field(bytes[0]! & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes)
const base64url = (text: string): Buffer => Buffer.from(text, 'base64url')

/** The wire form of a public key, which is what its one line holds as base64. */
function wireOf(key: KeyObject): Buffer {
  const { n, e, x } = key.export({ format: 'jwk' })
  if (x !== undefined) return Buffer.concat([field('ssh-ed25519'), field(base64url(x))])
  return Buffer.concat([field('ssh-rsa'), number(base64url(e!)), number(base64url(n!))])
}

/** One line, as in `authorized_keys`. */
export function publicLine(key: KeyObject, comment: string): string {
  const wire = wireOf(key)
  const name = key.asymmetricKeyType === 'ed25519' ? 'ssh-ed25519' : 'ssh-rsa'
  return `${name} ${wire.toString('base64')} ${comment}`
}

/**
 * Reads such a line, the same key in the form of RFC 4716, or a public key in PEM; undefined if it is none of these, or
 * of another type.
 */
export function publicKeyIn(text: string): { key: KeyObject; type: KeyType } | undefined {
  try {
    const key = text.includes('-----BEGIN') ? createPublicKey(text) : fromWire(encodedIn(text))
    const type = key?.asymmetricKeyType
    return key && (type === 'rsa' || type === 'ed25519') ? { key, type } : undefined
  } catch {
    return undefined
  }
}

/** What is base64 in it, and the type that is said before that, if one is. */
function encodedIn(text: string): { name: string | undefined; encoded: string } {
  const lines = text.trim().split(/\r?\n/)
  if (!lines[0]!.startsWith('---- BEGIN SSH2')) {
    const [name, encoded = ''] = text.trim().split(/\s+/)
    return { name, encoded }
  }
  // A header may go on in the next line, after a backslash.
  const isHeader = (line: string, index: number) => line.includes(':') || lines[index - 1]?.endsWith('\\')
  const body = lines.filter((line, index) => !line.startsWith('----') && !isHeader(line, index))
  return { name: undefined, encoded: body.join('') }
}

function fromWire({ name, encoded }: ReturnType<typeof encodedIn>): KeyObject | undefined {
  const fields = fieldsOf(Buffer.from(encoded, 'base64'))
  const type = fields[0]?.toString()
  if (name !== undefined && name !== type) return undefined
  const jwk =
    type === 'ssh-ed25519'
      ? { kty: 'OKP', crv: 'Ed25519', x: fields[1]?.toString('base64url') }
      : type === 'ssh-rsa'
        ? { kty: 'RSA', e: plain(fields[1]), n: plain(fields[2]) }
        : undefined
  return jwk && createPublicKey({ key: jwk as never, format: 'jwk' })
}
const plain = (bytes: Buffer | undefined) => bytes?.subarray(bytes[0] === 0 ? 1 : 0).toString('base64url')

function fieldsOf(wire: Buffer): Buffer[] {
  const fields: Buffer[] = []
  for (let at = 0; at + 4 <= wire.length; ) {
    const end = at + 4 + wire.readUInt32BE(at)
    if (end > wire.length) break
    fields.push(wire.subarray(at + 4, end))
    at = end
  }
  return fields
}

/** A private key as its owner keeps it: PKCS#1 for RSA, the format of OpenSSH for Ed25519. */
export function privateText(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return key.export({ format: 'pem', type: 'pkcs1' }).toString().trim()
  const { d, x } = key.export({ format: 'jwk' })
  const [secret, open] = [base64url(d!), base64url(x!)]
  const publicWire = Buffer.concat([field('ssh-ed25519'), field(open)])
  // The check number is there to notice a wrong passphrase; without one any number does, said twice.
  const check = secret.subarray(0, 4)
  const inner = Buffer.concat([
    check,
    check,
    field('ssh-ed25519'),
    field(open),
    field(Buffer.concat([secret, open])),
    field(''),
  ])
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, index) => index + 1))
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    Buffer.from([0, 0, 0, 1]),
    field(publicWire),
    field(Buffer.concat([inner, padding])),
  ])
  const lines = whole.toString('base64').match(/.{1,70}/g)!
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----'].join('\n')
}

const colons = (hex: string) => hex.match(/../g)!.join(':')

/**
 * What EC2 shows of a key: of an RSA key it made itself SHA-1 of the private key, of one that was imported MD5 of the
 * public key; of an Ed25519 key SHA-256 as OpenSSH prints it.
 */
export function fingerprintOf(key: KeyObject): string {
  if (key.asymmetricKeyType === 'ed25519') {
    const open = key.type === 'private' ? createPublicKey(key as never) : key
    return createHash('sha256').update(wireOf(open)).digest('base64')
  }
  if (key.type === 'private')
    return colons(
      createHash('sha1')
        .update(key.export({ format: 'der', type: 'pkcs8' }))
        .digest('hex'),
    )
  return colons(
    createHash('md5')
      .update(key.export({ format: 'der', type: 'spki' }))
      .digest('hex'),
  )
}
