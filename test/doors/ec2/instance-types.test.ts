/** DescribeInstanceTypes and DescribeInstanceTypeOfferings: the offerings in use. (spec: ec2 11.2, 11.3) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ec2Setting, openEc2, type Parameters, regions } from './setting.ts'

const GiB = 2 ** 30
let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openEc2()
  const operator = cloud.engine.as({ account: 'stemma', actor: 'stemma', authority: 'operator' })
  await operator.offering.define({ name: 'old.one', vcpus: 1, memoryBytes: GiB })
  await operator.offering.retire('offering/old.one')
  for (let index = 0; index < 5; index += 1)
    await operator.offering.define({
      name: `c6g.${index}xlarge`,
      vcpus: 4,
      memoryBytes: 8 * GiB,
      annotations: { 'ec2/architecture': 'arm64' },
    })
})
afterAll(() => cloud.close())

const inUse = [
  'c6g.0xlarge',
  'c6g.1xlarge',
  'c6g.2xlarge',
  'c6g.3xlarge',
  'c6g.4xlarge',
  'm1.small',
  'm5.large',
  't3.micro',
]
const typesIn = async (parameters: Parameters = {}) => {
  const { instanceTypeSet } = await cloud.ok('DescribeInstanceTypes', parameters)
  return [instanceTypeSet || []].flat().map(each => each.instanceType)
}
const filter = (name: string, value: string | number | boolean): Parameters => ({
  'Filter.1.Name': name,
  'Filter.1.Value.1': value,
})

describe('instance types', () => {
  it('are the offerings in use, in every region', async () => {
    expect(await typesIn()).toEqual(inUse)
    const { instanceTypeSet } = await cloud.ok('DescribeInstanceTypes', {}, { region: 'eu-west-1' })
    expect(instanceTypeSet).toHaveLength(inUse.length)
  })

  it('say how large they are', async () => {
    const { instanceTypeSet } = await cloud.ok('DescribeInstanceTypes', { 'InstanceType.1': 'm5.large' })
    expect(instanceTypeSet).toMatchObject([
      {
        instanceType: 'm5.large',
        vCpuInfo: { defaultVCpus: '2' },
        memoryInfo: { sizeInMiB: '2048' },
        processorInfo: { supportedArchitectures: ['x86_64'] },
        supportedRootDeviceTypes: ['ebs'],
        currentGeneration: 'true',
        bareMetal: 'false',
      },
    ])
  })

  it.each<[string, string | number | boolean, string[]]>([
    ['instance-type', 'c6g.*', inUse.slice(0, 5)],
    ['vcpu-info.default-vcpus', 4, inUse.slice(0, 5)],
    ['memory-info.size-in-mib', 1024, ['m1.small']],
    ['processor-info.supported-architecture', 'x86_64', inUse.slice(5)],
    ['bare-metal', true, []],
    ['supported-root-device-type', 'ebs', inUse],
  ])('are found by %s', async (name, value, types) => {
    expect(await typesIn(filter(name, value))).toEqual(types)
  })

  it('come in pages of 5 to 100', async () => {
    const first = await cloud.ok('DescribeInstanceTypes', { MaxResults: 5 })
    const second = await typesIn({ MaxResults: 5, NextToken: first.nextToken })
    expect([...first.instanceTypeSet.map((each: { instanceType: string }) => each.instanceType), ...second]).toEqual(
      inUse,
    )
    for (const MaxResults of [4, 101])
      expect((await cloud.refused('DescribeInstanceTypes', { MaxResults })).code).toBe('InvalidParameterValue')
  })

  it('that nobody offers, or that are retired, are named', async () => {
    expect(
      await cloud.refused('DescribeInstanceTypes', {
        'InstanceType.1': 'x9.huge',
        'InstanceType.2': 'm1.small',
        'InstanceType.3': 'old.one',
      }),
    ).toEqual({
      status: 400,
      code: 'InvalidInstanceType',
      message: 'The following supplied instance types do not exist: [x9.huge, old.one]',
    })
  })
})

describe('offerings of instance types', () => {
  const offers = async (parameters: Parameters) => {
    const { instanceTypeOfferingSet } = await cloud.ok('DescribeInstanceTypeOfferings', parameters)
    return [instanceTypeOfferingSet || []].flat()
  }

  it('are of the region, unless zones are asked for', async () => {
    expect(await offers(filter('instance-type', 'm5.large'))).toEqual([
      { instanceType: 'm5.large', locationType: 'region', location: 'us-east-1' },
    ])
  })

  it('are in every zone', async () => {
    const asked = { LocationType: 'availability-zone', ...filter('instance-type', 'm5.large') }
    expect((await offers(asked)).map(each => each.location)).toEqual(regions[0]!.zones)
    expect(await offers({ ...asked, LocationType: 'availability-zone-id' })).toMatchObject([
      { location: 'use1-az1' },
      { location: 'use1-az2' },
    ])
  })

  it('are found by their location', async () => {
    const asked = { LocationType: 'availability-zone', ...filter('location', 'us-east-1b') }
    expect((await offers(asked)).map(each => each.instanceType)).toEqual(inUse)
    expect(await offers(filter('location', 'eu-west-1'))).toEqual([])
  })

  it('have locations of three sorts', async () => {
    expect((await cloud.refused('DescribeInstanceTypeOfferings', { LocationType: 'planet' })).code).toBe(
      'InvalidParameterValue',
    )
  })
})
