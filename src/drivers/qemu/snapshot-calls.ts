/**
 * What this driver does with snapshots: each is a file that stands for itself. Of a disk that a machine has open, the
 * machine copies it as it is at that moment, and goes on writing. (spec: drivers-and-qemu 2, blockdev-backup.)
 */
import type { Outcome, SnapshotSpec } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import { backUp, dismissBackUps, endBackUps, MomentLost, makerOf } from './backup.ts'
import { diskAt, diskFacts, makeDisk } from './disks.ts'
import { publish, remove } from './files.ts'
import { type Host, namedOnly } from './host.ts'
import { outcomeOf, Refusal } from './outcome-of.ts'
import { copyWhole } from './qemu-img.ts'
import type { SnapshotRecord } from './records.ts'
import { dropGroup } from './snapshot-groups.ts'
import { same } from './volume-calls.ts'
import type { Call } from './work.ts'

/** The file to copy. */
const originOf = async ({ pool, records }: Host, id: string, spec: SnapshotSpec): Promise<string> => {
  const [kind, from] = spec.from
    ? (['volumeSnapshot', spec.from.snapshot] as const)
    : (['volume', spec.volume!] as const)
  namedOnly(kind, from)
  const path = kind === 'volume' ? pool.volume(from) : pool.snapshot(from)
  const snapshot = kind === 'volumeSnapshot' ? records.get(kind, from) : undefined
  const isKnown = kind === 'volume' ? records.get(kind, from) : snapshot && records.isWhole(snapshot)
  if (isKnown && (await diskAt(path))) return path
  throw new Refusal('notFound', `snapshot ${id}: there is no ${kind} ${from}`)
}

/** The image that what it keeps began as. */
const imageOf = ({ records }: Host, { volume, from }: SnapshotSpec): string | undefined =>
  volume === undefined ? records.get('volumeSnapshot', from!.snapshot)?.image : records.get('volume', volume)?.image

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
  if (known?.group !== undefined) return rejected('conflict', `snapshot ${id} was made with the group ${known.group}`)
  if (known?.lostToken === context.token) throw lost(id)
  const path = pool.snapshot(id)
  const existing = await diskAt(path)
  if (existing !== undefined && known !== undefined) {
    // It may have been published a moment before we were killed.
    if (known.madeBy !== undefined) await endBackUps(host, known.madeBy, [{ snapshot: id, volume: '' }])
    return done(diskFacts(existing), true)
  }
  if (existing !== undefined)
    return rejected('conflict', `snapshot ${id}: its file exists, and nothing says whose it is`)
  if (spec.encrypted || spec.kmsKey !== undefined) {
    return rejected('unsupported', `snapshot ${id}: this provider encrypts nothing`)
  }

  const origin = await originOf(host, id, spec)
  const record: SnapshotRecord =
    known && known.lostToken === undefined
      ? known
      : await records.keep({
          ...{
            kind: 'volumeSnapshot',
            id,
            owner,
            token: context.token,
            madeAt: now(),
            spec,
            image: imageOf(host, spec),
          },
          madeBy: await makerOf(host, spec.volume),
        } satisfies SnapshotRecord)
  const { madeBy } = record
  try {
    if (madeBy !== undefined) {
      const copies = [{ snapshot: id, volume: spec.volume! }]
      const pending = await backUp(host, call, madeBy, copies)
      if (pending) return pending
      await publish(pool.backup(id), path)
    } else {
      await makeDisk(pool, id, path, made => copyWhole(made, origin, signal))
    }
  } catch (error) {
    if (error instanceof MomentLost) {
      // Asked again it would keep a later moment than the one that was promised.
      await remove(pool.backup(id))
      await records.keep({ ...record, lostToken: context.token })
      throw lost(id)
    }
    if (outcomeOf(call, error, signal).kind === 'rejected') {
      if (madeBy !== undefined) {
        // Lost first: whoever is killed before all of it is away would begin it again, at a later moment.
        await records.keep({ ...record, lostToken: context.token })
        await endBackUps(host, madeBy, [{ snapshot: id, volume: '' }])
      }
      await records.drop(record)
    }
    throw error
  }
  // It is there, whatever becomes of the machine: from here on nothing takes its record away.
  if (madeBy !== undefined) await dismissBackUps(host, madeBy, [{ snapshot: id, volume: spec.volume! }])
  return done(diskFacts((await diskAt(path))!))
}

const lost = (id: string): Refusal =>
  new Refusal('precondition', `snapshot ${id}: its machine ended while it was being made, and its moment is gone`)

export async function volumeSnapshotDelete(host: Host, id: string): Promise<Outcome> {
  const { pool, records, now } = host
  const record = records.any('volumeSnapshot', id)
  if (record === undefined) return done({}, true)
  const group = record.group === undefined ? undefined : records.any('snapshotGroup', record.group)
  // Without one of its members, a group that is not complete is none.
  if (group?.isComplete === false) await dropGroup(host, group)
  if (record.goneAt === undefined) await records.keep({ ...record, goneAt: now() })
  if (record.madeBy !== undefined) await endBackUps(host, record.madeBy, [{ snapshot: id, volume: '' }])
  return done({}, !(await remove(pool.snapshot(id))))
}
