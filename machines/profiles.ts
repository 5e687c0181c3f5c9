/**
 * By whose rules something is asked for: ours, or those of CloudStack on two of its platforms, where they are narrower.
 * (spec: cloudstack 2, 9 number 2.)
 */
import { z } from 'zod'

export const profile = z.enum(['generic', 'cloudstack-kvm', 'cloudstack-vmware'])
export type Profile = z.infer<typeof profile>

/** There, VM snapshots move along with the disks they hold layers of. (spec: cloudstack 2.5.) */
export const movesVmSnapshots = (asked: Profile | undefined): true | undefined =>
  asked === 'cloudstack-vmware' ? true : undefined

/** There, VM snapshots and snapshots of single volumes exclude each other. (spec: cloudstack 2.2, 2.5.) */
export const excludesSnapshots = (asked: Profile | undefined): true | undefined =>
  asked === 'cloudstack-kvm' ? true : undefined
