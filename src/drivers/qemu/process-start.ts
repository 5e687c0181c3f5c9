/** Starting the process of a launch: as it is on record, with the disks in their ports. */

import type { Boot } from './command-line.ts'
import type { Host } from './host.ts'
import { bootOf } from './images.ts'
import { isName, isThere } from './pool.ts'
import type { InstanceRecord } from './records.ts'

/**
 * As its image says. One that was made of disks is not in the pool: what is on its root boots with the kernel of the image
 * that it began as. Throws the Refusal of what can not be understood, or has changed.
 */
async function bootFor(
  { pool, records }: Host,
  { spec: { image }, devices }: InstanceRecord,
): Promise<Boot | undefined> {
  if (isName(image) && isThere(pool.image(image))) return bootOf(pool, image)
  const root = devices.find(each => each.root)?.volume
  const first = root === undefined ? undefined : records.any('volume', root)?.image
  return bootOf(pool, first ?? image)
}

/** Its guest does not run yet. With `isIncoming`, it waits to be told where its memory is. Throws what a launch throws. */
export async function startProcess(host: Host, record: InstanceRecord, isIncoming = false): Promise<void> {
  const { machines, pool } = host
  const { id, generation, vcpus, memoryBytes, userData, userDataEncoding } = record
  const disks = [...record.devices]
    .sort((a, b) => Number(b.root) - Number(a.root))
    .map(device => ({ ...device, path: pool.volume(device.volume) }))
  const machine = record.machine ?? (await machines.machineType())
  const boot = await bootFor(host, record)
  const { accelerator = machines.accelerator } = record
  await machines.launch(
    { instance: id, generation, accelerator, machine, vcpus, memoryBytes, disks, boot, isIncoming },
    userData === undefined ? undefined : Buffer.from(userData, userDataEncoding ?? 'utf8'),
  )
}
