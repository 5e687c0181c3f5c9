/**
 * The inventory: one row for each resource, as a reader sees it. The columns are the same for every kind; what only one
 * kind has is in `attributes`, and the resources it belongs with are in `relations`. A kind it does not know, such as
 * an embedder's own, gets the columns all the same.
 *
 * It folds envelopes and nothing else: which state an event led to is in the envelope, so no rule is repeated here; and
 * what became of a device is read from what its instance told the volume, because an answer does not name the disk.
 * An answer that a machine ignored is in the history too, and must leave the row as it is but for the version.
 */
import { projection } from './contract.ts'
import { imageView } from './inventory.image.ts'
import { instanceView } from './inventory.instance.ts'
import type { Attributes, InventoryRow, KindView, Relation } from './inventory.row.ts'
import { scheduleView } from './inventory.schedule.ts'
import { snapshotView } from './inventory.snapshot.ts'
import { snapshotGroupView } from './inventory.snapshot-group.ts'
import { tagged } from './inventory.tags.ts'
import { vmSnapshotView } from './inventory.vm-snapshot.ts'
import { volumeView } from './inventory.volume.ts'

export type { InventoryRow, Relation }

/** A kind whose attributes are those it was made with. */
const asMade = (relations: KindView['relations'] = () => [], visibility?: KindView['visibility']): KindView => ({
  visibility,
  attributes: (before, { version, data }) => {
    if (version !== 1) return before
    const { name: _, zone: __, provider: ___, ...rest } = data as Attributes
    return rest
  },
  relations,
})

const views: Readonly<Record<string, KindView>> = {
  instance: instanceView,
  volume: volumeView,
  image: imageView,
  snapshot: snapshotView,
  'snapshot-group': snapshotGroupView,
  schedule: scheduleView,
  'vm-snapshot': vmSnapshotView,
  'key-pair': asMade(),
  offering: asMade(undefined, () => 'public'),
  account: asMade(({ domain }) => [{ role: 'domain', id: `domain/${domain}` }]),
  domain: asMade(({ parent }) => (parent === undefined ? [] : [{ role: 'parent', id: `domain/${parent}` }])),
}
const unknown: KindView = { attributes: before => before, relations: () => [] }

const nothing: Attributes = {}
const noRelations: readonly Relation[] = []

/** What a request or a birth says of a column; otherwise it is as it was. */
const said = (value: unknown, before: string | undefined): string | undefined =>
  typeof value === 'string' ? value : before

export const inventory = projection<'inventory', InventoryRow>({
  name: 'inventory',
  version: 4,
  key: 'id',
  columns: {
    id: 'text',
    kind: 'text',
    account: 'text',
    region: 'text',
    visibility: 'text',
    state: 'text',
    status: 'text',
    name: 'text',
    zone: 'text',
    provider: 'text',
    pool: 'text',
    createdAt: 'integer',
    updatedAt: 'integer',
    version: 'integer',
    position: 'integer',
    attributes: 'json',
    relations: 'json',
  },
  perResource: true,
  indexes: [
    ['account', 'kind', 'id'],
    ['kind', 'visibility', 'id'],
  ],
  keys: event => [event.resource],
  fold: (row, event) => {
    const { resource: id, kind, account, region, state: status, at, version, position } = event
    const view = views[kind] ?? unknown
    const before = row?.attributes ?? nothing
    const attributes = tagged(view.attributes(before, event), event)
    const named = event.origin === 'requested' || version === 1 ? (event.data as Attributes) : nothing
    return {
      id,
      kind,
      account,
      region,
      visibility: view.visibility?.(attributes) ?? 'private',
      state: visible(status),
      status,
      name: said(named.name, row?.name),
      zone: said(named.zone, row?.zone),
      provider: said(named.provider, row?.provider),
      pool: view.pool ? view.pool(row?.pool, event, attributes) : said(named.pool, row?.pool),
      createdAt: row?.createdAt ?? at,
      updatedAt: at,
      version,
      position,
      attributes,
      relations: attributes === before ? (row?.relations ?? noRelations) : view.relations(attributes),
    }
  },
})

function visible(status: string): string {
  const end = status.indexOf('.')
  return end < 0 ? status : status.slice(0, end)
}
