/**
 * One name inside several disks at once. A name may be on some of them only, after a process was killed, or twice on
 * one, since nothing keeps names apart: so the files are looked at before and after. (spec: drivers-and-qemu 2 trap 4, 3.)
 */
import { hasCode } from './files.ts'
import type { Host } from './host.ts'
import { dismissJob, endedJob, findJob } from './jobs.ts'
import { Refusal } from './outcome-of.ts'
import { jobOf, nodeOf, tagOf } from './pool.ts'
import { Qcow2Invalid } from './qcow2-header.ts'
import { type InnerSnapshot, snapshotsIn } from './qcow2-snapshots.ts'
import { dropInside, goBackInside, keepInside, repairLeaks } from './qemu-img.ts'
import type { InstanceRecord, VmSnapshotRecord } from './records.ts'

/** Memory of all sizes is read and written at more than this each second, on a slow disk too. */
const bytesEachMs = 25_000
/** A machine says nothing while it writes the memory of its guest. */
export const patienceMs = (memoryBytes: number): number => 10_000 + Math.ceil(memoryBytes / bytesEachMs)

type Kept = Pick<VmSnapshotRecord, 'id' | 'volumes' | 'spec'>

/** By volume, those of this name. A disk that is gone, or that is none any more, keeps none. */
const innerOf = async ({ pool }: Host, { id, volumes }: Kept): Promise<Map<string, InnerSnapshot[]>> => {
  const tag = tagOf(id)
  const all = volumes.map(async volume => {
    const inner = await snapshotsIn(pool.volume(volume)).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT') || error instanceof Qcow2Invalid) return []
      throw error
    })
    return [volume, inner.filter(({ name }) => name === tag)] as const
  })
  return new Map(await Promise.all(all))
}

/** What each disk keeps, when all of them keep it once and the memory is with the first; else whether any keeps any. */
export async function keptOn(
  host: Host,
  snapshot: Kept,
): Promise<ReadonlyMap<string, InnerSnapshot> | 'some' | 'none'> {
  const inner = await innerOf(host, snapshot)
  if ([...inner.values()].every(({ length }) => length === 0)) return 'none'
  const [root, ...others] = [...inner.values()]
  const isOnce = [...inner.values()].every(({ length }) => length === 1)
  const hasMemory = (root?.[0]?.memoryBytes ?? 0) > 0
  const isAlike = hasMemory === snapshot.spec.memory && others.every(each => each[0]?.memoryBytes === 0)
  if (!isOnce || !isAlike) return 'some'
  return new Map([...inner].map(([volume, [only]]) => [volume, only!]))
}

/** Those of the volumes that the machine has open now. */
const openIn = async (
  host: Host,
  record: InstanceRecord | undefined,
  volumes: readonly string[],
): Promise<string[]> => {
  if (record === undefined || !(await host.machines.isAlive(record.id))) return []
  return volumes.filter(volume => record.devices.some(device => device.volume === volume))
}

/** Waits for what a driver that was killed began to take off, and dismisses it: the disks may have lost the name already. */
async function settleDrop({ machines }: Host, { id }: Kept, record: InstanceRecord | undefined): Promise<void> {
  if (record === undefined || !(await machines.isAlive(record.id))) return
  const job = jobOf('drop', id)
  await machines.talk(record.id, async qmp => {
    if ((await findJob(qmp, job)) === undefined) return
    await endedJob(qmp, job, async () => {})
    await dismissJob(qmp, job)
  })
}

/** Takes the name off every disk, however often it is on it. Throws when a disk keeps it. */
export async function dropFrom(host: Host, snapshot: Kept, record: InstanceRecord | undefined): Promise<void> {
  const { machines, pool } = host
  await settleDrop(host, snapshot, record)
  const open = await openIn(host, record, snapshot.volumes)
  const tag = tagOf(snapshot.id)
  for (let round = 0; ; round++) {
    const having = [...(await innerOf(host, snapshot))].filter(([, { length }]) => length > 0).map(([volume]) => volume)
    if (having.length === 0) return
    if (round > 16)
      throw new Refusal('precondition', `VM snapshot ${snapshot.id} does not go from ${having.join(', ')}`)
    const live = having.filter(volume => open.includes(volume))
    for (const volume of having) if (!open.includes(volume)) await dropInside(pool.volume(volume), tag)
    if (live.length === 0) continue
    const job = jobOf('drop', snapshot.id)
    await machines.talk(record!.id, async qmp => {
      const devices = live.map(nodeOf)
      await endedJob(qmp, job, () => qmp.execute('snapshot-delete', { 'job-id': job, tag, devices }))
      await dismissJob(qmp, job)
    })
  }
}

/** Keeps all disks of a machine that has them open, without its memory, at one moment. */
export const keepLive = ({ machines }: Host, record: InstanceRecord, snapshot: Kept): Promise<unknown> =>
  machines.talk(record.id, qmp =>
    qmp.execute('transaction', {
      actions: snapshot.volumes.map(volume => ({
        type: 'blockdev-snapshot-internal-sync' as const,
        data: { device: nodeOf(volume), name: tagOf(snapshot.id) },
      })),
    }),
  )

/** The same of disks that nobody writes to. */
export async function keepQuiet({ pool }: Host, { id, volumes }: Kept): Promise<void> {
  for (const volume of volumes) await keepInside(pool.volume(volume), tagOf(id))
}

/** Takes disks that nobody has open back; may be repeated. */
export async function goBackQuiet({ pool }: Host, { id, volumes }: Kept): Promise<void> {
  for (const volume of volumes) await goBackInside(pool.volume(volume), tagOf(id))
}

/** After the death of a machine that wrote to them. */
export async function repairQuiet({ pool }: Host, { volumes }: Kept): Promise<void> {
  for (const volume of volumes) await repairLeaks(pool.volume(volume))
}
