/**
 * A VM snapshot is counted from the moment it is complete until it is gone, disks and memory apart; also while it is
 * hidden, since what it occupies is still there. (spec: cloudstack 4.3, 4.4 U3, U4.)
 */
import { type Meter, said } from './usage.row.ts'

export const meterVmSnapshot: Meter = (before, event) => {
  const { type, state, before: left } = event
  if (state === 'deleted') return undefined
  if (!before) return { instance: said(event).instance }
  if (type !== 'vm-snapshot.kept' || left !== 'creating') return {}
  const { disks, memoryBytes } = said(event)
  const sizeBytes = disks.reduce((sum: number, disk: { sizeBytes: number }) => sum + disk.sizeBytes, 0)
  return { counted: 1, sizeBytes, ...(memoryBytes > 0 && { memoryBytes }) }
}
