import { action } from '../action.ts'
import { Ec2Error, missing } from '../errors.ts'
import { list, structure, text } from '../parameters.ts'
import { checkedKey, checkedValue } from '../tag-specifications.ts'
import { allOrNone } from './all-or-none.ts'
import { taggedIn } from './tagged.ts'

export const createTags = action({
  name: 'CreateTags',
  summary: 'Sets tags on resources of any kinds, all of them or none; a tag that is there is overwritten.',
  parameters: { ResourceId: list(text()), Tag: list(structure({ Key: text(), Value: text() })) },
  mutates: true,
  check: ({ parameters: { ResourceId = [], Tag = [] } }) => {
    if (ResourceId.length === 0) throw missing('resourceIdSet')
    if (Tag.length === 0) throw missing('tagSet')
    taggedIn(ResourceId)
    for (const { Key, Value } of Tag) {
      checkedKey(Key)
      if (Value === undefined)
        throw new Ec2Error('InvalidParameterValue', 'Tag value cannot be null. Use empty string instead.')
      checkedValue(Value)
    }
    if (new Set(Tag.map(({ Key }) => Key)).size < Tag.length)
      throw new Ec2Error('InvalidParameterValue', 'A tag key is given more than once.')
  },
  run: async call => {
    const { ResourceId = [], Tag = [] } = call.parameters
    const tags = Object.fromEntries(Tag.map(({ Key, Value }) => [Key, Value]))
    await allOrNone(
      call,
      taggedIn(ResourceId).map(each => ({ ...each, command: 'tag', input: { tags } })),
    )
    return { return: true }
  },
})
