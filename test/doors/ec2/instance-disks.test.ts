/** Which disks a launch over EC2 makes: the worked examples of spec ec2 6.3, and what is wrong with an entry (6.1, 6.2). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { described, instanceIds, launchedOne, openWithDelays } from './instances.ts'
import { type Ec2Setting, key, type Parameters } from './setting.ts'

const GiB = 2 ** 30
let cloud: Ec2Setting
/** Snapshots of 8, 10 and 12 GiB, and an image: root from A, /dev/sdb from B and kept, /dev/sdc ephemeral. */
const snapshots = { A: '', B: '', C: '' }
let image = ''
const inRegion = () => cloud.engine.as({ account: key.account, actor: 'acme', region: 'us-east-1' })

beforeAll(async () => {
  cloud = await openWithDelays()
  const acme = inRegion()
  for (const [name, sizeGiB] of Object.entries({ A: 8, B: 10, C: 12 })) {
    const volume = await acme.volume.create({ sizeBytes: sizeGiB * GiB })
    await acme.settled(volume.id)
    const { id } = await acme.snapshot.create({ volume: volume.id })
    await acme.settled(id)
    snapshots[name as 'A'] = id
  }
  const { id } = await acme.image.register({
    name: 'worked',
    rootDevice: '/dev/sda1',
    snapshot: snapshots.A,
    blockDevices: [
      { device: '/dev/sdb', snapshot: snapshots.B, deleteOnTermination: false },
      { device: '/dev/sdc', ephemeral: 'ephemeral0' },
    ],
  })
  image = id.replace('img-', 'ami-')
})
afterAll(() => cloud.close())

type Entry = Readonly<Record<string, string | number | boolean>>
const entry = (DeviceName: string, rest: Entry = {}): Entry => ({ DeviceName, ...rest })
const ebs = (device: string, fields: Entry): Entry =>
  entry(device, Object.fromEntries(Object.entries(fields).map(([name, value]) => [`Ebs.${name}`, value])))

/** `$A` stands for the id of snapshot A. */
const mappings = (entries: readonly Entry[]): Parameters =>
  Object.fromEntries(
    entries.flatMap((each, index) =>
      Object.entries(each).map(([name, value]) => [
        `BlockDeviceMapping.${index + 1}.${name}`,
        typeof value === 'string' ? value.replace(/^\$(.)$/, (_, letter: 'A') => snapshots[letter]) : value,
      ]),
    ),
  )

/** `sda1 8 A true`: device, size in GiB, snapshot, flag. */
async function disksOf(id: string): Promise<string[]> {
  const { blockDeviceMapping } = await described(cloud, id)
  const names = new Map(Object.entries(snapshots).map(([name, snapshot]) => [snapshot, name]))
  const disks: string[] = []
  for (const { deviceName, ebs } of blockDeviceMapping) {
    const { attributes, zone } = await inRegion().get(ebs.volumeId)
    expect(zone).toBe('us-east-1a')
    const origin = attributes.from?.kind === 'volumeSnapshot' ? names.get(attributes.from.id) : 'blank'
    disks.push([deviceName.replace('/dev/', ''), attributes.sizeBytes / GiB, origin, ebs.deleteOnTermination].join(' '))
  }
  return disks
}

describe('the worked examples', () => {
  it.each<[string, Entry[], string[]]>([
    ['nothing', [], ['sda1 8 A true', 'sdb 10 B false']],
    ['a larger root', [ebs('/dev/sda1', { VolumeSize: 20 })], ['sda1 20 A true', 'sdb 10 B false']],
    ['a root that stays', [ebs('/dev/sda1', { DeleteOnTermination: false })], ['sda1 8 A false', 'sdb 10 B false']],
    ['sdb left out', [entry('/dev/sdb', { NoDevice: '' })], ['sda1 8 A true']],
    ['a larger sdb', [ebs('/dev/sdb', { VolumeSize: 15 })], ['sda1 8 A true', 'sdb 15 B false']],
    ['sdb from another snapshot', [ebs('/dev/sdb', { SnapshotId: '$C' })], ['sda1 8 A true', 'sdb 12 C true']],
    ['one more, blank', [ebs('/dev/sdf', { VolumeSize: 5 })], ['sda1 8 A true', 'sdb 10 B false', 'sdf 5 blank true']],
    [
      'a volume in place of the ephemeral disk',
      [ebs('/dev/sdc', { VolumeSize: 1 })],
      ['sda1 8 A true', 'sdb 10 B false', 'sdc 1 blank true'],
    ],
    ['the root by its other name', [ebs('sda', { VolumeSize: 9 })], ['sda1 9 A true', 'sdb 10 B false']],
    ['what is not there left out', [entry('/dev/sdz', { NoDevice: '' })], ['sda1 8 A true', 'sdb 10 B false']],
    ['another ephemeral disk', [entry('/dev/sdd', { VirtualName: 'ephemeral1' })], ['sda1 8 A true', 'sdb 10 B false']],
  ])('%s', async (_, entries, disks) => {
    const id = await launchedOne(cloud, { ImageId: image, ...mappings(entries) })
    expect((await disksOf(id)).toSorted()).toEqual(disks.toSorted())
  })

  const taken = /^InvalidBlockDeviceMapping: /
  it.each<[string, Entry[], RegExp]>([
    ['a smaller root', [ebs('/dev/sda1', { VolumeSize: 4 })], taken],
    [
      'a device without anything',
      [entry('/dev/sdf')],
      /^MissingParameter: The request must contain the parameter ebs$/,
    ],
    [
      'a volume without size and snapshot',
      [ebs('/dev/sdf', { VolumeType: 'standard' })],
      /^MissingParameter: The request must contain the parameter size or snapshotId$/,
    ],
    ['no root', [entry('/dev/sda1', { NoDevice: '' })], taken],
    ['an ephemeral root', [entry('/dev/sda1', { VirtualName: 'ephemeral0' })], taken],
    [
      'a root from another snapshot',
      [ebs('/dev/sda1', { SnapshotId: '$C' })],
      /^InvalidBlockDeviceMapping: .*snapshotId cannot be modified on root device/i,
    ],
    [
      'one device twice',
      [ebs('sdf', { VolumeSize: 5 }), ebs('/dev/sdf', { VolumeSize: 6 })],
      /^InvalidBlockDeviceMapping: The device 'sdf' is used in more than one block-device mapping$/,
    ],
    // A line of its own in any alphabet: what is quoted does not end the sentence.
    [
      'a device whose name breaks the line',
      [ebs('\u2028', { VolumeSize: 5 })],
      /^InvalidBlockDeviceMapping: Is not a device name$/,
    ],
    ['the root twice', [ebs('/dev/sda', { VolumeSize: 9 }), ebs('/dev/sda1', { VolumeSize: 9 })], taken],
    [
      'a volume smaller than its snapshot',
      [ebs('/dev/sdf', { SnapshotId: '$C', VolumeSize: 11 })],
      /^InvalidBlockDeviceMapping: Volume of size 11GB is smaller than snapshot 'snap-[0-9a-f]+', expect size >= 12GB$/,
    ],
    [
      'a snapshot nobody has',
      [ebs('/dev/sdf', { SnapshotId: 'snap-xxxx' })],
      /^InvalidSnapshot.NotFound: The snapshot 'snap-xxxx' does not exist\.$/,
    ],
    ['what is no device', [ebs('/dev/disk1', { VolumeSize: 1 })], taken],
    ['two things at once', [entry('/dev/sdf', { NoDevice: '', 'Ebs.VolumeSize': 1 })], taken],
    [
      'a NoDevice that says something',
      [entry('/dev/sdb', { NoDevice: 'yes' })],
      /^InvalidRequest: The request received was invalid$/,
    ],
    ['no name', [{ 'Ebs.VolumeSize': 1 }], /^MissingParameter: The request must contain the parameter deviceName$/],
    ['an ephemeral disk without a number', [entry('/dev/sdf', { VirtualName: 'fast' })], taken],
    [
      'a size that its type does not have',
      [ebs('/dev/sdf', { VolumeSize: 1, VolumeType: 'st1' })],
      /^InvalidParameterValue: /,
    ],
    ['io1 without its rate', [ebs('/dev/sdf', { VolumeSize: 4, VolumeType: 'io1' })], /^MissingParameter: .*iops/],
    [
      'a rate that gp2 does not take',
      [ebs('/dev/sdf', { VolumeSize: 4, VolumeType: 'gp2', Iops: 100 })],
      /^InvalidParameterCombination: /,
    ],
    [
      'a throughput that gp2 does not take',
      [ebs('/dev/sdf', { VolumeSize: 4, VolumeType: 'gp2', Throughput: 100 })],
      /^InvalidParameterDependency: /,
    ],
    [
      'a key to nothing',
      [ebs('/dev/sdf', { VolumeSize: 4, KmsKeyId: 'key' })],
      /^InvalidParameterDependency: The parameter KmsKeyId requires the parameter Encrypted to be set\.$/,
    ],
    ['a size of none', [ebs('/dev/sdf', { VolumeSize: 0 })], /^InvalidParameterValue: /],
  ])('refuse %s, and launch nothing', async (_, entries, expected) => {
    await cloud.engine.idle()
    const { position } = cloud.engine.health()
    const { status, code, message } = await cloud.refused('RunInstances', {
      ImageId: image,
      MinCount: 1,
      MaxCount: 1,
      ...mappings(entries),
    })
    expect(`${code}: ${message}`).toMatch(expected)
    expect(status).toBe(400)
    expect(cloud.engine.health().position).toBe(position)
  })
})

it('gives the disks of a launch their type and their rate', async () => {
  const id = await launchedOne(cloud, {
    ImageId: image,
    ...mappings([ebs('/dev/sdf', { VolumeSize: 4, VolumeType: 'io1', Iops: 200, Encrypted: true, KmsKeyId: 'mine' })]),
  })
  const { blockDeviceMapping } = await described(cloud, id)
  const { attributes } = await inRegion().get(blockDeviceMapping.at(-1).ebs.volumeId)
  expect(attributes).toMatchObject({ volumeType: 'io1', iops: 200, encrypted: true, kmsKey: 'mine' })
})

it('deletes and keeps what the flags say when the instance ends', async () => {
  const id = await launchedOne(cloud, { ImageId: image })
  const { blockDeviceMapping } = await described(cloud, id)
  await cloud.ok('TerminateInstances', instanceIds(id))
  await cloud.engine.idle()
  const states = []
  for (const { ebs } of blockDeviceMapping) states.push((await inRegion().get(ebs.volumeId)).state)
  expect(states).toEqual(['deleted', 'available'])
  expect((await described(cloud, id)).blockDeviceMapping).toBe('')
})
