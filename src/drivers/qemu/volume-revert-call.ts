/**
 * Taking a volume back: a copy of the snapshot takes its place in one step, as large as the volume is now. Which file it
 * is says whether that was done, so a repetition after a kill loses nothing.
 */
import { rename, stat } from 'node:fs/promises'
import type { Outcome, VolumeRevertSpec } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import { diskAt, diskFacts } from './disks.ts'
import { remove, syncFile, syncFolderOf } from './files.ts'
import type { Host } from './host.ts'
import { statusOf } from './instance-facts.ts'
import { Refusal } from './outcome-of.ts'
import { copyWhole, growTo } from './qemu-img.ts'
import type { VolumeRecord } from './records.ts'
import type { Call } from './work.ts'

const inodeOf = async (path: string): Promise<string> => String((await stat(path, { bigint: true })).ino)

/** Throws the Refusal of a volume that somebody uses or that is kept as it is. */
const freeOnly = async (host: Host, id: string): Promise<void> => {
  const { records, machines, copied } = host
  copied.freeOnly('volumeRevert', id)
  for (const user of records.usersOf(id)) {
    if (statusOf(user, await machines.look(user.id)) !== 'stopped' || user.underway)
      throw new Refusal('precondition', `volume ${id} is in use by ${user.id}; stop it first`)
    // A guest that ended by itself: its process still has the disk.
    if (await machines.isAlive(user.id))
      throw new Refusal('precondition', `volume ${id} is held by ${user.id}; stop it first`)
  }
  const [keeper] = records.keepersOf(id)
  if (keeper)
    throw new Refusal('precondition', `volume ${id} is kept by the VM snapshot ${keeper.id} of ${keeper.instance}`)
}

export async function volumeRevert(host: Host, call: Call, signal: AbortSignal): Promise<Outcome> {
  const { pool, records, copied } = host
  const { id, context } = call
  const { snapshot: from } = call.spec as VolumeRevertSpec
  const record = records.get('volume', id)
  const path = pool.volume(id)
  const disk = record && (await diskAt(path))
  if (record === undefined || disk === undefined) return rejected('notFound', `there is no volume ${id}`)
  if (record.reverted?.token === context.token && record.reverted.inode === (await inodeOf(path)))
    return done(diskFacts(disk), true)
  const snapshot = records.get('volumeSnapshot', from)
  const kept = snapshot && records.isWhole(snapshot) ? await diskAt(pool.snapshot(from)) : undefined
  if (snapshot === undefined || kept === undefined)
    return rejected('notFound', `volume ${id}: there is no complete snapshot ${from}`)
  if (snapshot.spec.volume !== id) return rejected('invalid', `volume ${id}: ${from} is a snapshot of another`)
  await freeOnly(host, id)
  return copied.during(id, () => replaced(host, record, from, disk.virtualBytes, context.token, signal))
}

async function replaced(
  { pool, records }: Host,
  record: VolumeRecord,
  from: string,
  sizeBytes: number,
  token: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const [path, made] = [pool.volume(record.id), pool.temporary(record.id)]
  try {
    await copyWhole(made, pool.snapshot(from), signal)
    await growTo(made, sizeBytes, signal)
    await syncFile(made)
    // Meant first: a file that is not this one says that it was not done.
    await records.keep({ ...record, reverted: { token, inode: await inodeOf(made) } })
    await rename(made, path)
    await syncFolderOf(path)
  } finally {
    await remove(made)
  }
  return done(diskFacts((await diskAt(path))!))
}
