import { action } from '../action.ts'
import { engineId } from '../refusals.ts'
import { row } from '../rows.ts'
import { checkedKey } from '../tag-specifications.ts'
import { allOrNone } from './all-or-none.ts'
import { resourceIdParameter, taggedIn, tagParameter } from './tagged.ts'

export const deleteTags = action({
  name: 'DeleteTags',
  summary: 'Takes tags off resources: by key, by key and value, or all of them; missing ones are ignored.',
  parameters: { ResourceId: resourceIdParameter, Tag: tagParameter },
  mutates: true,
  check: ({ parameters: { ResourceId, Tag = [] } }) => {
    taggedIn(ResourceId)
    for (const { Key } of Tag) checkedKey(Key)
  },
  run: async call => {
    const { ResourceId, Tag } = call.parameters
    const commands = taggedIn(ResourceId).map(async ({ kind, id }) => {
      const tags = Tag?.length ? Tag.map(({ Key, Value }) => ({ key: Key!, value: Value })) : await everyTag(id, kind)
      return { kind, id, command: 'untag', input: { tags } }
    })
    await allOrNone(call, await Promise.all(commands))
    return { return: true }

    async function everyTag(id: string, kind: string) {
      const found = await row(call, kind, engineId(id))
      return Object.keys(found?.attributes.tags ?? {}).map(key => ({ key, value: undefined }))
    }
  },
})
