/** The names of all capabilities, those of a group one by one: `stop`, `volumeAttach.max`. */
import type { Capabilities } from '../../drivers/driver.ts'

type Group =
  | 'volume'
  | 'volumeAttach'
  | 'volumeSnapshot'
  | 'vmSnapshot'
  | 'createImage'
  | 'idempotency'
  | 'consistency'
  | 'limits'
  | 'settle'
type InGroup<G extends Group> = `${G}.${keyof Capabilities[G] & string}`

export type CapabilityName = Exclude<keyof Capabilities, Group> | { [G in Group]: InGroup<G> }[Group]
