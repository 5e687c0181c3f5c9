/**
 * What this driver does with snapshots: each is a file that stands for itself. Of a disk that a machine has open, the
 * machine copies it as it is at that moment, and goes on writing. (spec: drivers-and-qemu 2, blockdev-backup.)
 */
import type { Outcome, SnapshotSpec } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import { backUp, endBackUp } from './backup.ts'
import { diskAt, diskFacts, makeDisk } from './disks.ts'
import { remove } from './files.ts'
import { type Host, namedOnly } from './host.ts'
import { outcomeOf, Refusal } from './outcome-of.ts'
import { copyWhole } from './qemu-img.ts'
import type { SnapshotRecord } from './records.ts'
import { same } from './volume-calls.ts'
import type { Call } from './work.ts'

/** The file to copy. */
const originOf = async ({ pool, records }: Host, id: string, spec: SnapshotSpec): Promise<string> => {
  const [kind, from] = spec.from
    ? (['volumeSnapshot', spec.from.snapshot] as const)
    : (['volume', spec.volume!] as const)
  namedOnly(kind, from)
  const path = kind === 'volume' ? pool.volume(from) : pool.snapshot(from)
  if (records.get(kind, from) && (await diskAt(path))) return path
  throw new Refusal('notFound', `snapshot ${id}: there is no ${kind} ${from}`)
}

/** The machine that has the volume open, if one has. */
const machineOf = async ({ records, machines }: Host, volume: string | undefined): Promise<string | undefined> => {
  if (volume === undefined) return undefined
  for (const { id } of records.usersOf(volume)) if (await machines.isAlive(id)) return id
  return undefined
}

export function volumeSnapshotEnsure(host: Host, call: Call, signal: AbortSignal): Promise<Outcome> {
  const { volume } = call.spec as SnapshotSpec
  const take = () => taken(host, call, signal)
  // From the first moment, or the volume could be gone before it is read.
  return volume === undefined ? take() : host.copied.during(volume, take)
}

async function taken(host: Host, call: Call, signal: AbortSignal): Promise<Outcome> {
  const { pool, records, owner, now } = host
  const { id, spec, context } = call as Call & { spec: SnapshotSpec }
  namedOnly('snapshot', id)
  const known = records.any('volumeSnapshot', id)
  if (known?.goneAt !== undefined) return rejected('conflict', `snapshot ${id} was deleted; an id is used once`)
  if (known && (known.owner !== owner || !same(known.spec, spec))) {
    return rejected('conflict', `snapshot ${id} exists with another owner or specification`)
  }
  const path = pool.snapshot(id)
  const existing = await diskAt(path)
  if (existing !== undefined && known !== undefined) {
    // It may have been published a moment before we were killed.
    if (known.madeBy !== undefined) await endBackUp(host, id, known.madeBy)
    return done(diskFacts(existing), true)
  }
  if (existing !== undefined)
    return rejected('conflict', `snapshot ${id}: its file exists, and nothing says whose it is`)
  if (spec.encrypted || spec.kmsKey !== undefined) {
    return rejected('unsupported', `snapshot ${id}: this provider encrypts nothing`)
  }

  const origin = await originOf(host, id, spec)
  const madeBy = known?.madeBy ?? (await machineOf(host, spec.volume))
  const record: SnapshotRecord = known ?? {
    kind: 'volumeSnapshot',
    id,
    owner,
    token: context.token,
    madeAt: now(),
    spec,
    madeBy,
  }
  if (!known) await records.keep(record)
  try {
    if (madeBy !== undefined) {
      const pending = await backUp(host, call, madeBy, spec.volume!)
      if (pending) return pending
    } else {
      await makeDisk(pool, id, path, made => copyWhole(made, origin, signal))
    }
  } catch (error) {
    if (outcomeOf(call, error, signal).kind === 'rejected') await records.drop(record)
    throw error
  }
  return done(diskFacts((await diskAt(path))!))
}

export async function volumeSnapshotDelete(host: Host, id: string): Promise<Outcome> {
  const { pool, records, now } = host
  const record = records.any('volumeSnapshot', id)
  if (record === undefined) return done({}, true)
  if (record.goneAt === undefined) await records.keep({ ...record, goneAt: now() })
  if (record.madeBy !== undefined) await endBackUp(host, id, record.madeBy)
  return done({}, !(await remove(pool.snapshot(id))))
}
