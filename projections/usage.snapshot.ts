/** A snapshot is counted once it is complete, and until it is deleted. */
import { type Meter, said } from './usage.row.ts'

export const meterSnapshot: Meter = (before, event) => {
  const { type, state, before: left } = event
  if (state === 'deleted') return undefined
  if (!before) return { sizeBytes: said(event).sizeBytes }
  if (type === 'snapshot.measured') return { sizeBytes: said(event).sizeBytes }
  const isComplete = (type === 'snapshot.completed' || type === 'snapshot.groupTaken') && left.startsWith('pending')
  return isComplete ? { counted: 1, sizeBytes: said(event).sizeBytes ?? before.sizeBytes } : {}
}
