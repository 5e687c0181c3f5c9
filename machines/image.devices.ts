/**
 * Which devices an image has: of one that is registered, what its caller maps; of one made from an instance, what the
 * instance has, with what the caller adds, leaves out or flags otherwise. The outcome is complete and recorded: the
 * root, and the entries a launch merges its own over. (spec: ec2 5.2, 5.4, 6.)
 */
import { z } from 'zod'
import { ephemeralName, isDeviceName, normalised } from './disks.ts'

export const deviceName = z.string().refine(isDeviceName, 'is not a device name such as /dev/sdf')

/** One entry of an image's mapping: a volume (blank or from a snapshot) or an ephemeral disk, under a device name. */
const entry = {
  device: deviceName,
  sizeBytes: z.int().positive().optional(),
  snapshot: z.string().optional(),
  volumeType: z.string().optional(),
  iops: z.int().positive().optional(),
  throughputMiBps: z.int().positive().optional(),
  encrypted: z.boolean().optional(),
  deleteOnTermination: z.boolean().optional(),
  ephemeral: z.string().regex(ephemeralName).optional(),
}
export const imageDevice = z.strictObject(entry)
/** As a caller writes it; `noDevice` leaves out what would be there. */
export const mappedDevice = z.strictObject({ ...entry, noDevice: z.boolean().optional() })
export type ImageDevice = z.infer<typeof imageDevice>
type MappedDevice = z.infer<typeof mappedDevice>

/** What a snapshot's face says of it. */
export interface KnownSnapshot {
  readonly id: string
  readonly sizeBytes: number
  readonly encrypted?: boolean
}
/** A disk of an instance. */
export interface HeldDevice {
  readonly device: string
  readonly volume: string
  readonly root: boolean
  readonly deleteOnTermination: boolean
}
/** Why a mapping is refused: the requirement that says no, and its words. */
export interface MappingFault {
  readonly requirement: 'mappingValid' | 'sizeGiven' | 'snapshotFits' | 'rootKnown' | 'rootKept'
  readonly why: string
}
export interface Layout {
  readonly rootDevice: string
  readonly sizeBytes: number
  readonly snapshot?: string
  readonly encrypted?: boolean
  readonly blockDevices: readonly ImageDevice[]
}

const invalid = (why: string): MappingFault => ({ requirement: 'mappingValid', why })
const isFault = (found: object): found is MappingFault => 'requirement' in found

/** The layout of an image that is registered. `snapshots` are those it names, root included. */
export function registeredLayout(
  asked: {
    rootDevice?: string
    sizeBytes?: number
    snapshot?: string
    encrypted?: boolean
    blockDevices: readonly MappedDevice[]
  },
  snapshots: readonly KnownSnapshot[],
): Layout | MappingFault {
  const malformed = faultOf(asked.blockDevices)
  if (malformed) return malformed
  const rootDevice = asked.rootDevice ?? guessedRoot(asked)
  if (rootDevice === undefined) return { requirement: 'rootKnown', why: 'it is not clear which device is the root' }
  const root = asked.blockDevices.find(each => normalised(each.device) === normalised(rootDevice))
  if (root?.noDevice || root?.ephemeral)
    return { requirement: 'rootKept', why: `the root device ${rootDevice} can be neither left out nor ephemeral` }
  const snapshot = asked.snapshot ?? root?.snapshot
  const known = snapshots.find(each => each.id === snapshot)
  const sizeBytes = asked.sizeBytes ?? root?.sizeBytes ?? known?.sizeBytes
  if (sizeBytes === undefined) return { requirement: 'rootKnown', why: `nothing says what ${rootDevice} is made from` }
  if (known && sizeBytes < known.sizeBytes) return tooSmall(sizeBytes, known)
  const blockDevices = completed(asked.blockDevices, normalised(rootDevice), snapshots)
  if (isFault(blockDevices)) return blockDevices
  return { rootDevice, sizeBytes, snapshot, encrypted: asked.encrypted ?? known?.encrypted, blockDevices }
}

/** The only entry from a snapshot, else one that has a root's name; what is made without a mapping boots from sda1. */
function guessedRoot({ snapshot, blockDevices }: { snapshot?: string; blockDevices: readonly MappedDevice[] }) {
  const made = blockDevices.filter(each => each.snapshot !== undefined)
  if (snapshot !== undefined || made.length === 0) return '/dev/sda1'
  return made.length === 1 ? made[0]!.device : made.find(each => normalised(each.device) === 'sda')?.device
}

/** Entries but the root's, with the size of the snapshot where none is given; of the root, what is said besides. */
function completed(
  entries: readonly MappedDevice[],
  root: string,
  snapshots: readonly KnownSnapshot[],
): ImageDevice[] | MappingFault {
  const devices: ImageDevice[] = []
  for (const { noDevice, ...entry } of entries) {
    if (noDevice) continue
    const isRoot = normalised(entry.device) === root
    const known = snapshots.find(each => each.id === entry.snapshot)
    const { sizeBytes = isRoot ? undefined : known?.sizeBytes } = entry
    if (known && sizeBytes !== undefined && sizeBytes < known.sizeBytes) return tooSmall(sizeBytes, known)
    if (!isRoot && entry.ephemeral === undefined && sizeBytes === undefined)
      return { requirement: 'sizeGiven', why: `${entry.device} needs a size or a snapshot` }
    devices.push({ ...entry, sizeBytes, encrypted: entry.encrypted ?? (isRoot ? undefined : known?.encrypted) })
  }
  return devices
}

/** What is wrong with the entries by themselves. */
function faultOf(entries: readonly MappedDevice[]): MappingFault | undefined {
  const seen = new Set<string>()
  for (const { device, noDevice, ephemeral, ...volume } of entries) {
    const says = Object.values(volume).some(value => value !== undefined)
    if ([noDevice, ephemeral !== undefined, says].filter(Boolean).length > 1)
      return invalid(`${device} must be one of a volume, an ephemeral disk or no device`)
    if (seen.has(normalised(device)))
      return invalid(`the device '${normalised(device)}' is used in more than one block-device mapping`)
    seen.add(normalised(device))
  }
  return undefined
}

const tooSmall = (sizeBytes: number, { id, sizeBytes: least }: KnownSnapshot): MappingFault => ({
  requirement: 'snapshotFits',
  why: `volume of size ${sizeBytes} bytes is smaller than snapshot '${id}', expect size >= ${least}`,
})

/** What an image of an instance is made of: a new snapshot of each disk, and the entries of its mapping. */
export interface Capture {
  readonly captures: readonly { readonly volume: string; readonly snapshot: string }[]
  readonly snapshot: string
  readonly blockDevices: readonly ImageDevice[]
}

/** The layout of an image of an instance. Sizes of what it has are added when its volumes have said them. */
export function capturedLayout(
  held: {
    rootDevice: string
    devices: readonly HeldDevice[]
    ephemeral: readonly { device: string; ephemeral: string }[]
  },
  request: readonly MappedDevice[],
  snapshots: readonly KnownSnapshot[],
  newSnapshot: () => string,
): Capture | MappingFault {
  const fault = faultOf(request)
  if (fault) return fault
  const asked = new Map(request.map(each => [normalised(each.device), each]))
  const captures: { volume: string; snapshot: string }[] = []
  const blockDevices: ImageDevice[] = []
  let rootSnapshot = ''
  for (const { device, volume, root, deleteOnTermination } of held.devices) {
    const said = asked.get(normalised(device))
    asked.delete(normalised(device))
    const wrong = said && heldFault(device, root, said)
    if (wrong) return wrong
    if (said?.noDevice) continue
    const snapshot = newSnapshot()
    captures.push({ volume, snapshot })
    if (root) rootSnapshot = snapshot
    const flag = said?.deleteOnTermination ?? deleteOnTermination
    blockDevices.push({ device, deleteOnTermination: flag, ...(root ? {} : { snapshot }) })
  }
  // Without a root there is no image: the instance says so, and whatever else it says no to.
  asked.delete(normalised(held.rootDevice))
  for (const entry of held.ephemeral) if (!asked.has(normalised(entry.device))) blockDevices.push(entry)
  const added = completed([...asked.values()], '', snapshots)
  if (isFault(added)) return added
  return { captures, snapshot: rootSnapshot, blockDevices: [...blockDevices, ...added] }
}

/** A disk the instance has may be left out or flagged otherwise, never replaced. */
function heldFault(device: string, root: boolean, said: MappedDevice): MappingFault | undefined {
  const { device: _, noDevice, deleteOnTermination: __, ...rest } = said
  if (root && noDevice) return invalid(`the root device ${device} cannot be left out`)
  const replaces = Object.values(rest).some(value => value !== undefined)
  return replaces ? invalid(`${device} is in use by the instance, and can be nothing else in its image`) : undefined
}
