/** How much of this computer there is and how much is used: measured after the fact, never added up in advance. */
import { stat, statfs } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import type { Facts } from '../driver.ts'
import { diskAt } from './disks.ts'
import type { Host } from './host.ts'

/**
 * `{ totalVolumeBytes, freeVolumeBytes, usedVolumeBytes, provisionedVolumeBytes, totalVcpus, usedVcpus,
 * totalMemoryBytes, usedMemoryBytes, usedInstances }`. Used bytes of volumes are those their files take, snapshots
 * and the memory of suspended guests included; provisioned are those their guests see. Processors and memory are those of machines that have a process.
 */
export async function capacityOf({ pool, records, machines }: Host): Promise<Facts> {
  const { blocks, bavail, bsize } = await statfs(pool.folder)
  const volumes = records.all('volume').map(({ id }) => pool.volume(id))
  const snapshots = records.all('volumeSnapshot').map(({ id }) => pool.snapshot(id))
  let [usedVolumeBytes, provisionedVolumeBytes] = [0, 0]
  for (const path of [...volumes, ...snapshots]) {
    const disk = await diskAt(path).catch(() => undefined)
    usedVolumeBytes += disk?.allocatedBytes ?? 0
    provisionedVolumeBytes += disk?.virtualBytes ?? 0
  }
  for (const { id, generation, isSuspended } of records.all('instance')) {
    const kept = isSuspended ? await stat(pool.state(id, generation)).catch(() => undefined) : undefined
    usedVolumeBytes += (kept?.blocks ?? 0) * 512
  }
  let [usedVcpus, usedMemoryBytes, usedInstances] = [0, 0, 0]
  for (const { id, vcpus, memoryBytes } of records.all('instance')) {
    usedInstances++
    if (!(await machines.isAlive(id))) continue
    usedVcpus += vcpus
    usedMemoryBytes += memoryBytes
  }
  return {
    totalVolumeBytes: blocks * bsize,
    freeVolumeBytes: bavail * bsize,
    ...{ usedVolumeBytes, provisionedVolumeBytes },
    ...{ totalVcpus: availableParallelism(), usedVcpus, totalMemoryBytes: totalmem(), usedMemoryBytes, usedInstances },
  }
}

/** What a guest that could not write needs to get on at all: a few clusters of its disk. */
const roomBytes = 1024 * 1024

/** Without this much, a guest that waits for room would be held again at once. */
export async function isPoolFull({ pool }: Host): Promise<boolean> {
  const { bavail, bsize } = await statfs(pool.folder)
  return bavail * bsize < roomBytes
}
