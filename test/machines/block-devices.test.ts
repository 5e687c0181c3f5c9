/** The worked examples of the mapping merge: an image with a root, a data volume and an ephemeral disk. */
import { describe, expect, it } from 'vitest'
import { normalised } from '../../machines/disks.ts'
import { type MappingEntry, mergeBlockDevices } from '../../machines/instance.block-devices.ts'

const GiB = 1024 ** 3
const image = {
  rootDevice: '/dev/sda1',
  sizeBytes: 8 * GiB,
  snapshot: 'snap-A',
  blockDevices: [
    { device: '/dev/sdb', snapshot: 'snap-B', sizeBytes: 10 * GiB, deleteOnTermination: false },
    { device: '/dev/sdc', ephemeral: 'ephemeral0' },
  ],
}
const snapshots = [
  { id: 'snap-A', sizeBytes: 8 * GiB },
  { id: 'snap-B', sizeBytes: 10 * GiB },
  { id: 'snap-C', sizeBytes: 30 * GiB },
  { id: 'snap-D', sizeBytes: GiB, encrypted: true, kmsKey: 'ours' },
]
/** `sda1 8 A true` for each volume; or the requirement that refuses. */
const merged = (...request: MappingEntry[]) => {
  const mapping = mergeBlockDevices(image, request, snapshots)
  if ('requirement' in mapping) return mapping.requirement
  return mapping.volumes.map(({ device, sizeBytes, snapshot = 'blank', deleteOnTermination }) =>
    [device.replace('/dev/', ''), sizeBytes / GiB, snapshot.replace('snap-', ''), deleteOnTermination].join(' '),
  )
}
const root = 'sda1 8 A true'
const data = 'sdb 10 B false'

describe('the merge of a request over the mapping of an image', () => {
  it.each<[string, MappingEntry[], string[] | string]>([
    ['nothing', [], [root, data]],
    ['a larger root', [{ device: 'sda1', sizeBytes: 20 * GiB }], ['sda1 20 A true', data]],
    ['a smaller root', [{ device: 'sda1', sizeBytes: 4 * GiB }], 'mappingValid'],
    ['a root that outlives', [{ device: 'sda1', deleteOnTermination: false }], ['sda1 8 A false', data]],
    ['a device left out', [{ device: 'sdb', noDevice: true }], [root]],
    ['a larger data volume', [{ device: 'sdb', sizeBytes: 15 * GiB }], [root, 'sdb 15 B false']],
    ['another snapshot', [{ device: 'sdb', snapshot: 'snap-C' }], [root, 'sdb 30 C true']],
    ['one more volume', [{ device: 'sdf', sizeBytes: 5 * GiB }], [root, data, 'sdf 5 blank true']],
    ['an entry that says nothing', [{ device: 'sdf' }], 'sizeGiven'],
    ['a root left out', [{ device: 'sda1', noDevice: true }], 'mappingValid'],
    ['an ephemeral root', [{ device: 'sda1', ephemeral: 'ephemeral0' }], 'mappingValid'],
    ['a root from another snapshot', [{ device: 'sda1', snapshot: 'snap-C' }], 'mappingValid'],
    [
      'a device twice',
      [
        { device: 'sdf', sizeBytes: 5 * GiB },
        { device: '/dev/sdf', sizeBytes: 6 * GiB },
      ],
      'mappingValid',
    ],
    ['a volume instead of the ephemeral disk', [{ device: 'sdc', sizeBytes: GiB }], [root, data, 'sdc 1 blank true']],
  ])('%s', (_, request, outcome) => expect(merged(...request)).toEqual(outcome))

  it.each<[string, MappingEntry[], string]>([
    ['a size below its snapshot', [{ device: 'sdf', snapshot: 'snap-C', sizeBytes: GiB }], 'mappingValid'],
    ['a snapshot nobody knows', [{ device: 'sdf', snapshot: 'snap-X' }], 'snapshotKnown'],
    ['a name that is no device', [{ device: 'floppy', sizeBytes: GiB }], 'mappingValid'],
    ['two kinds in one entry', [{ device: 'sdf', sizeBytes: GiB, ephemeral: 'ephemeral1' }], 'mappingValid'],
    ['an ephemeral disk with a number too high', [{ device: 'sdf', ephemeral: 'ephemeral24' }], 'mappingValid'],
    ['an ephemeral disk without a number', [{ device: 'sdf', ephemeral: 'ephemeral' }], 'mappingValid'],
    [
      'a plain disk from an encrypted snapshot',
      [{ device: 'sdf', snapshot: 'snap-D', encrypted: false }],
      'mappingValid',
    ],
  ])('refuses %s', (_, request, outcome) => expect(merged(...request)).toBe(outcome))

  const disk = (entry: MappingEntry, from: object = {}) => {
    const mapping = mergeBlockDevices({ ...image, ...from }, [entry], snapshots)
    return 'volumes' in mapping
      ? mapping.volumes.find(each => normalised(each.device) === normalised(entry.device))
      : mapping
  }

  it('encrypts what is asked for, and what comes from something encrypted, with its key', () => {
    expect(disk({ device: 'sdf', sizeBytes: GiB, encrypted: true, kmsKey: 'mine' })).toMatchObject({
      encrypted: true,
      kmsKey: 'mine',
    })
    expect(disk({ device: 'sdf', snapshot: 'snap-D' })).toMatchObject({ encrypted: true, kmsKey: 'ours' })
    expect(disk({ device: 'sdf', snapshot: 'snap-D', kmsKey: 'mine' })).toMatchObject({ kmsKey: 'mine' })
    expect(disk({ device: 'sda1', encrypted: true })).toMatchObject({ encrypted: true })
    expect(disk({ device: 'sda1' }, { encrypted: true })).toMatchObject({ encrypted: true })
    expect(disk({ device: 'sda1', encrypted: false }, { encrypted: true })).toMatchObject({
      requirement: 'mappingValid',
    })
    const blockDevices = [{ device: 'sdb', snapshot: 'snap-E', sizeBytes: GiB, encrypted: true }]
    expect(disk({ device: 'sdb', sizeBytes: 2 * GiB }, { blockDevices })).toMatchObject({ encrypted: true })
    expect(disk({ device: 'sdb', encrypted: false }, { blockDevices })).toMatchObject({ requirement: 'mappingValid' })
  })

  it('keeps the rates of a disk with its type, and gives another type its own', () => {
    const blockDevices = [{ device: 'sdb', sizeBytes: 8 * GiB, volumeType: 'io1', iops: 400 }]
    expect(disk({ device: 'sdb' }, { blockDevices })).toMatchObject({ volumeType: 'io1', iops: 400 })
    expect(disk({ device: 'sdb', sizeBytes: 9 * GiB }, { blockDevices })).toMatchObject({ iops: 400 })
    expect(disk({ device: 'sdb', volumeType: 'gp2' }, { blockDevices })).not.toHaveProperty('iops')
    expect(disk({ device: 'sdb', volumeType: 'gp3' }, { blockDevices })).toMatchObject({
      iops: 3000,
      throughputMiBps: 125,
    })
  })

  it('keeps the names of ephemeral disks taken, and a left out device free', () => {
    const ephemeral = (...request: MappingEntry[]) => mergeBlockDevices(image, request, [])
    expect(ephemeral()).toMatchObject({ ephemeral: [{ device: '/dev/sdc', ephemeral: 'ephemeral0' }] })
    expect(ephemeral({ device: 'sdc', noDevice: true })).toMatchObject({ ephemeral: [] })
  })

  it('knows a device by one name however it is spelled', () => {
    expect(['/dev/sda1', 'sda1', 'sda', '/dev/sda'].map(normalised)).toEqual(['sda', 'sda', 'sda', 'sda'])
    expect(normalised('/dev/xvda1')).toBe(normalised('xvda'))
    expect(normalised('/dev/sdb1')).not.toBe(normalised('/dev/sdb'))
  })
})
