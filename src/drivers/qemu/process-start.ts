/** Starting the process of a launch: as it is on record, with the disks in their ports. */

import type { Host } from './host.ts'
import { bootOf } from './images.ts'
import type { InstanceRecord } from './records.ts'

/** Its guest does not run yet. With `isIncoming`, it waits to be told where its memory is. Throws what a launch throws. */
export async function startProcess(host: Host, record: InstanceRecord, isIncoming = false): Promise<void> {
  const { machines, pool } = host
  const { id, generation, vcpus, memoryBytes, userData, userDataEncoding } = record
  const disks = [...record.devices]
    .sort((a, b) => Number(b.root) - Number(a.root))
    .map(device => ({ ...device, path: pool.volume(device.volume) }))
  const machine = record.machine ?? (await machines.machineType())
  const boot = await bootOf(pool, record.spec.image)
  const { accelerator = machines.accelerator } = record
  await machines.launch(
    { instance: id, generation, accelerator, machine, vcpus, memoryBytes, disks, boot, isIncoming },
    userData === undefined ? undefined : Buffer.from(userData, userDataEncoding ?? 'utf8'),
  )
}
