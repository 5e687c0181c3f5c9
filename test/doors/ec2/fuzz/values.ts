/** Values of parameters: mostly what a field of that name may well take, now and then anything at all. */
import fc from 'fast-check'
import { defaultNetwork } from '../../../../src/doors/ec2/networks/default-network.ts'
import { ownerIdOf } from '../../../../src/doors/ec2/owner.ts'
import { image, key, otherKey, regions } from '../setting.ts'

export type LivingKind = 'instance' | 'volume' | 'snapshot' | 'image' | 'key-pair'
/**
 * A value as it is sent, or what there is by then: the id of the `nth` youngest of a kind, of the caller's own unless it is
 * `anybody`'s; or the last token of a next page.
 */
export type Value =
  | string
  | { readonly living: LivingKind; readonly nth: number; readonly anybody: boolean }
  | { readonly living: 'page' }

export const living = (kind: LivingKind): fc.Arbitrary<Value> =>
  fc.record({
    living: fc.constant(kind),
    nth: fc.nat({ max: 3 }),
    anybody: fc.integer({ min: 0, max: 15 }).map(n => n === 0),
  })
const anyLiving = fc
  .constantFrom<LivingKind>('instance', 'volume', 'snapshot', 'image', 'key-pair')
  .chain(kind => living(kind))
const of = (...values: (string | number | boolean)[]): fc.Arbitrary<Value> => fc.constantFrom(...values.map(String))
const base64 = (text: string) => Buffer.from(text).toString('base64')

const [region] = regions as [(typeof regions)[number]]
const network = defaultNetwork({ account: key.account, region })
const zones = regions.flatMap(each => each.zones)
const publicKey = `ssh-ed25519 ${base64(`\0\0\0\x0bssh-ed25519\0\0\0 ${'k'.repeat(32)}`)} fuzz`
const volumeTypes = ['gp2', 'gp3', 'io1', 'io2', 'st1', 'sc1', 'standard']
const attributes = [
  'instanceType',
  'kernel',
  'ramdisk',
  'userData',
  'disableApiTermination',
  'disableApiStop',
  'instanceInitiatedShutdownBehavior',
  'rootDeviceName',
  'blockDeviceMapping',
  'sourceDestCheck',
  'ebsOptimized',
  'groupSet',
  'productCodes',
  'launchPermission',
  'description',
  'createVolumePermission',
]
/** What there is, or could be, under a name. */
const fitting: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  InstanceId: living('instance'),
  VolumeId: living('volume'),
  ExcludeDataVolumeId: living('volume'),
  SnapshotId: living('snapshot'),
  SourceSnapshotId: living('snapshot'),
  ImageId: fc.oneof(of(image), living('image')),
  SourceImageId: fc.oneof(of(image), living('image')),
  ResourceId: anyLiving,
  KeyPairId: living('key-pair'),
  KeyName: of('k1', 'k2', 'k3'),
  KeyType: of('ed25519'),
  PublicKeyMaterial: of(base64(publicKey)),
  Name: of('abc', 'a-name', 'another', 'third'),
  InstanceType: of('m1.small', 't3.micro', 'm5.large'),
  MinCount: of(1),
  MaxCount: of(1, 1, 2),
  AvailabilityZone: of(...zones),
  ZoneName: of(...zones),
  SourceRegion: of(...regions.map(each => each.name)),
  RegionName: of(...regions.map(each => each.name)),
  Size: of(1, 2, 8, 9, 10, 125, 500),
  VolumeSize: of(8, 9, 10, 16),
  VolumeType: of(...volumeTypes),
  Iops: of(100, 3_000, 4_000),
  Throughput: of(125, 250),
  Device: of('/dev/sdf', '/dev/sdg', '/dev/sdh', '/dev/xvdi', 'sdj'),
  DeviceName: of('/dev/sda1', '/dev/sdb', '/dev/sdf', '/dev/sdg'),
  RootDeviceName: of('/dev/sda1', '/dev/xvda'),
  VirtualName: of('ephemeral0', 'ephemeral1'),
  NoDevice: of('', 'true'),
  UserData: of(base64('#!/bin/sh'), ''),
  Attribute: of(...attributes),
  ResourceType: of('instance', 'volume', 'snapshot', 'image', 'key-pair'),
  Key: of('role', 'name', 'Owner', 'a<b>&"c"'),
  Value: of('web', 'true', 'false', 'stop', 'm5.large', '*', '<&>', ''),
  UserId: of(key.account, ownerIdOf(otherKey.account), '000000000000'),
  Owner: of('self', key.account, 'amazon'),
  RestorableBy: of('self'),
  ExecutableBy: of('self', 'all'),
  MaxResults: of(5, 10, 100, 500),
  NextToken: fc.oneof(fc.constant({ living: 'page' } as const), of('bm90aGluZw')),
  ClientToken: of('t1', 't2', 't3', 't4', 't5', 't6'),
  Description: of('some words', ''),
  VpcId: of(network.vpcId),
  SubnetId: of(...network.subnets().map(each => each.subnetId)),
  SecurityGroup: of(network.groupName),
  SecurityGroupId: of(network.groupId),
  GroupId: of(network.groupId),
  GroupName: of(network.groupName),
  RouteTableId: of(network.routeTableId),
  NetworkAclId: of(network.networkAclId),
  InternetGatewayId: of(network.internetGatewayId),
  DhcpOptionsId: of(network.dhcpOptionsId),
  Tenancy: of('default'),
  Architecture: of('x86_64'),
}
const filterValue = fc.oneof(of('*', 'running', 'available', 'us-*', 'web', '?eb', '8', 'true', '\\*'), anyLiving)

const numbers = fc.oneof(fc.integer().map(String), fc.double().map(String), fc.bigInt().map(String))
const words = fc.constantFrom(
  '',
  ' ',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'NaN',
  '%',
  '../..',
  '<a>&"\'</a>]]>',
  '<!DOCTYPE x [<!ENTITY y "z">]>',
  '\u0000',
  '\u000b',
  '\ud800',
  '\uffff',
  '\u0085\u2028',
  '😀 ünï',
  'i-',
  'i-0',
  'vol-zzzzzzzzzzzzzzzzz',
  'ami-ffffffffffffffff0',
  'snap-0123456789ABCDEF0',
  'x'.repeat(300),
  'é'.repeat(70_000),
)
/** Anything. */
export const odd: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: words },
  { weight: 2, arbitrary: anyLiving },
  { weight: 2, arbitrary: numbers },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
)

function likely(path: readonly string[], says: string): fc.Arbitrary<Value> {
  const name = path.at(-1)!
  if (path[0] === 'Filter' && name === 'Name') return of(...says.replace('tag:KEY', 'tag:role').split(' \\| '))
  if (path[0] === 'Filter' && name === 'Value') return filterValue
  if (says === 'true \\| false') return of(true, false)
  if (name !== 'KeyType' && says.includes(' \\| ')) return of(...says.split(' \\| '))
  if (Object.hasOwn(fitting, name)) return fitting[name]!
  if (says.startsWith('integer')) return of(1, 2, 8, 100)
  if (says === 'time') return of('2026-01-02T03:04:05.000Z')
  if (says === 'base64') return of(base64('abc'))
  return of('some words', 'x')
}

/**
 * @param path names from the top of the request down to this value, without the numbers of lists
 * @param says the words of its type
 */
export const valueAt = (path: readonly string[], says: string): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 40, arbitrary: likely(path, says) }, { weight: 1, arbitrary: odd })
