import { action, type Call } from '../action.ts'
import { type FilterFields, filtering, filterParameter } from '../filters.ts'
import { paged } from '../pages.ts'
import { integer, list, text } from '../parameters.ts'
import { gibibytesOf } from '../sizes.ts'
import { moments } from '../times.ts'
import { descriptionOf, NO_VOLUME, snapshotItem } from './snapshot-item.ts'
import { type SnapshotRow, snapshots, snapshotsNamed } from './snapshot-row.ts'

const filters = ({ ownerIdOf }: Pick<Call, 'ownerIdOf'>): FilterFields<SnapshotRow> => ({
  fields: {
    description: descriptionOf,
    encrypted: ({ attributes }) => attributes.encrypted ?? false,
    'owner-alias': () => undefined,
    'owner-id': ({ account }) => ownerIdOf(account),
    progress: ({ attributes }) => `${attributes.progress}%`,
    'snapshot-id': ({ id }) => id,
    'start-time': ({ createdAt }) => moments(createdAt),
    status: ({ state }) => state,
    'storage-tier': () => 'standard',
    'volume-id': ({ attributes }) => attributes.volume ?? NO_VOLUME,
    'volume-size': ({ attributes }) => gibibytesOf(attributes.sizeBytes),
  },
  tags: ({ attributes }) => attributes.tags,
})

/** The names of filters are the same whoever asks. */
const nobody = { account: '', ownerIdOf: String }

export const describeSnapshots = action({
  name: 'DescribeSnapshots',
  summary: 'Lists the snapshots of the account in this region.',
  parameters: {
    SnapshotId: list(text()),
    Owner: list(text()),
    RestorableBy: list(text()),
    Filter: filterParameter(filters(nobody)),
    MaxResults: integer(),
    NextToken: text(),
  },
  run: async call => {
    const { SnapshotId = [], Owner = [], RestorableBy = [], Filter, MaxResults, NextToken } = call.parameters
    const passes = filtering(Filter, filters(call))
    const found = SnapshotId.length ? await snapshotsNamed(call, SnapshotId) : await snapshots(call)
    // Snapshots are their owner's alone: whoever else is asked for has none.
    const isMeant = (users: readonly string[]) =>
      users.length === 0 || users.some(user => user === 'self' || user === call.ownerId)
    const asked = isMeant(Owner) && isMeant(RestorableBy) ? found.filter(passes) : []
    const page = paged(asked, {
      MaxResults,
      NextToken,
      min: 5,
      max: 1_000,
      place: ({ createdAt, id }) => [createdAt, id],
      of: [SnapshotId, Owner, RestorableBy, Filter],
    })
    return { snapshotSet: page.items.map(row => snapshotItem(row, call)), nextToken: page.nextToken }
  },
})
