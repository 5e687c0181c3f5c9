import { action } from '../action.ts'
import { Ec2Error, missing } from '../errors.ts'
import { checkedKey, checkedValue } from '../tag-specifications.ts'
import { allOrNone } from './all-or-none.ts'
import { resourceIdParameter, taggedIn, tagParameter } from './tagged.ts'

export const createTags = action({
  name: 'CreateTags',
  summary: 'Sets tags on resources of any kinds, all of them or none; a tag that is there is overwritten.',
  parameters: { ResourceId: resourceIdParameter, Tag: tagParameter.required(() => missing('tagSet')) },
  mutates: true,
  check: ({ parameters: { ResourceId, Tag } }) => {
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
    const { ResourceId, Tag } = call.parameters
    const tags = Object.fromEntries(Tag.map(({ Key, Value }) => [Key, Value]))
    await allOrNone(
      call,
      taggedIn(ResourceId).map(each => ({ ...each, command: 'tag', input: { tags } })),
    )
    return { return: true }
  },
})
