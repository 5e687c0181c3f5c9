/** How what exists is looked at: always the disks and the processes themselves, and the records for whose they are. */
import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Facts, Observation, Page, ResourceKind } from '../driver.ts'
import { diskAt, diskFacts } from './disks.ts'
import type { Host } from './host.ts'
import { imageRecord } from './image-records.ts'
import { keptOn } from './inner-snapshots.ts'
import { instanceFacts } from './instance-facts.ts'
import { serialOf } from './pool.ts'
import { QmpLost } from './qmp.ts'
import type { AnyRecord, Device, InstanceRecord } from './records.ts'
import { vmSnapshotFacts } from './vm-snapshot-calls.ts'

const pageMax = 200

const seen = (
  host: Host,
  kind: ResourceKind,
  id: string,
  exists: Observation['exists'],
  facts: Facts = {},
  record?: AnyRecord,
): Observation => ({
  ...{ kind, id, exists, facts, observedAt: host.now() },
  ...(record ? { owner: record.owner, token: record.token, madeAt: record.madeAt } : {}),
  ...(record?.kind === 'instance' ? { generation: record.generation } : {}),
})

/** One that nobody brought is nobody's that is known here. */
const imageOf = async (host: Host, id: string): Promise<Observation> => {
  const sight = await diskOf(host, 'image', id)
  const { owner, madeAt } = (sight.exists === 'no' ? undefined : await imageRecord(host.pool, id)) ?? {}
  return { ...sight, owner, madeAt }
}

const diskOf = async (host: Host, kind: 'image' | 'volume' | 'volumeSnapshot', id: string): Promise<Observation> => {
  const { pool, records } = host
  const path = kind === 'image' ? pool.image(id) : kind === 'volume' ? pool.volume(id) : pool.snapshot(id)
  const record = kind === 'image' ? undefined : records.any(kind, id)
  // What is deleted may still have its file for a moment; the file of a stranger has no record.
  const isHidden = record?.kind === 'volumeSnapshot' && !records.isWhole(record)
  const header =
    record?.goneAt === undefined && !isHidden ? await diskAt(path).catch(() => 'unreadable' as const) : undefined
  if (header === 'unreadable') return seen(host, kind, id, 'unknown', {}, record)
  return header ? seen(host, kind, id, 'yes', diskFacts(header), record) : seen(host, kind, id, 'no')
}

/** What is only on some of its disks is being made or going. */
const vmSnapshotOf = async (host: Host, id: string): Promise<Observation> => {
  const record = host.records.get('vmSnapshot', id)
  if (record === undefined || record.lostToken !== undefined) return seen(host, 'vmSnapshot', id, 'no')
  const kept = await keptOn(host, record)
  if (typeof kept !== 'string' && record.isComplete)
    return seen(host, 'vmSnapshot', id, 'yes', vmSnapshotFacts(record, kept), record)
  return seen(host, 'vmSnapshot', id, 'unknown', {}, record)
}

const instanceOf = async (host: Host, id: string): Promise<Observation> => {
  const record = host.records.get('instance', id)
  if (record === undefined) return seen(host, 'instance', id, 'no')
  try {
    return seen(host, 'instance', id, 'yes', instanceFacts(record, await host.machines.look(id)), record)
  } catch (error) {
    if (error instanceof QmpLost) return seen(host, 'instance', id, 'unknown', {}, record)
    throw error
  }
}

const attachmentOf = (host: Host, instance: InstanceRecord, { volume, device, root }: Device): Observation =>
  seen(
    host,
    'attachment',
    `${instance.id}/${volume}`,
    'yes',
    { instance: instance.id, volume, device, root, serial: serialOf(volume) },
    instance,
  )

/** An attachment is asked for as `<instance>/<volume>`. */
export async function observed(host: Host, kind: ResourceKind, id: string): Promise<Observation> {
  if (kind === 'instance') return instanceOf(host, id)
  if (kind === 'attachment') {
    const [instance, volume] = id.split('/')
    const record = host.records.get('instance', instance!)
    const device = record?.devices.find(each => each.volume === volume)
    return record && device ? attachmentOf(host, record, device) : seen(host, kind, id, 'no')
  }
  if (kind === 'image') return imageOf(host, id)
  return kind === 'vmSnapshot' ? vmSnapshotOf(host, id) : diskOf(host, kind, id)
}

/** Ids of disks by their files: also of those that nobody here made. */
const fileIds = async (path: string): Promise<string[]> =>
  (await readdir(dirname(path))).filter(name => name.endsWith('.qcow2')).map(name => name.slice(0, -'.qcow2'.length))

const idsOf = async ({ pool, records }: Host, kind: ResourceKind): Promise<string[]> => {
  if (kind === 'instance') return records.all('instance').map(({ id }) => id)
  if (kind === 'attachment') {
    return records.all('instance').flatMap(({ id, devices }) => devices.map(({ volume }) => `${id}/${volume}`))
  }
  if (kind === 'vmSnapshot') return records.all('vmSnapshot').map(({ id }) => id)
  return fileIds(kind === 'image' ? pool.image('any') : kind === 'volume' ? pool.volume('any') : pool.snapshot('any'))
}

/** In order of ids, after the one the cursor names. */
export async function listed(host: Host, kind: ResourceKind, cursor: string | undefined): Promise<Page> {
  const ids = (await idsOf(host, kind)).sort().filter(id => cursor === undefined || id > cursor)
  const shown = ids.slice(0, pageMax)
  const items = await Promise.all(shown.map(id => observed(host, kind, id)))
  return {
    items: items.filter(({ exists }) => exists !== 'no'),
    ...(ids.length > pageMax ? { next: shown.at(-1)! } : {}),
  }
}
