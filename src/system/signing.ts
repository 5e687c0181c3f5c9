/** Signatures with Ed25519: who has the private key signs, who has the public one checks. Keys are PEM texts. */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'

/** Signs texts. Throws TypeError for what is no private key of this sort. */
export function signer(pem: string): (text: string) => string {
  const key = createPrivateKey(pem)
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError(`the key is ${key.asymmetricKeyType}, not ed25519`)
  return text => sign(null, Buffer.from(text), key).toString('base64url')
}

/** Whether a signature is of a text. Takes the public key, or the private one, which contains it. Throws TypeError. */
export function signatureCheck(pem: string): (text: string, signature: string) => boolean {
  const key = createPublicKey(pem)
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError(`the key is ${key.asymmetricKeyType}, not ed25519`)
  return (text, signature) => verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
}
