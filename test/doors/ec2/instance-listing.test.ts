/** DescribeInstances: by reservation, by id, by filter, by page. (spec: ec2 2.10, 11.3, 11.4) */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { described, instanceIds, instanceIn, launched, launchedOne, listed, openWithDelays } from './instances.ts'
import { type Ec2Setting, image, key, otherKey, type Parameters } from './setting.ts'

let cloud: Ec2Setting
const filter = (name: string, ...values: readonly (string | number | boolean)[]): Parameters => ({
  'Filter.1.Name': name,
  ...Object.fromEntries(values.map((value, index) => [`Filter.1.Value.${index + 1}`, value])),
})
// biome-ignore lint/suspicious/noExplicitAny: tests read what the protocol says is there
type Item = any
const idsOf = (items: readonly Item[]): string[] => items.map(each => each.instanceId)
const found = async (parameters: Parameters) => idsOf(await listed(cloud, parameters))
const reservationsIn = async (parameters: Parameters = {}) => {
  const body = await cloud.ok('DescribeInstances', parameters)
  return { reservations: [body.reservationSet || []].flat() as Item[], nextToken: body.nextToken as string | undefined }
}

describe('a cloud of three reservations', () => {
  let first: string[]
  let second: string[]
  let third: string[]
  beforeAll(async () => {
    cloud = await openWithDelays()
    first = await launched(cloud, { MinCount: 3, MaxCount: 3 })
    second = await launched(cloud)
    third = await launched(cloud, { MinCount: 2, MaxCount: 2 })
  })
  afterAll(() => cloud.close())

  it('lists them from the oldest, each whole and in the order of its launch', async () => {
    const { reservations } = await reservationsIn()
    expect(reservations.map(each => idsOf(each.instancesSet))).toEqual([first, second, third])
    expect(new Set(reservations.map(each => each.reservationId)).size).toBe(3)
    for (const each of reservations) expect([each.ownerId, each.groupSet]).toEqual([key.account, ''])
  })

  it('lists those that are asked for by id under their reservations', async () => {
    const { reservations } = await reservationsIn(instanceIds(third[1]!, first[2]!, first[0]!, third[1]!))
    expect(reservations.map(each => idsOf(each.instancesSet))).toEqual([[first[0], first[2]], [third[1]]])
  })

  it('lists of a reservation only what a filter lets through', async () => {
    const { reservations } = await reservationsIn(filter('instance-id', first[1]!, second[0]!, 'i-12345678', 'other'))
    expect(reservations.map(each => idsOf(each.instancesSet))).toEqual([[first[1]], second])
    const { reservationId } = reservations[0]
    expect(await found(filter('reservation-id', reservationId))).toEqual(first)
  })

  it('lists nothing to another account, nor in another region', async () => {
    expect(await listed(cloud, {}, { key: otherKey })).toEqual([])
    expect(await listed(cloud, {}, { region: 'eu-west-1' })).toEqual([])
  })

  it('says which ids do not exist', async () => {
    expect(await cloud.refused('DescribeInstances', instanceIds(first[0]!, 'i-1234abcd', 'i-12345678'))).toEqual({
      status: 400,
      code: 'InvalidInstanceID.NotFound',
      message: "The instance IDs 'i-1234abcd, i-12345678' do not exist",
    })
    expect((await cloud.refused('DescribeInstances', instanceIds('vol-12345678'))).message).toBe(
      'Invalid id: "vol-12345678"',
    )
  })

  it('may be asked as a dry run', async () => {
    expect((await cloud.refused('DescribeInstances', { DryRun: true })).status).toBe(412)
  })
})

describe('filters', () => {
  let web: Item
  let plain: Item
  beforeAll(async () => {
    cloud = await openWithDelays()
    const webId = await launchedOne(cloud, {
      InstanceType: 't3.micro',
      ClientToken: 'a token',
      'Placement.AvailabilityZone': 'us-east-1b',
      'Placement.Tenancy': 'dedicated',
      'Monitoring.Enabled': true,
      'IamInstanceProfile.Arn': 'arn:aws:iam::1:instance-profile/web',
      KernelId: 'aki-web',
      RamdiskId: 'ari-web',
      'TagSpecification.1.ResourceType': 'instance',
      'TagSpecification.1.Tag.1.Key': 'Name',
      'TagSpecification.1.Tag.1.Value': 'web*1 ["x"]',
      'TagSpecification.1.Tag.2.Key': 'only web',
      'BlockDeviceMapping.1.DeviceName': '/dev/sda1',
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': false,
    })
    const plainId = await launchedOne(cloud, {
      'TagSpecification.1.ResourceType': 'instance',
      'TagSpecification.1.Tag.1.Key': 'Name',
      'TagSpecification.1.Tag.1.Value': 'plain',
    })
    await cloud.ok('StopInstances', instanceIds(webId))
    await cloud.ok('ModifyInstanceAttribute', { InstanceId: webId, 'SourceDestCheck.Value': false })
    web = await described(cloud, webId)
    plain = await described(cloud, plainId)
  })
  afterAll(() => cloud.close())

  it.each<[string, (item: Item) => string | number | boolean]>([
    ['availability-zone', item => item.placement.availabilityZone],
    ['block-device-mapping.delete-on-termination', item => item.blockDeviceMapping[0].ebs.deleteOnTermination],
    ['block-device-mapping.volume-id', item => item.blockDeviceMapping[0].ebs.volumeId],
    ['client-token', () => 'a token'],
    ['iam-instance-profile.arn', () => 'arn:aws:iam::1:instance-profile/web'],
    ['instance-id', item => item.instanceId],
    ['instance-state-code', () => 80],
    ['instance-state-name', () => 'stopped'],
    ['instance-type', () => 't3.micro'],
    ['kernel-id', () => 'aki-web'],
    ['monitoring-state', () => 'enabled'],
    ['private-dns-name', item => item.privateDnsName],
    ['private-ip-address', item => item.privateIpAddress],
    ['ramdisk-id', () => 'ari-web'],
    ['reason', item => item.reason],
    ['source-dest-check', () => false],
    ['state-reason-code', () => 'Client.UserInitiatedShutdown'],
    ['state-reason-message', () => 'Client.UserInitiatedShutdown: User initiated shutdown'],
    ['subnet-id', item => item.subnetId],
    ['tag:Name', () => 'web\\*1 ["x"]'],
    ['tag:only web', () => ''],
    ['tag-key', () => 'only web'],
    ['tag-value', () => 'web*1*'],
    ['tenancy', () => 'dedicated'],
  ])('%s finds the one it says', async (name, value) => {
    expect(await found(filter(name, value(web)))).toEqual([web.instanceId])
    expect(await found(filter(name, 'nothing like it'))).toEqual([])
  })

  it.each<[string, (item: Item) => string | number | boolean]>([
    ['architecture', () => 'x86_64'],
    ['block-device-mapping.device-name', () => '/dev/sda1'],
    ['block-device-mapping.status', () => 'attached'],
    ['hypervisor', () => 'xen'],
    ['image-id', () => image],
    ['instance.group-id', item => item.groupSet[0].groupId],
    ['instance.group-name', () => 'default'],
    ['launch-index', () => 0],
    ['owner-id', () => key.account],
    ['root-device-name', () => '/dev/sda1'],
    ['root-device-type', () => 'ebs'],
    ['virtualization-type', () => 'hvm'],
    ['vpc-id', item => item.vpcId],
    ['tag:Name', () => '*'],
    ['instance-type', () => '??.*'],
  ])('%s finds all that it says', async (name, value) => {
    expect(await found(filter(name, value(plain)))).toEqual([web.instanceId, plain.instanceId])
  })

  it('launch-time and attach-time find what was shown, and that to the second', async () => {
    const at = plain.launchTime as string
    for (const name of ['launch-time', 'block-device-mapping.attach-time']) {
      expect(await found(filter(name, at))).toContain(plain.instanceId)
      expect(await found(filter(name, at.replace(/\.\d+Z/, '.000Z')))).toContain(plain.instanceId)
    }
  })

  it('state-reason-code is empty for what runs', async () => {
    expect(await found(filter('state-reason-code', ''))).toEqual([plain.instanceId])
  })

  it.each(['platform', 'ip-address', 'key-name'])('%s finds none where there is none', async name => {
    expect(await found(filter(name, '*'))).toEqual([])
  })

  it('add up, while their values do not', async () => {
    const both = {
      ...filter('tag:Name', 'plain', 'web*'),
      'Filter.2.Name': 'instance-state-name',
      'Filter.2.Value.1': 'running',
    }
    expect(await found(both)).toEqual([plain.instanceId])
    expect(await found({ ...instanceIds(web.instanceId), ...filter('instance-state-name', 'running') })).toEqual([])
  })

  it('without a value find nothing', async () => {
    expect(await found(filter('instance-state-name'))).toEqual([])
  })

  it('are refused without a name, or with one that is not known', async () => {
    expect((await cloud.refused('DescribeInstances', { 'Filter.1.Value.1': 'x' })).code).toMatch(
      /^(MissingParameter|InvalidParameterValue)$/,
    )
    expect(await cloud.refused('DescribeInstances', filter('colour', 'red'))).toEqual({
      status: 400,
      code: 'InvalidParameterValue',
      message: "The filter 'colour' is invalid",
    })
  })
})

describe('pages', () => {
  let reservations: string[][]
  beforeAll(async () => {
    cloud = await openWithDelays()
    reservations = []
    for (const count of [1, 3, 1, 2, 1, 1, 4, 1, 1, 1, 1, 2])
      reservations.push(await launched(cloud, { MinCount: count, MaxCount: count }))
  })
  afterAll(() => cloud.close())
  const page = async (parameters: Parameters) => {
    const { reservations: items, nextToken } = await reservationsIn(parameters)
    return { ids: items.map(each => idsOf(each.instancesSet)), nextToken }
  }

  it('hold reservations, never a part of one, and together are the whole list', async () => {
    const all: string[][] = []
    let NextToken: string | undefined
    do {
      const { ids, nextToken } = await page({ MaxResults: 5, NextToken })
      expect(ids.length).toBe(nextToken ? 5 : 2)
      all.push(...ids)
      NextToken = nextToken
    } while (NextToken)
    expect(all).toEqual(reservations)
  })

  it('go on to the end without a size', async () => {
    const { ids, nextToken } = await page({ MaxResults: 5 })
    const rest = await page({ NextToken: nextToken })
    expect([...ids, ...rest.ids]).toEqual(reservations)
    expect(rest.nextToken).toBeUndefined()
  })

  it('neither skip nor repeat while instances come', async () => {
    const other = await openWithDelays()
    const before: string[] = []
    for (let index = 0; index < 7; index += 1) before.push(await launchedOne(other))
    const first = await other.ok('DescribeInstances', { MaxResults: 5 })
    const late = await launchedOne(other)
    const second = await other.ok('DescribeInstances', { MaxResults: 5, NextToken: first.nextToken })
    const ids = [...first.reservationSet, ...second.reservationSet].flatMap(each => idsOf(each.instancesSet))
    expect(ids).toEqual([...before, late])
    await other.close()
  })

  it.each([4, 1_001, 0])('are not of %d', async MaxResults => {
    expect((await cloud.refused('DescribeInstances', { MaxResults })).code).toBe('InvalidParameterValue')
  })

  it('are not of instances that are named', async () => {
    expect(await cloud.refused('DescribeInstances', { ...instanceIds('i-12345678'), MaxResults: 100 })).toEqual({
      status: 400,
      code: 'InvalidParameterCombination',
      message: 'The parameter instancesSet cannot be used with the parameter maxResults',
    })
  })

  it('do not begin with a token of another question', async () => {
    const { nextToken } = await page({ MaxResults: 5 })
    for (const NextToken of ['nonsense', nextToken]) {
      const asked = { MaxResults: 5, NextToken, ...filter('instance-state-name', 'running') }
      expect((await cloud.refused('DescribeInstances', asked)).code).toBe('InvalidNextToken')
    }
  })
})

describe('an instance that has ended', () => {
  beforeEach(async () => {
    cloud = await openWithDelays()
    return () => cloud.close()
  })

  it('is still listed, with its tags and without addresses, groups and disks', async () => {
    const id = await instanceIn(cloud, 'terminated', {
      PrivateIpAddress: '10.1.2.3',
      'TagSpecification.1.ResourceType': 'instance',
      'TagSpecification.1.Tag.1.Key': 'a',
      'TagSpecification.1.Tag.1.Value': 'b',
    })
    const item = await described(cloud, id)
    expect(item).toMatchObject({
      instanceState: { code: '48', name: 'terminated' },
      privateDnsName: '',
      dnsName: '',
      blockDeviceMapping: '',
      groupSet: '',
      tagSet: [{ key: 'a', value: 'b' }],
    })
    expect(item).not.toHaveProperty('privateIpAddress')
    expect(item).not.toHaveProperty('ipAddress')
  })

  it('that is only stopped keeps its private address and shows no public one', async () => {
    const id = await launchedOne(cloud)
    const { privateIpAddress } = await described(cloud, id)
    await cloud.ok('StopInstances', instanceIds(id))
    const item = await described(cloud, id)
    expect(item).toMatchObject({ instanceState: { name: 'stopped' }, privateIpAddress, dnsName: '' })
    expect(item).not.toHaveProperty('ipAddress')
  })
})

it('lists what another door launched as a reservation of its own', async () => {
  cloud = await openWithDelays()
  const acme = cloud.engine.as({ account: key.account, actor: 'acme', region: 'us-east-1' })
  const { id } = await acme.instance.launch({
    image: image.replace('ami-', 'img-'),
    type: 'm1.small',
    userData: 'plain text',
  })
  await acme.settled(id)
  const { reservations } = await reservationsIn()
  expect(reservations).toMatchObject([
    { reservationId: id.replace('i-', 'r-'), instancesSet: [{ instanceId: id, amiLaunchIndex: '0', clientToken: '' }] },
  ])
  const { userData } = await cloud.ok('DescribeInstanceAttribute', { InstanceId: id, Attribute: 'userData' })
  expect(Buffer.from(userData.value, 'base64').toString()).toBe('plain text')
  await cloud.close()
})
