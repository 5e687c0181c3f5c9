/** Keys of the operator: files that `openssl genpkey -algorithm ed25519` makes. */
import { readFileSync } from 'node:fs'
import { signatureCheck, signer } from '../system/signing.ts'
import { usage } from './failure.ts'

export const signerFrom = (path: string): ReturnType<typeof signer> => read(path, signer)
export const checkFrom = (path: string): ReturnType<typeof signatureCheck> => read(path, signatureCheck)

function read<T>(path: string, make: (pem: string) => T): T {
  try {
    return make(readFileSync(path, 'utf8'))
  } catch (error) {
    throw usage(`${path} is no key: ${(error as Error).message}. Make one: openssl genpkey -algorithm ed25519`, '--key')
  }
}
