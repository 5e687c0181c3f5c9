import { action } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { base64, list, text } from '../parameters.ts'
import { tagSet } from '../tag-set.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { fingerprintOf, publicKeyIn } from './openssh.ts'

const BYTES_MAX = 16_384

export const importKeyPair = action({
  name: 'ImportKeyPair',
  summary: 'Keeps the public half of a key that was made elsewhere.',
  parameters: {
    KeyName: text({ max: 255 }).required(),
    PublicKeyMaterial: base64({ maxBytes: BYTES_MAX }).required(),
    TagSpecification: list(tagSpecification),
  },
  mutates: true,
  check: ({ parameters: { PublicKeyMaterial, TagSpecification } }) => {
    tagsOf(TagSpecification, ['key-pair'])
    keyIn(PublicKeyMaterial)
  },
  run: async ({ parameters, session }) => {
    const { KeyName: name, PublicKeyMaterial, TagSpecification } = parameters
    const tags = tagsOf(TagSpecification, ['key-pair'])['key-pair']
    const { key, type } = keyIn(PublicKeyMaterial)
    const fingerprint = fingerprintOf(key)
    const input = { name, publicKey: PublicKeyMaterial.toString('utf8').trim(), fingerprint, type, tags }
    const [made] = await session.submit([{ kind: 'key-pair', command: 'import', input }])
    return { keyName: name, keyFingerprint: fingerprint, keyPairId: made!.id, tagSet: tagSet(tags) }
  },
})

function keyIn(material: Buffer) {
  const found = publicKeyIn(material.toString('utf8'))
  if (found) return found
  throw new Ec2Error('InvalidKey.Format', 'Key is not in valid OpenSSH public key format')
}
