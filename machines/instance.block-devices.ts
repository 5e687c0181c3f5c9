/**
 * Which disks a launch makes: the image's mapping with the request's merged over it, by device name.
 *
 * The request says only what differs. An entry for the root may make it larger, never smaller or another disk; an entry
 * for another device of the image overlays that one, unless it names another snapshot and so starts anew; `noDevice`
 * leaves one out. The outcome is complete: every size and flag is decided here, once, and recorded with the launch.
 * (spec: ec2 6; its worked examples are the tests.)
 */

import { type Disk, ephemeralName, isDeviceName, normalised, withDefaults } from './disks.ts'

/** One entry of a mapping. At most one of `noDevice`, `ephemeral` and the fields of a volume. Sizes are in bytes. */
export interface MappingEntry {
  readonly device: string
  readonly sizeBytes?: number
  readonly snapshot?: string
  readonly volumeType?: string
  readonly iops?: number
  readonly throughputMiBps?: number
  readonly deleteOnTermination?: boolean
  readonly encrypted?: boolean
  readonly kmsKey?: string
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
/** What is known of a snapshot. */
export interface Source {
  readonly sizeBytes: number
  readonly encrypted?: boolean
  readonly kmsKey?: string
}
export type MappedVolume = Disk & {
  readonly device: string
  readonly snapshot?: string
  readonly deleteOnTermination: boolean
}
export interface Mapping {
  /** The root first. */
  readonly volumes: readonly MappedVolume[]
  readonly ephemeral: readonly { readonly device: string; readonly ephemeral: string }[]
}
/** Why a mapping is refused: the requirement that says no, and its words. */
export interface MappingFault {
  readonly requirement: 'mappingValid' | 'sizeGiven' | 'snapshotKnown'
  readonly why: string
}

const isVolume = (entry: MappingEntry | undefined): entry is MappingEntry => !!entry && entry.ephemeral === undefined
const invalid = (why: string): MappingFault => ({ requirement: 'mappingValid', why })

/**
 * Merges a request's mapping over the image's. `snapshots` are those the request names, as far as there are any such;
 * of its own the image says what must be known. Volumes that say nothing are deleted with the instance.
 */
export function mergeBlockDevices(
  image: ImageMapping,
  request: readonly MappingEntry[],
  snapshots: readonly ({ readonly id: string } & Source)[],
): Mapping | MappingFault {
  const root = normalised(image.rootDevice)
  const merged = imageDevices(image, root)
  const sources = imageSnapshots(image, merged)
  for (const each of snapshots) sources.set(each.id, each)
  const seen = new Set<string>()
  for (const entry of request) {
    const device = normalised(entry.device)
    const fault =
      malformed(entry, seen.has(device)) ??
      (device === root ? rootFault(image, merged.get(root)!, entry) : dataFault(merged.get(device), entry))
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
    const volume = resolved(entry, sources)
    if ('requirement' in volume) return volume
    volumes.push(volume)
  }
  const ephemeral = [...merged.values()].flatMap(({ device, ephemeral }) => (ephemeral ? [{ device, ephemeral }] : []))
  return { volumes, ephemeral }
}

function imageDevices(image: ImageMapping, root: string): Map<string, MappingEntry> {
  const { rootDevice, sizeBytes, snapshot, encrypted } = image
  const devices = new Map<string, MappingEntry>([[root, { device: rootDevice, sizeBytes, snapshot, encrypted }]])
  for (const entry of image.blockDevices) {
    const device = normalised(entry.device)
    devices.set(device, device === root ? overlay(devices.get(root), entry) : entry)
  }
  return devices
}

/** What the image's own entries say of their snapshots. */
function imageSnapshots(image: ImageMapping, devices: ReadonlyMap<string, MappingEntry>): Map<string, Source> {
  const sources = new Map<string, Source>()
  for (const { snapshot, sizeBytes, encrypted } of [image, ...devices.values()])
    if (snapshot !== undefined && sizeBytes !== undefined && !sources.has(snapshot))
      sources.set(snapshot, { sizeBytes, encrypted })
  return sources
}

function malformed({ device, noDevice, ephemeral, ...volume }: MappingEntry, twice: boolean): MappingFault | undefined {
  const says = Object.values(volume).some(value => value !== undefined)
  if (!isDeviceName(device)) return invalid(`${device} is not a device name`)
  if (twice) return invalid(`the device '${normalised(device)}' is used in more than one block-device mapping`)
  if ([noDevice, ephemeral !== undefined, says].filter(Boolean).length > 1)
    return invalid(`${device} must be one of a volume, an ephemeral disk or no device`)
  if (ephemeral !== undefined && !ephemeralName.test(ephemeral))
    return invalid(`${ephemeral} is not an ephemeral disk: they are ephemeral0 to ephemeral23`)
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
  return image.encrypted && entry.encrypted === false ? plain(entry) : undefined
}

const dataFault = (base: MappingEntry | undefined, entry: MappingEntry): MappingFault | undefined =>
  isVolume(base) && isOverlaid(base, entry) && base.snapshot && base.encrypted && entry.encrypted === false
    ? plain(entry)
    : undefined

/** What is encrypted stays so in all that comes of it. */
const plain = ({ device }: MappingEntry) =>
  invalid(`the disk ${device} comes from something encrypted, and cannot be without encryption`)

const isOverlaid = (base: MappingEntry, { snapshot }: MappingEntry) =>
  snapshot === undefined || snapshot === base.snapshot

/** The given fields over what was there, if that is a volume of the same origin; else the entry alone. */
function overlay(base: MappingEntry | undefined, entry: MappingEntry): MappingEntry {
  if (!isVolume(base) || !isOverlaid(base, entry)) return entry
  const given = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined))
  const isOtherType = entry.volumeType !== undefined && entry.volumeType !== base.volumeType
  // Rates were chosen for a type.
  const { iops: _, throughputMiBps: __, ...rest } = base
  return { ...(isOtherType ? rest : base), ...given, device: base.device }
}

function resolved(
  { device, snapshot, deleteOnTermination = true, ...asked }: MappingEntry,
  sources: ReadonlyMap<string, Source>,
): MappedVolume | MappingFault {
  const source = snapshot === undefined ? undefined : sources.get(snapshot)
  if (snapshot !== undefined && !source)
    return { requirement: 'snapshotKnown', why: `the snapshot '${snapshot}' does not exist` }
  const sizeBytes = asked.sizeBytes ?? source?.sizeBytes
  if (!sizeBytes) return { requirement: 'sizeGiven', why: `${device} needs a size or a snapshot` }
  if (source && sizeBytes < source.sizeBytes)
    return invalid(
      `volume of size ${sizeBytes} bytes is smaller than snapshot '${snapshot}', expect size >= ${source.sizeBytes}`,
    )
  if (source?.encrypted && asked.encrypted === false) return plain({ device })
  const encrypted = source?.encrypted || asked.encrypted
  const kmsKey = asked.kmsKey ?? (encrypted ? source?.kmsKey : undefined)
  const { volumeType, iops, throughputMiBps } = asked
  const disk = withDefaults({ sizeBytes, volumeType, iops, throughputMiBps, encrypted, kmsKey })
  const given = Object.fromEntries(Object.entries({ snapshot, ...disk }).filter(([, value]) => value !== undefined))
  return { device, sizeBytes, deleteOnTermination, ...given }
}
