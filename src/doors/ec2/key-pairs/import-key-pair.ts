import { action } from '../action.ts'
import { Ec2Error, missing } from '../errors.ts'
import { list, text } from '../parameters.ts'
import { tagSet } from '../tag-set.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { checkKeyName } from './key-pair-rows.ts'
import { fingerprintOf, publicKeyIn, publicLine } from './openssh.ts'

const BYTES_MAX = 16_384

export const importKeyPair = action({
  name: 'ImportKeyPair',
  summary: 'Keeps the public half of a key that was made elsewhere.',
  parameters: {
    KeyName: text().required(),
    /** Base64 of the text of the key. */
    PublicKeyMaterial: text(),
    TagSpecification: list(tagSpecification),
  },
  mutates: true,
  check: ({ parameters: { KeyName, PublicKeyMaterial, TagSpecification } }) => {
    checkKeyName(KeyName)
    if (PublicKeyMaterial === undefined) throw missing('publicKeyMaterial')
    tagsOf(TagSpecification, ['key-pair'])
    keyIn(PublicKeyMaterial)
  },
  run: async ({ parameters, session }) => {
    const { KeyName: name, PublicKeyMaterial, TagSpecification } = parameters
    const tags = tagsOf(TagSpecification, ['key-pair'])['key-pair']
    const { key, type } = keyIn(PublicKeyMaterial!)
    const fingerprint = fingerprintOf(key)
    const input = { name, publicKey: publicLine(key, name), fingerprint, type, tags }
    const [made] = await session.submit([{ kind: 'key-pair', command: 'import', input }])
    return { keyName: name, keyFingerprint: fingerprint, keyPairId: made!.id, tagSet: tagSet(tags) }
  },
})

function keyIn(material: string) {
  const given = Buffer.from(material, 'base64')
  const found = given.length > BYTES_MAX ? undefined : publicKeyIn(given.toString('utf8'))
  if (found) return found
  throw new Ec2Error('InvalidKeyPair.Format', 'Key is not in valid OpenSSH public key format')
}
