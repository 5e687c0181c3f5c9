/** What may be limited of an account, and of a domain with all that is in it and below. (spec: cloudstack 5.) */
import { z } from 'zod'

export const limitNames = [
  'instances',
  'vcpus',
  'memoryBytes',
  'volumes',
  'primaryBytes',
  'snapshots',
  'secondaryBytes',
  'vmSnapshots',
  'images',
] as const
export type LimitName = (typeof limitNames)[number]
/** The most there may be of each; of what is not named, any number. */
export type Limits = { readonly [N in LimitName]?: number }

/** New limits, laid over those there are; null takes one away. */
export const limitChanges = z.partialRecord(z.enum(limitNames), z.int().nonnegative().nullable())
type Changes = z.infer<typeof limitChanges>

export function laidOver(held: Limits | undefined, changes: Changes): Limits {
  const all = Object.entries({ ...held, ...changes }).filter(([, limit]) => limit !== null)
  return Object.fromEntries(all)
}
interface Asked {
  readonly context: { readonly limits?: Limits }
  readonly event: unknown
}
/** They are so already. */
export const sameLimits = ({ context: { limits = {} }, event }: Asked): boolean => {
  const changes = (event as { data: { limits: Changes } }).data.limits
  return Object.entries(changes).every(([name, limit]) => (limits[name as LimitName] ?? null) === limit)
}
