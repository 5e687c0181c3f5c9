/** The end of an instance: its process, what is kept of it, and then its record. Its volumes stay. */
import type { Outcome } from '../driver.ts'
import { done } from '../outcomes.ts'
import type { Host } from './host.ts'
import { isStarting } from './instance-facts.ts'
import { forgetMemory } from './suspending.ts'
import { dropVmSnapshot } from './vm-snapshot-calls.ts'

export async function instanceDestroy(host: Host, id: string): Promise<Outcome> {
  const { records, machines, now } = host
  const record = records.any('instance', id)
  if (record === undefined) return done({}, true)
  await (isStarting(record) ? machines.endStarting(id) : machines.end(id))
  for (const snapshot of records.vmSnapshotsOf(id)) await dropVmSnapshot(host, snapshot)
  const already = record.goneAt !== undefined
  // Only now: as long as a process may have them open, its disks are connected.
  if (!already)
    await records.keep({ ...records.any('instance', id)!, goneAt: now(), devices: [], isSuspended: undefined })
  await forgetMemory(host, record)
  await machines.forget(id)
  return done({}, already)
}
