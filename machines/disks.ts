/**
 * What every kind that speaks of disks must say alike: how a device is named, and which sizes and rates the types of
 * disk that EC2 knows may have. Providers have types of their own as well; of those nothing is known here, so nothing
 * is refused. (spec: ec2 3.3 and 6.2.)
 */
import type { Json } from './grammar.ts'

const deviceName = /^(\/dev\/)?(s|xv|v|h)d[a-z]{1,2}[0-9]{0,2}$/
export const isDeviceName = (name: string): boolean => deviceName.test(name)

/** One name for all spellings of a device: without `/dev/`, and with `sda1` and `sda` (a root's two names) as one. */
export const normalised = (device: string): string =>
  device.replace(/^\/dev\//, '').replace(/^((?:s|xv|v|h)da)1$/, '$1')

/** Disks that live and die with a host, by their number. */
export const ephemeralName = /^ephemeral([0-9]|1[0-9]|2[0-3])$/

/** What is decided about a disk. Sizes in bytes; `iops` are operations each second. */
export type Disk = {
  readonly sizeBytes: number
  readonly volumeType?: string
  readonly iops?: number
  readonly throughputMiBps?: number
  readonly encrypted?: boolean
  /** Name of the key it is encrypted with, as its provider knows it. Default: the provider's own. */
  readonly kmsKey?: string
}

interface DiskType {
  readonly leastGiB: number
  readonly mostGiB: number
  /** Are its operations each second its user's choice, must they be, or are they not? */
  readonly iops: 'chosen' | 'mayBeChosen' | 'fixed'
  readonly throughput: 'mayBeChosen' | 'fixed'
  readonly defaults: Pick<Disk, 'iops' | 'throughputMiBps'>
}
const GiB = 1024 ** 3
const type = (leastGiB: number, mostGiB: number, iops: DiskType['iops'] = 'fixed'): DiskType => ({
  leastGiB,
  mostGiB,
  iops,
  throughput: 'fixed',
  defaults: {},
})
const types = new Map<string, DiskType>([
  ['gp2', type(1, 16_384)],
  [
    'gp3',
    {
      ...type(1, 65_536, 'mayBeChosen'),
      throughput: 'mayBeChosen',
      defaults: { iops: 3000, throughputMiBps: 125 },
    },
  ],
  ['io1', type(4, 16_384, 'chosen')],
  ['io2', type(4, 65_536, 'chosen')],
  ['st1', type(125, 16_384)],
  ['sc1', type(125, 16_384)],
  ['standard', type(1, 1024)],
])

/** The disk with what its type gives to those that do not choose. */
export const withDefaults = <D extends Omit<Disk, 'sizeBytes'>>(disk: D): D => {
  const { iops, throughputMiBps } = types.get(disk.volumeType ?? '')?.defaults ?? {}
  const rates = { iops: disk.iops ?? iops, throughputMiBps: disk.throughputMiBps ?? throughputMiBps }
  return { ...disk, ...rates }
}

/** What a provider says of its disks. */
export interface DiskOffers {
  readonly minBytes: number
  readonly maxBytes: number
  readonly stepBytes: number
  readonly encrypt: boolean
}

/** Requirements on a disk, in the order in which they are refused. */
export const diskRequirementNames = [
  'sizeOffered',
  'sizeFitsType',
  'iopsGiven',
  'iopsChosen',
  'throughputChosen',
  'keyEncrypts',
  'encryptionOffered',
] as const

/** Which of these requirements say no to a disk, and what their sentences read. */
export function diskFaults(
  disk: Disk,
  offers: DiskOffers,
): Partial<Record<(typeof diskRequirementNames)[number], Json>> {
  const { sizeBytes, volumeType, iops, throughputMiBps, encrypted, kmsKey } = disk
  const { minBytes, maxBytes, stepBytes, encrypt } = offers
  const known = types.get(volumeType ?? '')
  const { leastGiB = 0, mostGiB = Number.POSITIVE_INFINITY } = known ?? {}
  const faults = {
    sizeOffered: sizeBytes < minBytes || sizeBytes > maxBytes || sizeBytes % stepBytes !== 0,
    sizeFitsType: sizeBytes < leastGiB * GiB || sizeBytes > mostGiB * GiB,
    iopsGiven: known?.iops === 'chosen' && iops === undefined,
    iopsChosen: known?.iops === 'fixed' && iops !== undefined,
    throughputChosen: known?.throughput === 'fixed' && throughputMiBps !== undefined,
    keyEncrypts: kmsKey !== undefined && encrypted !== true,
    encryptionOffered: encrypted === true && !encrypt,
  }
  const words = { ...disk, minBytes, maxBytes, stepBytes, leastGiB, mostGiB } as unknown as Json
  return Object.fromEntries(diskRequirementNames.filter(name => faults[name]).map(name => [name, words]))
}

/**
 * Of which volumes a provider takes snapshots: of those nobody uses, of those a running guest uses. One that takes none
 * of what is written to meanwhile is asked only when the guest is off.
 */
export const snapshotsOf = ({ of, live }: { readonly of: readonly SnapshotSource[]; readonly live: boolean }) =>
  of.filter(each => each === 'available' || live)
/** What else it does with snapshots, as far as it does it. */
export const snapshotAbilities = ({
  group,
  revert,
  revertRestoresSize,
}: Partial<Record<SnapshotAbility, boolean>>) => ({
  group: group || undefined,
  revert: revert || undefined,
  revertRestoresSize: revertRestoresSize || undefined,
})
/** Whether its volumes are moved between pools, and when. */
export const migrationOffersOf = (
  { migrate }: { readonly migrate?: 'none' | 'offline' | 'online' },
  { blocks }: { readonly blocks?: readonly string[] } = {},
) => {
  const isOffered = migrate !== undefined && migrate !== 'none'
  return {
    migrate: isOffered ? migrate : undefined,
    migrateKept: (isOffered && !blocks?.includes('migrate')) || undefined,
  }
}
export type SnapshotAbility = 'group' | 'revert' | 'revertRestoresSize'
export type SnapshotSource = 'available' | 'in-use'
/** The same with where they are kept, as a volume remembers it. */
export const snapshotOffersOf = (
  offered: Parameters<typeof snapshotsOf>[0] & { readonly independentOfVolume?: boolean },
) => ({
  snapshotOf: snapshotsOf(offered),
  keepsSnapshots: offered.independentOfVolume === false && offered.of.length > 0 ? true : undefined,
})
