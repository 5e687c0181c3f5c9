/** Two pairs of keys, made for one run. */
import { generateKeyPairSync } from 'node:crypto'

const pair = () =>
  generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })

export const keys = { own: pair(), other: pair() }
