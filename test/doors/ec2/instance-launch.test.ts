/** RunInstances: what a launch answers, what it refuses and in which order, and what it keeps. (spec: ec2 2.5, 11.2) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { described, instanceIds, launched, launchedOne, listed, openWithDelays, reservationOf } from './instances.ts'
import { type Ec2Setting, image, key, type Parameters } from './setting.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openWithDelays()
})
afterAll(() => cloud.close())

const one: Parameters = { ImageId: image, MinCount: 1, MaxCount: 1 }
const refusal = async (parameters: Parameters) => {
  await cloud.engine.idle()
  const { position } = cloud.engine.health()
  const { status, code, message } = await cloud.refused('RunInstances', { ...one, ...parameters })
  expect(cloud.engine.health().position).toBe(position)
  expect(status).toBe(400)
  return `${code}: ${message}`
}

describe('a launch', () => {
  it('answers while its instances are pending, whatever the speed of its provider', async () => {
    const reservation = await reservationOf(cloud, { MinCount: 3, MaxCount: 3 })
    expect(reservation.reservationId).toMatch(/^r-[0-9a-f]{17}$/)
    expect(reservation.ownerId).toBe(key.account)
    const ids = reservation.instancesSet.map((each: { instanceId: string }) => each.instanceId)
    expect(new Set(ids).size).toBe(3)
    for (const [index, item] of reservation.instancesSet.entries()) {
      expect(item.instanceId).toMatch(/^i-[0-9a-f]{17}$/)
      expect(item).toMatchObject({
        instanceState: { code: '0', name: 'pending' },
        stateReason: { code: 'pending', message: 'pending' },
        amiLaunchIndex: String(index),
        privateDnsName: '',
        reason: '',
      })
      expect(item).not.toHaveProperty('privateIpAddress')
      expect(item.blockDeviceMapping[0].ebs).toMatchObject({ status: 'attaching', deleteOnTermination: 'true' })
    }
  })

  it('shows what its instances are', async () => {
    const id = await launchedOne(cloud, { InstanceType: 't3.micro', 'Placement.AvailabilityZone': 'us-east-1b' })
    const item = await described(cloud, id)
    const { vpcId, subnetId } = item
    expect(vpcId).toMatch(/^vpc-/)
    expect(subnetId).toMatch(/^subnet-/)
    const address = item.privateIpAddress
    expect(address).toMatch(/^10\./)
    expect(item).toEqual({
      instanceId: id,
      imageId: image,
      instanceState: { code: '16', name: 'running' },
      privateDnsName: `ip-${address.replaceAll('.', '-')}.ec2.internal`,
      dnsName: '',
      reason: '',
      amiLaunchIndex: '0',
      productCodes: '',
      instanceType: 't3.micro',
      launchTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      placement: { availabilityZone: 'us-east-1b', groupName: '', tenancy: 'default' },
      monitoring: { state: 'disabled' },
      subnetId,
      vpcId,
      privateIpAddress: address,
      sourceDestCheck: 'true',
      groupSet: [{ groupId: expect.stringMatching(/^sg-/), groupName: 'default' }],
      architecture: 'x86_64',
      rootDeviceType: 'ebs',
      rootDeviceName: '/dev/sda1',
      blockDeviceMapping: [
        {
          deviceName: '/dev/sda1',
          ebs: {
            volumeId: expect.stringMatching(/^vol-[0-9a-f]{17}$/),
            status: 'attached',
            attachTime: item.launchTime,
            deleteOnTermination: 'true',
          },
        },
      ],
      virtualizationType: 'hvm',
      clientToken: '',
      hypervisor: 'xen',
      networkInterfaceSet: '',
      ebsOptimized: 'false',
      enaSupport: 'true',
    })
  })

  it('names its instances after the region in any but the oldest', async () => {
    const id = await launchedOne(cloud, {}, { region: 'eu-west-1' })
    const [item] = await listed(cloud, instanceIds(id), { region: 'eu-west-1' })
    expect(item.placement.availabilityZone).toBe('eu-west-1a')
    expect(item.privateDnsName).toBe(`ip-${item.privateIpAddress.replaceAll('.', '-')}.eu-west-1.compute.internal`)
  })

  it('takes the first zone, and m1.small', async () => {
    const item = await described(cloud, await launchedOne(cloud))
    expect([item.placement.availabilityZone, item.instanceType]).toEqual(['us-east-1a', 'm1.small'])
  })

  it('keeps what only its client understands, and shows it again', async () => {
    const id = await launchedOne(cloud, {
      'Placement.Tenancy': 'dedicated',
      'Placement.GroupName': 'rack',
      'Placement.HostId': 'h-1',
      'Monitoring.Enabled': true,
      'IamInstanceProfile.Name': 'worker',
      'HibernationOptions.Configured': true,
      'MetadataOptions.HttpTokens': 'required',
      'MetadataOptions.HttpPutResponseHopLimit': 2,
      'CpuOptions.CoreCount': 1,
      'EnclaveOptions.Enabled': false,
      'MaintenanceOptions.AutoRecovery': 'default',
      'PrivateDnsNameOptions.HostnameType': 'ip-name',
      'CreditSpecification.CpuCredits': 'unlimited',
      KernelId: 'aki-1',
      RamdiskId: 'ari-1',
      EbsOptimized: true,
      AdditionalInfo: 'whatever',
      ClientToken: 'kept & shown',
    })
    expect(await described(cloud, id)).toMatchObject({
      placement: { availabilityZone: 'us-east-1a', tenancy: 'dedicated', groupName: 'rack', hostId: 'h-1' },
      monitoring: { state: 'enabled' },
      iamInstanceProfile: {
        arn: `arn:aws:iam::${key.account}:instance-profile/worker`,
        id: expect.stringMatching(/^AIPA[0-9A-F]{17}$/),
      },
      hibernationOptions: { configured: 'true' },
      metadataOptions: { state: 'applied', httpTokens: 'required', httpPutResponseHopLimit: '2' },
      cpuOptions: { coreCount: '1' },
      enclaveOptions: { enabled: 'false' },
      maintenanceOptions: { autoRecovery: 'default' },
      privateDnsNameOptions: { hostnameType: 'ip-name' },
      kernelId: 'aki-1',
      ramdiskId: 'ari-1',
      ebsOptimized: 'true',
      clientToken: 'kept & shown',
    })
    const { instanceCreditSpecificationSet } = await cloud.ok('DescribeInstanceCreditSpecifications', instanceIds(id))
    expect(instanceCreditSpecificationSet).toEqual([{ instanceId: id, cpuCredits: 'unlimited' }])
  })

  it('puts tags on its instances and on their volumes', async () => {
    const id = await launchedOne(cloud, {
      'TagSpecification.1.ResourceType': 'instance',
      'TagSpecification.1.Tag.1.Key': 'Name',
      'TagSpecification.1.Tag.1.Value': '<web> & "co"',
      'TagSpecification.2.ResourceType': 'volume',
      'TagSpecification.2.Tag.1.Key': 'disk',
      'TagSpecification.2.Tag.1.Value': '',
      'TagSpecification.3.ResourceType': 'instance',
      'TagSpecification.3.Tag.1.Key': 'more',
      'TagSpecification.3.Tag.1.Value': 'yes',
    })
    const item = await described(cloud, id)
    expect(item.tagSet.toSorted((a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1))).toEqual([
      { key: 'Name', value: '<web> & "co"' },
      { key: 'more', value: 'yes' },
    ])
    const acme = cloud.engine.as({ account: key.account, actor: 'acme', region: 'us-east-1' })
    const { attributes } = await acme.get(item.blockDeviceMapping[0].ebs.volumeId)
    expect(attributes.tags).toEqual({ disk: '' })
  })

  it('gives its guest the user data, and its caller the same again', async () => {
    const script = Buffer.from('#!/bin/sh\necho "ä & <b>"\n').toString('base64')
    const id = await launchedOne(cloud, { UserData: script })
    const { userData } = await cloud.ok('DescribeInstanceAttribute', { InstanceId: id, Attribute: 'userData' })
    expect(userData).toEqual({ value: script })
  })

  it('names the key that its guest trusts', async () => {
    await cloud.ok('CreateKeyPair', { KeyName: 'mine & yours' })
    const id = await launchedOne(cloud, { KeyName: 'mine & yours' })
    expect((await described(cloud, id)).keyName).toBe('mine & yours')
    const named = { 'Filter.1.Name': 'key-name', 'Filter.1.Value.1': 'mine*' }
    expect((await listed(cloud, named)).map(each => each.instanceId)).toEqual([id])
  })

  it('has the private address it asks for', async () => {
    const item = await described(cloud, await launchedOne(cloud, { PrivateIpAddress: '10.0.0.1' }))
    expect([item.privateIpAddress, item.privateDnsName]).toEqual(['10.0.0.1', 'ip-10-0-0-1.ec2.internal'])
  })

  it('takes the first type there is where nobody offers m1.small', async () => {
    const other = await openWithDelays()
    const operator = other.engine.as({ account: 'stemma', actor: 'stemma', authority: 'operator' })
    await operator.offering.retire('offering/m1.small')
    expect((await described(other, await launchedOne(other))).instanceType).toBe('m5.large')
    await other.close()
  })
})

describe('a launch into the default network', () => {
  it('goes to the zone of the subnet that it names', async () => {
    const { subnetId, groupSet } = await described(
      cloud,
      await launchedOne(cloud, { 'Placement.AvailabilityZone': 'us-east-1b' }),
    )
    const { groupId } = groupSet[0]
    for (const named of [
      { SubnetId: subnetId, 'SecurityGroupId.1': groupId },
      { SubnetId: subnetId, 'SecurityGroup.1': 'default' },
      { 'NetworkInterface.1.SubnetId': subnetId, 'NetworkInterface.1.SecurityGroupId.1': groupId },
      { 'NetworkInterface.1.DeviceIndex': 0, 'NetworkInterface.1.SubnetId': subnetId },
    ] as const) {
      const item = await described(cloud, await launchedOne(cloud, named))
      expect([item.subnetId, item.placement.availabilityZone]).toEqual([subnetId, 'us-east-1b'])
    }
  })

  it.each<[string, Parameters, string]>([
    [
      'a group that does not exist',
      { 'SecurityGroupId.1': 'sg-123456' },
      "InvalidGroup.NotFound: The security group 'sg-123456' does not exist",
    ],
    [
      'a group by a name nobody gave',
      { 'SecurityGroup.1': 'web' },
      "InvalidGroup.NotFound: The security group 'web' does not exist",
    ],
    [
      'a subnet that does not exist',
      { SubnetId: 'subnet-12345678' },
      "InvalidSubnetID.NotFound: The subnet ID 'subnet-12345678' does not exist",
    ],
    [
      'an interface that does not exist',
      { 'NetworkInterface.1.DeviceIndex': 0, 'NetworkInterface.1.NetworkInterfaceId': 'eni-12345678' },
      "InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-12345678' does not exist",
    ],
    [
      'a subnet beside an interface',
      { SubnetId: 'subnet-1', 'NetworkInterface.1.DeviceIndex': 0 },
      'InvalidParameterCombination: Network interfaces and an instance-level subnet ID may not be specified on the same request',
    ],
    [
      'a group beside an interface',
      { 'SecurityGroup.1': 'default', 'NetworkInterface.1.DeviceIndex': 0 },
      'InvalidParameterCombination: Network interfaces and an instance-level security groups may not be specified on the same request',
    ],
    [
      'two interfaces',
      { 'NetworkInterface.1.DeviceIndex': 0, 'NetworkInterface.2.DeviceIndex': 1 },
      'UnsupportedOperation: An instance has one network interface here, with device index 0.',
    ],
    [
      'an address that is none',
      { PrivateIpAddress: '10.0.0.256' },
      'InvalidParameterValue: Value (10.0.0.256) for parameter privateIpAddress is invalid. It is not an IPv4 address.',
    ],
    [
      'one address for two',
      { PrivateIpAddress: '10.0.0.9', MinCount: 2, MaxCount: 2 },
      'InvalidParameterCombination: A private address may be specified only when one instance is launched',
    ],
  ])('is refused for %s', async (_, parameters, expected) => {
    expect(await refusal(parameters)).toBe(expected)
  })
})

describe('a launch is refused', () => {
  it.each<[string, Parameters, string]>([
    ['without an image', { ImageId: undefined }, 'MissingParameter: The request must contain the parameter imageId'],
    [
      'without a least number',
      { MinCount: undefined },
      'MissingParameter: The request must contain the parameter minCount',
    ],
    [
      'for none',
      { MinCount: 0 },
      'InvalidParameterValue: Value (0) for parameter minCount is invalid. It must be between 1 and 2147483647.',
    ],
    [
      'for fewer than the least',
      { MinCount: 2 },
      "InvalidParameterValue: Invalid value '1' for maxCount. It must be at least minCount, which is 2.",
    ],
    [
      'for very many',
      { MaxCount: 1_001 },
      'InstanceLimitExceeded: You have requested more instances (1001) than one request may launch, which is 1000.',
    ],
    ['of what is no image', { ImageId: 'base' }, 'InvalidAMIID.Malformed: Invalid id: "base" (expecting "ami-...")'],
    [
      'of an image nobody has',
      { ImageId: 'ami-12345678' },
      "InvalidAMIID.NotFound: The image id '[ami-12345678]' does not exist",
    ],
    [
      'of a type nobody offers',
      { InstanceType: 'x9.huge' },
      'InvalidParameterValue: The following supplied instance types do not exist: [x9.huge]',
    ],
    [
      'in a zone of another region',
      { 'Placement.AvailabilityZone': 'eu-west-1a' },
      'InvalidParameterValue: Invalid Availability Zone (eu-west-1a)',
    ],
    ['with a key nobody made', { KeyName: 'lost' }, "InvalidKeyPair.NotFound: The key pair 'lost' does not exist"],
    [
      'for another end than there is',
      { InstanceInitiatedShutdownBehavior: 'hibernate' },
      'InvalidParameterValue: Value (hibernate) for parameter instanceInitiatedShutdownBehavior is invalid. Valid values are: stop, terminate.',
    ],
    [
      'with user data that is no base64',
      { UserData: '%%%' },
      'InvalidUserData.Malformed: Invalid BASE64 encoding of userData.',
    ],
    [
      'with more user data than fits',
      { UserData: Buffer.alloc(16_385).toString('base64') },
      'InvalidParameterValue: UserData is limited to 16384 bytes',
    ],
    [
      'with a profile named twice',
      { 'IamInstanceProfile.Arn': 'arn:a', 'IamInstanceProfile.Name': 'a' },
      "InvalidParameterCombination: The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
    ],
    [
      'with tags for what it does not make',
      { 'TagSpecification.1.ResourceType': 'snapshot', 'TagSpecification.1.Tag.1.Key': 'a' },
      "InvalidParameterValue: 'snapshot' is not a valid taggable resource type for this operation.",
    ],
    [
      'with a specification of no tags',
      { 'TagSpecification.1.ResourceType': 'instance' },
      'InvalidParameterValue: Tag specification must have at least one tag',
    ],
    [
      'with a tag of the cloud itself',
      { 'TagSpecification.1.ResourceType': 'instance', 'TagSpecification.1.Tag.1.Key': 'aws:x' },
      "InvalidParameterValue: Tag keys starting with 'aws:' are reserved for internal use",
    ],
    [
      'from a template',
      { 'LaunchTemplate.LaunchTemplateId': 'lt-1' },
      'UnknownParameter: The parameter LaunchTemplate.LaunchTemplateId is not recognized',
    ],
  ])('%s', async (_, parameters, expected) => {
    expect(await refusal(parameters)).toBe(expected)
  })

  it('with more tags than a resource has', async () => {
    const tags = Array.from({ length: 51 }, (_, index) => [`TagSpecification.1.Tag.${index + 1}.Key`, `k${index}`])
    const specification = { 'TagSpecification.1.ResourceType': 'volume', ...Object.fromEntries(tags) }
    expect(await refusal(specification)).toMatch(/^TagLimitExceeded: /)
  })

  it('of an image that is deregistered', async () => {
    const acme = cloud.engine.as({ account: key.account, actor: 'acme', region: 'us-east-1' })
    const { id } = await acme.image.register({ name: 'gone', sizeBytes: 2 ** 30 })
    await acme.image.deregister(id)
    const wire = id.replace('img-', 'ami-')
    expect(await refusal({ ImageId: wire })).toBe(
      `InvalidAMIID.Unavailable: The image ID '${wire}' is no longer available`,
    )
  })

  it('of an image of another region, as if there were none', async () => {
    const acme = cloud.engine.as({ account: key.account, actor: 'acme', region: 'eu-west-1' })
    const { id } = await acme.image.register({ name: 'far', sizeBytes: 2 ** 30 })
    expect(await refusal({ ImageId: id.replace('img-', 'ami-') })).toMatch(/^InvalidAMIID.NotFound: /)
  })

  it('for its parameters, then its image, its type, its zone, its key, its groups', async () => {
    const wrong: [Parameters, string][] = [
      [{ MinCount: 2, MaxCount: 1 }, 'InvalidParameterValue'],
      [{ ImageId: 'ami-12345678' }, 'InvalidAMIID.NotFound'],
      [{ InstanceType: 'x9.huge' }, 'InvalidParameterValue'],
      [{ 'Placement.AvailabilityZone': 'mars-1a' }, 'InvalidParameterValue'],
      [{ KeyName: 'lost' }, 'InvalidKeyPair.NotFound'],
      [{ 'SecurityGroupId.1': 'sg-12345678' }, 'InvalidGroup.NotFound'],
    ]
    const says = ['maxCount', 'image id', 'instance types', 'Availability Zone', 'key pair', 'security group']
    for (let first = 0; first < wrong.length; first += 1) {
      const parameters = Object.assign({}, ...wrong.slice(first).map(([each]) => each))
      const said = await refusal(parameters)
      expect(said).toMatch(new RegExp(`^${wrong[first]![1]}: .*${says[first]}`))
    }
  })

  it('before anything is looked at, when it is a dry run', async () => {
    const dry = { ...one, DryRun: true }
    expect((await cloud.refused('RunInstances', dry)).status).toBe(412)
    expect((await cloud.refused('RunInstances', { ...dry, ImageId: 'ami-12345678' })).code).toBe('DryRunOperation')
    expect((await cloud.refused('RunInstances', { ...dry, MinCount: 2 })).code).toBe('InvalidParameterValue')
  })
})

describe('a launch with a token', () => {
  const token = { ClientToken: 'once', MinCount: 2, MaxCount: 2 }

  it('is done once, and answered again with what has become of it', async () => {
    const first = await reservationOf(cloud, token)
    const again = await reservationOf(cloud, token)
    expect(again.reservationId).toBe(first.reservationId)
    const idsOf = (reservation: { instancesSet: { instanceId: string }[] }) =>
      reservation.instancesSet.map(each => each.instanceId)
    expect(idsOf(again)).toEqual(idsOf(first))
    expect(again.instancesSet[0].instanceState.name).toBe('running')
    expect((await listed(cloud, { 'Filter.1.Name': 'client-token', 'Filter.1.Value.1': 'once' })).length).toBe(2)
  })

  it('is another launch in another region', async () => {
    const here = await launched(cloud, token)
    const there = await launched(cloud, token, { region: 'eu-west-1' })
    expect(there).not.toEqual(here)
  })

  it('is refused with other arguments', async () => {
    await reservationOf(cloud, token)
    expect(await refusal({ ...token, InstanceType: 't3.micro' })).toBe(
      'IdempotentParameterMismatch: Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
    )
    expect(
      await refusal({ ...token, 'TagSpecification.1.ResourceType': 'instance', 'TagSpecification.1.Tag.1.Key': 'a' }),
    ).toMatch(/^IdempotentParameterMismatch/)
  })

  it('shows the reservation whole as long as one instance of it is left, and then none', async () => {
    const [first, second] = (await launched(cloud, token)) as [string, string]
    await cloud.ok('TerminateInstances', instanceIds(first))
    const { instancesSet } = await reservationOf(cloud, token)
    expect(instancesSet.map((each: { instanceState: { name: string } }) => each.instanceState.name)).toEqual([
      'terminated',
      'running',
    ])
    await cloud.ok('TerminateInstances', instanceIds(second))
    expect(await refusal(token)).toBe(
      'IdempotentInstanceTerminated: The client token you have provided is associated with a terminated instance. Please use a different client token.',
    )
  })

  it('is answered again although the image is gone meanwhile', async () => {
    const acme = cloud.engine.as({ account: key.account, actor: 'acme', region: 'us-east-1' })
    const { id } = await acme.image.register({ name: 'passing', sizeBytes: 2 ** 30 })
    const parameters = { ImageId: id.replace('img-', 'ami-'), ClientToken: 'after the image' }
    const [instance] = await launched(cloud, parameters)
    await acme.image.deregister(id)
    expect(await launched(cloud, parameters)).toEqual([instance])
  })

  it('may be refused, and then tried again with the same token', async () => {
    expect(await refusal({ ClientToken: 'later', ImageId: 'ami-12345678' })).toMatch(/^InvalidAMIID/)
    await launchedOne(cloud, { ClientToken: 'later' })
  })

  it.each([
    ['longer than 64 characters', 'x'.repeat(65)],
    ['not of ASCII', 'töken'],
  ])('is refused when that is %s', async (_, ClientToken) => {
    expect(await refusal({ ClientToken })).toMatch(/^InvalidParameterValue: .*clientToken/)
  })

  it('is done once when it comes many times at once', async () => {
    const parameters = { ...one, ClientToken: 'at once' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => cloud.ok('RunInstances', parameters)))
    expect(new Set(answers.map(({ instancesSet }) => instancesSet[0].instanceId)).size).toBe(1)
  })
})
