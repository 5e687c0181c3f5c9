import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { action } from '../action.ts'
import { list, text } from '../parameters.ts'
import { tagSet } from '../tag-set.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { checkKeyName } from './key-pair-rows.ts'
import { fingerprintOf, privateText, publicLine } from './openssh.ts'

export const createKeyPair = action({
  name: 'CreateKeyPair',
  summary: 'Makes a key; its private half is answered this once, and kept nowhere.',
  parameters: {
    KeyName: text().required(),
    KeyType: text({ values: ['rsa', 'ed25519'] }),
    KeyFormat: text({ values: ['pem'] }),
    TagSpecification: list(tagSpecification),
  },
  mutates: true,
  check: ({ parameters: { KeyName, TagSpecification } }) => {
    checkKeyName(KeyName)
    tagsOf(TagSpecification, ['key-pair'])
  },
  run: async ({ parameters, session }) => {
    const { KeyName: name, KeyType: type = 'rsa', TagSpecification } = parameters
    const tags = tagsOf(TagSpecification, ['key-pair'])['key-pair']
    const key = await newKey(type)
    const fingerprint = fingerprintOf(key)
    const input = { name, publicKey: publicLine(createPublicKey(key as never), name), fingerprint, type, tags }
    const [made] = await session.submit([{ kind: 'key-pair', command: 'import', input }])
    return {
      keyName: name,
      keyFingerprint: fingerprint,
      keyMaterial: privateText(key),
      keyPairId: made!.id,
      tagSet: tagSet(tags),
    }
  },
})

async function newKey(type: 'rsa' | 'ed25519'): Promise<KeyObject> {
  if (type === 'ed25519') return (await promisify(generateKeyPair)('ed25519', {} as never)).privateKey as never
  return (await promisify(generateKeyPair)('rsa', { modulusLength: 2_048 })).privateKey
}
