/**
 * Which disks a launch makes: the image's mapping with the request's merged over it, by device name.
 *
 * The request says only what differs. An entry for the root may make it larger, never smaller or another disk; an entry
 * for another device of the image overlays that one, unless it names another snapshot and so starts anew; `noDevice`
 * leaves one out. The outcome is complete: every size and flag is decided here, once, and recorded with the launch.
 * (spec: ec2 6; its worked examples are the tests.)
 */

/** One entry of a mapping. At most one of `noDevice`, `ephemeral` and the fields of a volume. Sizes are in bytes. */
export interface MappingEntry {
  readonly device: string
  readonly sizeBytes?: number
  readonly snapshot?: string
  readonly volumeType?: string
  readonly deleteOnTermination?: boolean
  readonly encrypted?: boolean
  /** A disk that lives and dies with the host, by its number: `ephemeral0`. */
  readonly ephemeral?: string
  /** Leaves out what the image has at this device. */
  readonly noDevice?: boolean
}
export interface ImageMapping {
  readonly rootDevice: string
  readonly sizeBytes: number
  readonly snapshot?: string
  readonly encrypted?: boolean
  readonly blockDevices: readonly MappingEntry[]
}
export interface MappedVolume {
  readonly device: string
  readonly sizeBytes: number
  readonly snapshot?: string
  readonly volumeType?: string
  readonly deleteOnTermination: boolean
}
export interface Mapping {
  /** The root first. */
  readonly volumes: readonly MappedVolume[]
  /** Device names that ephemeral disks occupy. */
  readonly ephemeral: readonly string[]
}
/** Why a mapping is refused: the requirement that says no, and its words. */
export interface MappingFault {
  readonly requirement: 'mappingValid' | 'sizeGiven' | 'snapshotKnown'
  readonly why: string
}

const deviceName = /^(\/dev\/)?(s|xv|v|h)d[a-z]{1,2}[0-9]{0,2}$/
export const isDeviceName = (name: string): boolean => deviceName.test(name)

/** One name for all spellings of a device: without `/dev/`, and with `sda1` and `sda` (a root's two names) as one. */
export const normalised = (device: string): string =>
  device.replace(/^\/dev\//, '').replace(/^((?:s|xv|v|h)da)1$/, '$1')

const isVolume = (entry: MappingEntry | undefined): entry is MappingEntry => !!entry && entry.ephemeral === undefined
const invalid = (why: string): MappingFault => ({ requirement: 'mappingValid', why })

/**
 * Merges a request's mapping over the image's. `snapshotBytes` gives the size of a snapshot the request names;
 * undefined if there is none such. Volumes that say nothing are deleted with the instance.
 */
export function mergeBlockDevices(
  image: ImageMapping,
  request: readonly MappingEntry[],
  snapshotBytes: (snapshot: string) => number | undefined,
): Mapping | MappingFault {
  const root = normalised(image.rootDevice)
  const merged = imageDevices(image, root)
  const least = imageSnapshots(image, merged)
  const seen = new Set<string>()
  for (const entry of request) {
    const device = normalised(entry.device)
    const fault =
      malformed(entry, seen.has(device)) ??
      (device === root ? rootFault(image, merged.get(root)!, entry) : dataFault(entry))
    if (fault) return fault
    seen.add(device)
    const base = merged.get(device)
    if (entry.noDevice) merged.delete(device)
    else if (entry.ephemeral !== undefined) merged.set(device, entry)
    else merged.set(device, overlay(base, entry))
  }
  const volumes: MappedVolume[] = []
  for (const entry of merged.values()) {
    if (!isVolume(entry)) continue
    const volume = completed(entry, snapshot => snapshotBytes(snapshot) ?? least.get(snapshot))
    if ('requirement' in volume) return volume
    volumes.push(volume)
  }
  const ephemeral = [...merged.values()].filter(each => each.ephemeral !== undefined).map(each => each.device)
  return { volumes, ephemeral }
}

function imageDevices(image: ImageMapping, root: string): Map<string, MappingEntry> {
  const { rootDevice, sizeBytes, snapshot } = image
  const devices = new Map<string, MappingEntry>([[root, { device: rootDevice, sizeBytes, snapshot }]])
  for (const entry of image.blockDevices) {
    const device = normalised(entry.device)
    devices.set(device, device === root ? overlay(devices.get(root), entry) : entry)
  }
  return devices
}

/** What the image's own entries say of the size of their snapshots. */
function imageSnapshots(image: ImageMapping, devices: ReadonlyMap<string, MappingEntry>): Map<string, number> {
  const sizes = new Map<string, number>()
  for (const { snapshot, sizeBytes } of [image, ...devices.values()])
    if (snapshot !== undefined && sizeBytes !== undefined && !sizes.has(snapshot)) sizes.set(snapshot, sizeBytes)
  return sizes
}

function malformed({ device, noDevice, ephemeral, ...volume }: MappingEntry, twice: boolean): MappingFault | undefined {
  const says = Object.values(volume).some(value => value !== undefined)
  if (!isDeviceName(device)) return invalid(`${device} is not a device name`)
  if (twice) return invalid(`the device '${normalised(device)}' is used in more than one block-device mapping`)
  if ([noDevice, ephemeral !== undefined, says].filter(Boolean).length > 1)
    return invalid(`${device} must be one of a volume, an ephemeral disk or no device`)
  return undefined
}

function rootFault(image: ImageMapping, root: MappingEntry, entry: MappingEntry): MappingFault | undefined {
  const leastBytes = Math.max(image.sizeBytes, root.sizeBytes ?? 0)
  if (entry.noDevice || entry.ephemeral !== undefined)
    return invalid(`the root device ${entry.device} can be neither left out nor ephemeral`)
  if (entry.snapshot !== undefined && entry.snapshot !== root.snapshot)
    return invalid('snapshotId cannot be modified on root device')
  if (entry.sizeBytes !== undefined && entry.sizeBytes < leastBytes)
    return invalid(`the root disk needs at least ${leastBytes} bytes, not ${entry.sizeBytes}`)
  if (entry.encrypted !== undefined && entry.encrypted !== (image.encrypted ?? false))
    return invalid(
      `the root disk is ${image.encrypted ? '' : 'not '}encrypted because its image is${image.encrypted ? '' : ' not'}`,
    )
  return undefined
}

/** Nothing here encrypts a disk: a launch that asks for it must not get a plain one. */
const dataFault = ({ device, encrypted }: MappingEntry): MappingFault | undefined =>
  encrypted ? invalid(`the disk ${device} cannot be encrypted; only a root is, if its image is`) : undefined

/** The given fields over what was there, if that is a volume of the same origin; else the entry alone. */
function overlay(base: MappingEntry | undefined, entry: MappingEntry): MappingEntry {
  if (!isVolume(base) || (entry.snapshot !== undefined && entry.snapshot !== base.snapshot)) return entry
  const given = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined))
  return { ...base, ...given, device: base.device }
}

function completed(
  { device, snapshot, volumeType, deleteOnTermination = true, sizeBytes: asked }: MappingEntry,
  snapshotBytes: (snapshot: string) => number | undefined,
): MappedVolume | MappingFault {
  const leastBytes = snapshot === undefined ? 0 : snapshotBytes(snapshot)
  if (leastBytes === undefined)
    return { requirement: 'snapshotKnown', why: `the snapshot '${snapshot}' does not exist` }
  const sizeBytes = asked ?? leastBytes
  if (!sizeBytes) return { requirement: 'sizeGiven', why: `${device} needs a size or a snapshot` }
  if (sizeBytes < leastBytes)
    return invalid(
      `volume of size ${sizeBytes} bytes is smaller than snapshot '${snapshot}', expect size >= ${leastBytes}`,
    )
  return { device, sizeBytes, deleteOnTermination, ...(snapshot && { snapshot }), ...(volumeType && { volumeType }) }
}
