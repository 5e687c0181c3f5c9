/** How the provider is looked at: one object, pages of them, or everything. */
import type { Facts, Observation, Page, ResourceKind } from '../driver.ts'
import { digestOf } from './content.ts'
import { absence, attachmentOf, type Device, type InstanceRecord, observationOf } from './records.ts'
import type { World } from './world.ts'

export const pageMax = 1000

/** The truth about one object. An attachment is asked for as `<instance>/<volume>`. */
export const observed = (world: World, kind: ResourceKind, id: string): Observation => {
  const now = world.now()
  if (kind === 'attachment') {
    const slash = id.lastIndexOf('/')
    const instance = world.instances.get(id.slice(0, slash))
    const device = instance?.devices.find(({ volume }) => volume === id.slice(slash + 1))
    return instance && device ? attachment(world, instance, device) : absence(kind, id, now)
  }
  if (kind === 'image') return image(world, id)
  const record = world.find(kind, id)
  return record ? observationOf(record, now) : absence(kind, id, now)
}

const attachment = (world: World, instance: InstanceRecord, device: Device): Observation =>
  attachmentOf(instance, device, world.abilities.volumeAttach.identity === 'serial', world.now())

/**
 * Every name is an image until it is taken away, and nobody's before somebody has used it; what it offers less of than its
 * provider is one of its facts.
 */
const image = (world: World, id: string): Observation => {
  const now = world.now()
  if (world.gone('image', id)) return absence('image', id, now)
  const { content = { image: id }, owner } = world.images.get(id) ?? {}
  const facts = {
    digest: digestOf(content),
    capabilities: world.scopeOf(id) as Facts[string],
  }
  return { kind: 'image', id, exists: 'yes', facts, owner, observedAt: now }
}

/**
 * One page in order of creation, of every owner. The cursor is the sequence of the last object shown, so objects that
 * come and go between two pages neither repeat nor hide others.
 */
export const listed = (world: World, kind: ResourceKind, cursor: string | undefined, stale: boolean): Page => {
  const after = cursor === undefined ? 0 : Number(cursor)
  const now = world.now()
  const source = world.all(kind === 'attachment' ? 'instance' : kind)
  const items: Observation[] = []
  let shown = 0
  let lastShown = after
  for (const record of source.values()) {
    if (record.sequence <= after) continue
    if (shown === pageMax) return { items, next: String(lastShown) }
    shown++
    lastShown = record.sequence
    if (kind === 'attachment') {
      if (record.kind === 'instance') items.push(...record.devices.map(device => attachment(world, record, device)))
    } else {
      const before = stale ? world.stale(kind, record.id) : undefined
      if (before?.exists !== 'no') items.push(before ?? observationOf(record, now))
    }
  }
  // A stale list still shows what has just gone, on its last page.
  if (stale && kind !== 'attachment') {
    for (const before of world.stales()) {
      if (before.kind === kind && before.exists !== 'no' && !source.has(before.id)) items.push(before)
    }
  }
  return { items }
}

/** Everything that exists: instances, volumes, snapshots of both kinds, attachments. */
export const everything = (world: World): Observation[] => {
  const now = world.now()
  const instances = [...world.instances.values()]
  return [
    ...instances.map(record => observationOf(record, now)),
    ...[...world.volumes.values()].map(record => observationOf(record, now)),
    ...[...world.snapshots.values()].map(record => observationOf(record, now)),
    ...[...world.vmSnapshots.values()].map(record => observationOf(record, now)),
    ...instances.flatMap(record => record.devices.map(device => attachment(world, record, device))),
  ]
}
