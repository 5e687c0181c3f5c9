import { action } from '../action.ts'
import { type FilterFields, filtering, filterParameter } from '../filters.ts'
import { paged } from '../pages.ts'
import { integer, text } from '../parameters.ts'
import { wireId } from '../refusals.ts'
import { ownRows } from '../rows.ts'
import { taggedKinds } from './tagged.ts'

type TagItem = {
  readonly resourceId: string
  readonly resourceType: string
  readonly key: string
  readonly value: string
}

const filters: FilterFields<TagItem> = {
  fields: {
    key: ({ key }) => key,
    value: ({ value }) => value,
    'resource-id': ({ resourceId }) => resourceId,
    'resource-type': ({ resourceType }) => resourceType,
  },
  tags: ({ key, value }) => ({ [key]: value }),
}
/** Whose tags went with it. */
const gone = new Set(['deleted', 'deleting', 'deregistered'])

export const describeTags = action({
  name: 'DescribeTags',
  summary: 'Lists the tags of every resource of the account in this region.',
  parameters: { Filter: filterParameter(), MaxResults: integer(), NextToken: text() },
  run: async call => {
    const { Filter, MaxResults, NextToken } = call.parameters
    const passes = filtering(Filter, filters)
    const kinds = Object.entries(taggedKinds)
    const items = await Promise.all(
      kinds.map(async ([kind, resourceType]) =>
        (await ownRows(call, kind))
          .filter(({ state }) => !gone.has(state))
          .flatMap(({ id, attributes }) =>
            Object.entries((attributes.tags ?? {}) as Record<string, string>).map(([key, value]) => ({
              resourceId: wireId(id),
              resourceType,
              key,
              value,
            })),
          ),
      ),
    )
    const page = paged<TagItem>(items.flat().filter(passes), {
      MaxResults,
      NextToken,
      min: 5,
      max: 1_000,
      place: ({ resourceId, key }) => [0, `${resourceId} ${key}`],
      of: Filter,
    })
    return { tagSet: page.items, nextToken: page.nextToken }
  },
})
