import { action, type Call } from '../action.ts'
import { type Filter, type FilterFields, filtering, filterParameter } from '../filters.ts'
import { paged } from '../pages.ts'
import { integer, text } from '../parameters.ts'
import { engineId, wireId } from '../refusals.ts'
import { type InventoryRow, ownRows, rowsAmong } from '../rows.ts'
import { kindOfId } from '../wire-ids.ts'
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
  parameters: { Filter: filterParameter(filters), MaxResults: integer(), NextToken: text() },
  run: async call => {
    const { Filter, MaxResults, NextToken } = call.parameters
    const passes = filtering(Filter, filters)
    const rows = await Promise.all(Object.keys(taggedKinds).map(kind => rowsAsked(call, kind, Filter)))
    const items = rows
      .flat()
      .filter(({ state, account }) => !gone.has(state) && account === call.account)
      .flatMap(tagItems)
    const page = paged<TagItem>(items.filter(passes), {
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

/** Only the resources that the request can be about, where it names their type or themselves. */
async function rowsAsked(
  call: Pick<Call, 'session' | 'account'>,
  kind: string,
  filters: readonly Filter[] = [],
): Promise<readonly InventoryRow[]> {
  const plain = (name: string) => {
    const values = filters.find(({ Name }) => Name === name)?.Value
    return values?.every(each => /^[\w-]+$/.test(each)) ? values : undefined
  }
  if (plain('resource-type')?.includes(taggedKinds[kind]!) === false) return []
  const ids = plain('resource-id')?.map(engineId)
  return ids
    ? [
        ...(
          await rowsAmong(
            call,
            kind,
            ids.filter(id => kindOfId(id) === kind),
          )
        ).values(),
      ]
    : ownRows(call, kind)
}

const tagItems = ({ id, kind, attributes }: InventoryRow): TagItem[] =>
  Object.entries((attributes.tags ?? {}) as Record<string, string>).map(([key, value]) => ({
    resourceId: wireId(id),
    resourceType: taggedKinds[kind]!,
    key,
    value,
  }))
