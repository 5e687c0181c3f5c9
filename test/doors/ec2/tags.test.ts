import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ec2Setting, image, openEc2, otherKey } from './setting.ts'

let cloud: Ec2Setting
let volume: string
let instance: string
beforeAll(async () => {
  cloud = await openEc2()
  volume = (await cloud.ok('CreateVolume', { AvailabilityZone: 'us-east-1a', Size: 1 })).volumeId
  const launch = { ImageId: image, InstanceType: 'm1.small', MinCount: 1, MaxCount: 1 }
  instance = (await cloud.ok('RunInstances', launch)).instancesSet[0].instanceId
})
afterAll(() => cloud.close())

const tag = (index: number, key: string, value?: string) => ({
  [`Tag.${index}.Key`]: key,
  ...(value === undefined ? {} : { [`Tag.${index}.Value`]: value }),
})
const tagsOf = async (id: string) => {
  const { tagSet } = await cloud.ok('DescribeTags', { 'Filter.1.Name': 'resource-id', 'Filter.1.Value.1': id })
  return Object.fromEntries((tagSet || []).map((each: { key: string; value: string }) => [each.key, each.value]))
}

describe('tags', () => {
  it('are set on resources of several kinds at once, and overwritten', async () => {
    const both = { 'ResourceId.1': volume, 'ResourceId.2': instance }
    await cloud.ok('CreateTags', { ...both, ...tag(1, 'Name', 'a <b> & "c"'), ...tag(2, 'stage', 'test') })
    for (const id of [volume, instance]) expect(await tagsOf(id)).toEqual({ Name: 'a <b> & "c"', stage: 'test' })
    await cloud.ok('CreateTags', { 'ResourceId.1': volume, ...tag(1, 'stage', '') })
    expect(await tagsOf(volume)).toMatchObject({ stage: '' })
    expect(await tagsOf(instance)).toMatchObject({ stage: 'test' })
  })

  it('are set on all of the resources or on none', async () => {
    const absent = 'vol-0123456789abcdef0'
    const set = { 'ResourceId.1': volume, 'ResourceId.2': absent, ...tag(1, 'half', 'x') }
    const { code, message } = await cloud.refused('CreateTags', set)
    expect({ code, message }).toEqual({ code: 'InvalidID', message: `The ID '${absent}' is not valid` })
    expect(await tagsOf(volume)).not.toHaveProperty('half')
  })

  it('are on resources of every kind', async () => {
    const { snapshotId } = await cloud.ok('CreateSnapshot', { VolumeId: volume })
    const root = { 'BlockDeviceMapping.1.DeviceName': '/dev/sda1', 'BlockDeviceMapping.1.Ebs.SnapshotId': snapshotId }
    const { imageId } = await cloud.ok('RegisterImage', { Name: 'to be tagged', ...root })
    const { keyPairId } = await cloud.ok('CreateKeyPair', { KeyName: 'to be tagged', KeyType: 'ed25519' })
    const ids = { instance, volume, snapshot: snapshotId, image: imageId, 'key-pair': keyPairId }
    const resources = Object.fromEntries(Object.values(ids).map((id, index) => [`ResourceId.${index + 1}`, id]))
    await cloud.ok('CreateTags', { ...resources, ...tag(1, 'every', 'kind') })
    for (const [type, id] of Object.entries(ids)) {
      const asked = {
        'Filter.1.Name': 'resource-type',
        'Filter.1.Value.1': type,
        'Filter.2.Name': 'key',
        'Filter.2.Value.1': 'every',
      }
      expect((await cloud.ok('DescribeTags', asked)).tagSet).toEqual([
        { resourceId: id, resourceType: type, key: 'every', value: 'kind' },
      ])
      const named = {
        'Filter.1.Name': 'resource-id',
        'Filter.1.Value.1': id,
        'Filter.2.Name': 'key',
        'Filter.2.Value.1': 'every',
      }
      expect((await cloud.ok('DescribeTags', named)).tagSet).toHaveLength(1)
    }
    await cloud.ok('DeleteTags', resources)
    for (const id of Object.values(ids)) expect(await tagsOf(id)).toEqual({})
  })

  it('of what is gone are gone with it, and cannot be set', async () => {
    const { volumeId } = await cloud.ok('CreateVolume', { AvailabilityZone: 'us-east-1a', Size: 1 })
    await cloud.ok('CreateTags', { 'ResourceId.1': volumeId, ...tag(1, 'a', 'b') })
    await cloud.ok('DeleteVolume', { VolumeId: volumeId })
    expect(await tagsOf(volumeId)).toEqual({})
    for (const action of ['CreateTags', 'DeleteTags'])
      expect(await cloud.refused(action, { 'ResourceId.1': volumeId, ...tag(1, 'a', 'b') })).toEqual({
        status: 400,
        code: 'InvalidID',
        message: `The ID '${volumeId}' is not valid`,
      })
  })

  it('of a terminated instance stay as long as it is shown', async () => {
    const launch = { ImageId: image, InstanceType: 'm1.small', MinCount: 1, MaxCount: 1 }
    const { instanceId } = (await cloud.ok('RunInstances', launch)).instancesSet[0]
    await cloud.ok('CreateTags', { 'ResourceId.1': instanceId, ...tag(1, 'a', 'b') })
    await cloud.ok('TerminateInstances', { 'InstanceId.1': instanceId })
    expect(await tagsOf(instanceId)).toEqual({ a: 'b' })
  })

  it('of others cannot be set or seen', async () => {
    const set = { 'ResourceId.1': volume, ...tag(1, 'mine', 'no') }
    expect(await cloud.refused('CreateTags', set, { key: otherKey })).toMatchObject({ code: 'InvalidID' })
    expect((await cloud.ok('DescribeTags', {}, { key: otherKey })).tagSet).toBe('')
  })

  it('go by key, or by key and value, and missing ones are ignored', async () => {
    await cloud.ok('CreateTags', {
      'ResourceId.1': volume,
      ...tag(1, 'a', '1'),
      ...tag(2, 'b', '2'),
      ...tag(3, 'c', '3'),
    })
    await cloud.ok('DeleteTags', { 'ResourceId.1': volume, ...tag(1, 'a'), ...tag(2, 'b', 'other'), ...tag(3, 'none') })
    expect(await tagsOf(volume)).toMatchObject({ b: '2', c: '3' })
    expect(await tagsOf(volume)).not.toHaveProperty('a')
    await cloud.ok('DeleteTags', { 'ResourceId.1': volume })
    expect(await tagsOf(volume)).toEqual({})
  })

  it.each<[string, Record<string, string>, string]>([
    ['no resource', tag(1, 'a', 'b'), 'MissingParameter'],
    ['an image there is not', { 'ResourceId.1': 'ami-blah', ...tag(1, 'a', 'b') }, 'InvalidID'],
    ['what is no id', { 'ResourceId.1': 'blah-blah', ...tag(1, 'a', 'b') }, 'InvalidID'],
    ['a key twice', { 'ResourceId.1': 'vol-1', ...tag(1, 'a', 'b'), ...tag(2, 'a', 'c') }, 'InvalidParameterValue'],
    ['no tag', { 'ResourceId.1': 'vol-1' }, 'MissingParameter'],
    ['a tag without a value', { 'ResourceId.1': 'vol-1', ...tag(1, 'a') }, 'InvalidParameterValue'],
    ['a reserved key', { 'ResourceId.1': 'vol-1', ...tag(1, 'aws:a', 'b') }, 'InvalidParameterValue'],
    ['a key that is too long', { 'ResourceId.1': 'vol-1', ...tag(1, 'k'.repeat(129), 'b') }, 'InvalidParameterValue'],
    ['a value that is too long', { 'ResourceId.1': 'vol-1', ...tag(1, 'k', 'v'.repeat(257)) }, 'InvalidParameterValue'],
    ['an id of nothing that has tags', { 'ResourceId.1': 'xyz-1', ...tag(1, 'a', 'b') }, 'InvalidID'],
  ])('are refused with %s', async (_, parameters, code) => {
    expect(await cloud.refused('CreateTags', parameters)).toMatchObject({ code, status: 400 })
  })

  it('are not lost without a word, whatever their keys', async () => {
    const keys = ['constructor', 'toString', 'hasOwnProperty', 'r\r\n\t', 'nel\u0085']
    const made = await cloud.ok('CreateVolume', { AvailabilityZone: 'us-east-1a', Size: 1 })
    const given = Object.assign({}, ...keys.map((key, index) => tag(index + 1, key, `${key} ]]>`)))
    await cloud.ok('CreateTags', { 'ResourceId.1': made.volumeId, ...given })
    expect(Object.keys(await tagsOf(made.volumeId)).sort()).toEqual(keys.toSorted())
    const code = 'InvalidParameterValue'
    const named = { 'ResourceId.1': made.volumeId, ...tag(1, '__proto__', 'x') }
    expect(await cloud.refused('CreateTags', named)).toMatchObject({ code })
    const specified = {
      'TagSpecification.1.ResourceType': 'volume',
      'TagSpecification.1.Tag.1.Key': '__proto__',
      'TagSpecification.1.Tag.1.Value': 'x',
    }
    const create = { AvailabilityZone: 'us-east-1a', Size: 1, ...specified }
    expect(await cloud.refused('CreateVolume', create)).toMatchObject({ code })
    await cloud.ok('DeleteVolume', { VolumeId: made.volumeId })
  })

  it('are at most fifty of a resource', async () => {
    const fifty = Object.assign({}, ...Array.from({ length: 50 }, (_, index) => tag(index + 1, `k${index}`, 'v')))
    await cloud.ok('CreateTags', { 'ResourceId.1': volume, ...fifty })
    const more = { 'ResourceId.1': volume, ...tag(1, 'one too many', 'v') }
    expect(await cloud.refused('CreateTags', more)).toMatchObject({ code: 'TagLimitExceeded' })
  })

  it('are filtered by key, value, resource and type, and paged', async () => {
    await cloud.ok('CreateTags', { 'ResourceId.1': instance, ...tag(1, 'team', 'blue') })
    const found = async (name: string, ...values: string[]) => {
      const asked = Object.fromEntries(values.map((each, index) => [`Filter.1.Value.${index + 1}`, each]))
      return ((await cloud.ok('DescribeTags', { 'Filter.1.Name': name, ...asked })).tagSet || []) as { key: string }[]
    }
    expect((await found('key', 'te*')).map(({ key }) => key)).toEqual(['team'])
    expect((await found('value', 'bl?e')).length).toBe(1)
    expect((await found('tag:team', 'blue')).length).toBe(1)
    expect((await found('resource-type', 'volume')).length).toBe(50)
    const seen = new Set<string>()
    let NextToken: string | undefined
    do {
      const page = await cloud.ok('DescribeTags', { MaxResults: 20, NextToken })
      for (const { resourceId, key } of page.tagSet) seen.add(`${resourceId} ${key}`)
      NextToken = page.nextToken
    } while (NextToken !== undefined)
    expect(seen.size).toBe((await cloud.ok('DescribeTags')).tagSet.length)
  })
})
