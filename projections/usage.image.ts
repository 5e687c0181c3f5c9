/** An image is counted while it can be launched. What it is made of are snapshots, which are counted by themselves. */
import { type Meter, said } from './usage.row.ts'

export const meterImage: Meter = (before, event) => {
  const { state } = event
  if (state === 'deregistered') return undefined
  const counted = state === 'available' ? 1 : 0
  return before ? { counted } : { counted, sizeBytes: said(event).sizeBytes }
}
