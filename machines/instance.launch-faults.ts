/** What a launch is refused for that its event cannot show: what was asked for and could not be resolved. */
import { type DiskOffers, diskFaults, normalised } from './disks.ts'
import type { Json } from './grammar.ts'
import type { Mapping, MappingFault } from './instance.block-devices.ts'

interface Capabilities {
  readonly zones: readonly string[]
  readonly volume: DiskOffers
  readonly volumeAttach: { readonly max: number }
}

/** The requirements that say no, each with what its sentence reads. Of several disks, the first that has a fault. */
export function launchFaults(
  zone: string,
  mapping: Mapping | MappingFault,
  { zones, volume, volumeAttach: { max } }: Capabilities,
  rootDevice: string,
): Record<string, Json | undefined> {
  const zoneOffered = zones.includes(zone) ? undefined : { zone, zones }
  if ('requirement' in mapping) return { zoneOffered, [mapping.requirement]: { why: mapping.why } }
  // A volume that is there was judged when it was made.
  const made = mapping.volumes.filter(each => !('volume' in each))
  const disks = made.map(({ device, ...disk }) => ({ device, faults: diskFaults(disk, volume) }))
  const disk = Object.assign({}, ...disks.reverse().map(({ faults }) => faults))
  const further = mapping.volumes.filter(each => normalised(each.device) !== normalised(rootDevice)).length
  return { zoneOffered, ...disk, slotsEnough: further > max ? { further, max } : undefined }
}
