/**
 * Unasked news travel on their own and may arrive after what they tell of has changed: a guest seen stopped before its
 * start is no guest that shut itself down. What is older than the last event is looked at anew. (driver contract: hints
 * are not facts; spec: reliability F12.)
 */
import type { Capabilities, Driver, Observation, ResourceKind } from '../drivers/driver.ts'
import type { Questions } from './questions.ts'
import { isObservation } from './understood.ts'

/** What there is now of the object that was seen; undefined if that cannot be said. */
export async function secondLook(
  provider: { driver: Driver; capabilities: Capabilities },
  { kind, id }: { kind: ResourceKind; id: string },
  questions: Questions,
): Promise<Observation | undefined> {
  try {
    const seen: unknown = await questions.ask(provider, (driver, context) => driver.observe(kind, id, context))
    return isObservation(seen) ? seen : undefined
  } catch {
    // It is a hint that cannot be confirmed now: whoever looks next finds the same.
    return undefined
  }
}

/** Whether what was seen may be of a time before the resource's last event. */
export const mayBeOld = ({ observedAt }: Observation, { at }: { at: number }, lagMs: number): boolean =>
  observedAt - lagMs <= at
