/** The inventory says of every resource what its machine knows, though it folds nothing but the history. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../machines/index.ts'
import { type InventoryRow, inventory } from '../../projections/inventory.ts'
import { act, deed } from '../machines/walks.ts'
import { furnished, GiB } from '../machines/world.ts'
import { history } from './recorded.ts'

function fold(events: readonly Envelope[]): Map<string, InventoryRow> {
  const rows = new Map<string, InventoryRow>()
  for (const event of events)
    for (const key of inventory.keys(event)) rows.set(key, inventory.fold(rows.get(key), event, key)!)
  return rows
}
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))

describe('the inventory', () => {
  it('agrees with every machine, after every life', () => {
    fc.assert(
      fc.property(fc.array(deed, { minLength: 10, maxLength: 80 }), deeds => {
        const { world, image } = furnished()
        for (const each of deeds) act(world, image, each)
        for (const [id, row] of fold(history(world))) {
          const { state, context } = world.get(id)
          expect(row).toMatchObject({ id, status: state, state: state.split('.')[0] })
          expect({ id, ...shown(row) }).toEqual({ id, ...plain(known(row.kind, context)) })
        }
      }),
      { numRuns: 400 },
    )
  })

  it('shows an instance with its volumes, and a volume with its instance', () => {
    const { world, image } = furnished()
    const { id } = world.request('instance', 'launch', undefined, { image, type: 'small', name: 'web' })
    world.settle()
    const rows = fold(history(world))
    const { sda, sdb } = world.get(id).context.devices
    expect(rows.get(id)).toMatchObject({
      kind: 'instance',
      account: 'acme',
      state: 'running',
      status: 'running.steady',
      name: 'web',
      zone: 'a',
      provider: 'lab',
      version: 4,
      attributes: { mode: 'stateful', type: 'small', vcpus: 1, memoryBytes: GiB, generation: 1 },
      relations: [
        { role: 'image', id: image },
        { role: 'offering', id: 'offering/small' },
        { role: 'volume', id: sda.volume },
        { role: 'volume', id: sdb.volume },
      ],
    })
    expect(rows.get(sda.volume)).toMatchObject({
      state: 'in-use',
      attributes: { sizeBytes: 8 * GiB, attachment: { instance: id, device: '/dev/sda1', status: 'attached' } },
      relations: [
        { role: 'instance', id },
        { role: 'image', id: image },
      ],
    })
    expect(rows.get('offering/small')).toMatchObject({ name: 'small', attributes: { vcpus: 1, memoryBytes: GiB } })
  })

  it('forgets why an attach failed when the next one begins, and keeps the last modification of a volume', () => {
    const { world, image } = furnished()
    const { id } = world.request('instance', 'launch', undefined, { image, type: 'small' })
    const { id: volume } = world.request('volume', 'create', undefined, { sizeBytes: GiB })
    world.settle()
    const shown = () => fold(history(world)).get(volume)!.attributes
    world.request('volume', 'attach', volume, { instance: id, device: 'sdf' })
    world.answer(id, 'rejected')
    expect(shown()).toMatchObject({ reason: { code: 'exhausted' } })
    world.request('volume', 'attach', volume, { instance: id, device: 'sdf' })
    expect(shown()).not.toHaveProperty('reason')
    world.request('volume', 'modify', volume, { sizeBytes: 2 * GiB, volumeType: 'gp3' })
    const original = { sizeBytes: GiB }
    const target = { sizeBytes: 2 * GiB, volumeType: 'gp3', iops: 3000, throughputMiBps: 125 }
    const modification = { state: 'modifying', progress: 0, original, target }
    expect(shown()).toMatchObject({ ...target, modification })
    world.answer(volume, 'done', { optimizing: true })
    expect(shown()).toMatchObject({ modification: { state: 'optimizing' } })
    world.settle()
    expect(shown()).toMatchObject({ modification: { state: 'completed', progress: 100, endedAt: expect.any(Number) } })
    world.request('volume', 'modify', volume, { volumeType: 'gp2' })
    world.answer(volume, 'rejected')
    expect(shown()).toMatchObject({ ...target, modification: { state: 'failed', message: expect.any(String) } })
  })

  it('keeps the columns of a kind it does not know', () => {
    const [first] = history(furnished().world)
    const event = {
      ...first!,
      resource: 'lamp-1',
      kind: 'lamp',
      type: 'lamp.lit',
      state: 'on.bright',
      data: { name: 'desk' },
    }
    expect(inventory.fold(undefined, event, 'lamp-1')).toMatchObject({
      id: 'lamp-1',
      kind: 'lamp',
      state: 'on',
      status: 'on.bright',
      name: 'desk',
      attributes: {},
      relations: [],
    })
  })

  it('never changes the row it is given', () => {
    const { world, image } = furnished()
    const { id } = world.request('instance', 'launch', undefined, { image, type: 'small' })
    world.settle()
    world.request('instance', 'terminate', id)
    world.settle()
    const frozen = new Map<string, InventoryRow>()
    for (const event of history(world)) {
      const row = inventory.fold(frozen.get(event.resource), event, event.resource)!
      frozen.set(event.resource, deepFreeze(row))
    }
    expect(frozen.get(id)).toMatchObject({ state: 'terminated', attributes: { devices: [] } })
  })
})

type Known = Record<string, unknown>
const byVolume = (a: { volume: string }, b: { volume: string }) => (a.volume < b.volume ? -1 : 1)

/** The part of a row that its machine also remembers, in one order. */
function shown({ kind, attributes }: InventoryRow): Known {
  if (kind === 'instance')
    return plain({ ...instanceFacts(attributes), devices: [...attributes.devices].sort(byVolume) })
  if (kind in factsOf) return plain(factsOf[kind]!(attributes))
  if (kind !== 'volume') return {}
  const { attachment, ...rest } = attributes
  const { instance, device, terminated } = attachment ?? {}
  return plain({ ...volumeFacts(rest), attachment: attachment && { instance, device, terminated } })
}
// biome-ignore lint/suspicious/noExplicitAny: contexts of two kinds
function known(kind: string, context: any): Known {
  if (kind === 'instance')
    return { ...instanceFacts(context), devices: Object.values<{ volume: string }>(context.devices).sort(byVolume) }
  if (kind in factsOf) return factsOf[kind]!(context)
  return kind === 'volume' ? { ...volumeFacts(context), attachment: context.attachment } : {}
}
const pick =
  (...names: string[]) =>
  (from: Known): Known =>
    Object.fromEntries(names.map(name => [name, from[name]]))
/** Kinds whose attributes are what their machine remembers, by the same names. */
const factsOf: Readonly<Record<string, (from: Known) => Known>> = {
  snapshot: pick(
    ...['volume', 'sizeBytes', 'description', 'encrypted', 'kmsKey', 'tags', 'progress', 'completedAt', 'overdue'],
    ...['allocatedBytes', 'copiedFrom', 'capturedFor', 'images', 'reason'],
  ),
  image: ({ awaited = [], ...from }) => ({
    awaited,
    ...pick(
      ...['description', 'architecture', 'virtualization', 'kernel', 'ramdisk', 'rootDevice', 'sizeBytes', 'snapshot'],
      ...['encrypted', 'blockDevices', 'public', 'sharedWith', 'tags', 'annotations', 'createdFrom', 'reason'],
    )(from),
  }),
  'key-pair': pick('publicKey', 'fingerprint', 'type', 'tags'),
}
function instanceFacts({
  type,
  mode,
  vcpus,
  memoryBytes,
  generation,
  launchedAt,
  shutdownBehaviour,
  terminationProtection,
  tags,
  annotations,
  reason,
  impaired,
  overdue,
}: Known): Known {
  return {
    type,
    mode,
    vcpus,
    memoryBytes,
    generation,
    launchedAt,
    shutdownBehaviour,
    terminationProtection,
    tags,
    annotations,
    reason,
    impaired,
    overdue,
  }
}
function volumeFacts({ modification, reason, ...volume }: Known): Known {
  const { sizeBytes, volumeType, iops, throughputMiBps, encrypted, from, tags, overdue } = volume
  const { code, message } = (reason ?? {}) as Known
  // The view also keeps the last one that is over.
  const { state, original } = (modification ?? {}) as Known
  const underWay = state === 'modifying' || state === 'optimizing' ? { state, original } : undefined
  const facts = { sizeBytes, volumeType, iops, throughputMiBps, encrypted, from, tags, overdue }
  return { ...facts, modification: underWay, reason: reason && { code, message } }
}
function deepFreeze<T>(value: T): T {
  if (value && typeof value === 'object') Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}
