import { action } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { type FilterFields, filtering, filterParameter } from '../filters.ts'
import { flag, list, text } from '../parameters.ts'
import type { InventoryRow } from '../rows.ts'
import { tagSet } from '../tag-set.ts'
import { keyPairs } from './key-pair-rows.ts'

const filters: FilterFields<InventoryRow> = {
  fields: {
    'key-pair-id': ({ id }) => id,
    'key-name': ({ name }) => name,
    fingerprint: ({ attributes }) => attributes.fingerprint,
  },
  tags: ({ attributes }) => attributes.tags,
}

export const describeKeyPairs = action({
  name: 'DescribeKeyPairs',
  summary: 'Lists the key pairs of the account in this region.',
  parameters: {
    KeyName: list(text()),
    KeyPairId: list(text()),
    Filter: filterParameter(filters),
    IncludePublicKey: flag(),
  },
  run: async call => {
    const { KeyName = [], KeyPairId = [], Filter, IncludePublicKey } = call.parameters
    const passes = filtering(Filter, filters)
    const all = await keyPairs(call)
    const absent = [
      ...KeyName.filter(name => all.every(each => each.name !== name)),
      ...KeyPairId.filter(id => all.every(each => each.id !== id)),
    ]
    if (absent.length)
      throw new Ec2Error('InvalidKeyPair.NotFound', `The key pair '${absent.join(', ')}' does not exist`)
    const isAsked = ({ id, name = '' }: InventoryRow) =>
      KeyName.length + KeyPairId.length === 0 || KeyName.includes(name) || KeyPairId.includes(id)
    return {
      keySet: all
        .filter(isAsked)
        .filter(passes)
        .map(({ id, name, createdAt, attributes }) => ({
          keyPairId: id,
          keyName: name,
          keyFingerprint: attributes.fingerprint,
          keyType: attributes.type,
          createTime: new Date(createdAt),
          publicKey: IncludePublicKey ? attributes.publicKey : undefined,
          tagSet: tagSet(attributes.tags),
        })),
    }
  },
})
