/** Requests near what the actions take: by their own declared shapes, and then often twisted in one way. */
import fc from 'fast-check'
import { type Action, actions } from '../../../../src/doors/ec2/index.ts'
import { ownerIdOf } from '../../../../src/doors/ec2/owner.ts'
import type { ParameterType, Shape } from '../../../../src/doors/ec2/parameters.ts'
import { otherKey } from '../setting.ts'
import { living, odd, type Value, valueAt } from './values.ts'

type Pair = readonly [path: readonly string[], value: Value]
export type Pairs = readonly (readonly [name: string, value: Value])[]

export interface Request {
  readonly action: string
  readonly pairs: Pairs
  /** `presigned` and `raw` travel in a query and as bytes; `forged` and `unsigned` come from strangers. */
  readonly carrier: 'post' | 'presigned' | 'raw' | 'forged' | 'unsigned'
  readonly by: 'acme' | 'other'
  readonly region: number
  /** Time that passes before it is sent. */
  readonly afterMs: number
}

const isType = (below: Shape | ParameterType<unknown>): below is ParameterType<unknown> =>
  typeof below.read === 'function'

/** Without these an action does nothing, though no type says so. */
const needed: Readonly<Record<string, readonly string[]>> = {
  RunInstances: ['InstanceType'],
  CreateVolume: ['AvailabilityZone', 'Size'],
  CreateKeyPair: ['KeyType'],
  DeleteKeyPair: ['KeyName'],
  CreateTags: ['ResourceId', 'Tag'],
  DeleteTags: ['ResourceId'],
}
const neededBelow: ReadonlySet<string> = new Set(['Key', 'Value', 'Name', 'DeviceName', 'Ebs', 'ResourceType', 'Tag'])

function valuesOf(type: ParameterType<unknown>, path: readonly string[]): fc.Arbitrary<readonly Pair[]> {
  const { below, words } = type
  if (below === undefined) return valueAt(path, words).map(value => [[[], value]])
  if (!isType(below)) return partsOf(below, path, name => neededBelow.has(name), 2)
  const member = valuesOf(below, path)
  return fc
    .array(member, { minLength: 1, maxLength: 3 })
    .map(members =>
      members.flatMap((pairs, index) => pairs.map(([at, value]) => [[`${index + 1}`, ...at], value] as const)),
    )
}

/** What is needed, and up to `most` of the rest. */
function partsOf(
  shape: Shape,
  path: readonly string[],
  isNeeded: (name: string) => boolean,
  most: number,
): fc.Arbitrary<readonly Pair[]> {
  const part = ([name, type]: [string, ParameterType<unknown>]) =>
    valuesOf(type, [...path, name]).map(pairs => pairs.map(([at, value]) => [[name, ...at], value] as const))
  const entries = Object.entries(shape)
  const [always, sometimes] = [
    entries.filter(([name, { isRequired }]) => isRequired || isNeeded(name)),
    entries.filter(([name, { isRequired }]) => !isRequired && !isNeeded(name)),
  ]
  const first = fc.tuple(...always.map(part))
  if (sometimes.length === 0) return first.map(parts => parts.flat())
  const rest = fc.array(fc.oneof(...sometimes.map(part)), { maxLength: most })
  return fc.tuple(first, rest).map(([given, more]) => {
    const byName = new Map([...more, ...given].map(pairs => [pairs[0]?.[0][0], pairs]))
    return [...byName.values()].flat()
  })
}

/** What hardly ever comes about by chance, and would be accepted. */
const recipes: Readonly<Record<string, readonly (readonly [name: string, value: fc.Arbitrary<Value>])[]>> = {
  RegisterImage: [
    ['Name', fc.integer({ min: 100, max: 999 }).map(String)],
    ['RootDeviceName', fc.constant('/dev/sda1')],
    ['BlockDeviceMapping.1.DeviceName', fc.constant('/dev/sda1')],
    ['BlockDeviceMapping.1.Ebs.SnapshotId', living('snapshot')],
  ],
  ModifyInstanceAttribute: [
    ['InstanceId', living('instance')],
    ['DisableApiTermination.Value', fc.constantFrom('true', 'false', 'false')],
  ],
  ModifyImageAttribute: [
    ['ImageId', living('image')],
    ['LaunchPermission.Add.1.UserId', fc.constantFrom(ownerIdOf(otherKey.account), '000000000000')],
  ],
  ModifyVolume: [
    ['VolumeId', living('volume')],
    ['Size', fc.constantFrom('11', '12', '20', '600')],
  ],
  DetachVolume: [['VolumeId', living('volume')]],
  CreateSnapshots: [['InstanceSpecification.InstanceId', living('instance')]],
  ResetImageAttribute: [
    ['ImageId', living('image')],
    ['Attribute', fc.constant('launchPermission')],
  ],
}

/** Parameters of an action as they may well be. */
function plausible(action: Action): fc.Arbitrary<Pairs> {
  const recipe = recipes[action.name]
  if (!recipe) return shaped(action)
  const cooked = fc
    .tuple(...recipe.map(([, value]) => value))
    .map(values => recipe.map(([name], index) => [name, values[index]!] as const))
  return fc.oneof(cooked, shaped(action))
}

function shaped({ name: action, parameters, mutates }: Action): fc.Arbitrary<Pairs> {
  const isNeeded = (name: string) =>
    needed[action]?.includes(name) ?? (mutates && action !== 'ModifyInstanceAttribute' && name === 'InstanceId')
  return partsOf(parameters, [], isNeeded, 2).map(pairs =>
    pairs.map(([path, value]) => [path.join('.'), value] as const),
  )
}

/** Ways to spoil it. `at` chooses the pair. */
const twists = {
  gap: (pairs, at) => renamed(pairs, at, name => name.replace(/\.\d+/, '.4711')),
  zero: (pairs, at) => renamed(pairs, at, name => name.replace(/\.\d+/, '.0')),
  padded: (pairs, at) => renamed(pairs, at, name => name.replace(/\.(\d+)/, '.0$1')),
  huge: (pairs, at) => renamed(pairs, at, name => name.replace(/\.\d+/, '.99999999999999999999')),
  unnumbered: (pairs, at) => renamed(pairs, at, name => name.replace(/\.\d+/, '')),
  numbered: (pairs, at) => renamed(pairs, at, name => `${name}.1`),
  deep: (pairs, at) => renamed(pairs, at, name => `${name}${'.1.Name'.repeat(1 + (at % 12))}`),
  proto: (pairs, at) => renamed(pairs, at, name => `${name}.__proto__`),
  small: (pairs, at) => renamed(pairs, at, name => name.charAt(0).toLowerCase() + name.slice(1)),
  renamed: (pairs, at, stray) => renamed(pairs, at, () => stray),
  empty: (pairs, at) => pairs.map((each, index) => (index === at % pairs.length ? [each[0], ''] : each)),
  dropped: (pairs, at) => pairs.filter((_, index) => index !== at % pairs.length),
  repeated: (pairs, at) => (pairs.length ? [...pairs, pairs[at % pairs.length]!] : pairs),
  stray: (pairs, _, stray) => [...pairs, [stray, 'x']],
  dry: pairs => [...pairs, ['DryRun', 'true']],
  versioned: (pairs, at) => [...pairs, ['Version', ['2016-11-15', '2009-04-04', '2030-01-01', '<&>', ''][at % 5]!]],
} satisfies Readonly<Record<string, (pairs: Pairs, at: number, stray: string) => Pairs>>

const renamed = (pairs: Pairs, at: number, rename: (name: string) => string): Pairs =>
  pairs.map((each, index) => (index === at % pairs.length ? [rename(each[0]), each[1]] : each))

const strays = fc.oneof(
  fc.constantFrom('__proto__', 'constructor.prototype.x', 'Tag.__proto__.Key', '.', 'InstanceId.-1', 'InstanceId.1e3'),
  fc.constantFrom('Filter.1.Name', 'Filter.9.Value.7', 'InstanceId.2', 'Ebs.SnapshotId', 'action', 'X-Amz-Nothing'),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
type Twist = (pairs: Pairs) => Pairs
const twist: fc.Arbitrary<Twist> = fc
  .tuple(fc.constantFrom(...Object.values(twists)), fc.nat({ max: 999 }), strays)
  .map(
    ([way, at, stray]) =>
      pairs =>
        way(pairs, at, stray),
  )
/** Large ones cost as much as hundreds of others, so they are few. */
const swollen: fc.Arbitrary<Twist> = fc.oneof(
  fc
    .constantFrom('InstanceId', 'VolumeId', 'SnapshotId', 'ImageId', 'ResourceId')
    .map(name => (pairs: Pairs) => [
      ...pairs,
      ...Array.from({ length: 10_000 }, (_, index) => [`${name}.${index + 5}`, `i-${index}`] as const),
    ]),
  fc
    .constantFrom('Description', 'UserData', 'Tag.1.Value', 'Filter.1.Value.1', 'Anything')
    .map(name => (pairs: Pairs) => [
      ...pairs.filter(([each]) => each !== name),
      [name, 'x'.repeat(1_040_000)] as const,
    ]),
)

/** How often an action is asked for: what begins and ends resources, most; what only makes a slow key, seldom. */
const weightOf = ({ name, mutates }: Action): number =>
  ({ RunInstances: 14, CreateVolume: 8, CreateSnapshot: 6, RegisterImage: 6, CreateKeyPair: 1 })[name] ??
  (mutates ? 4 : 1)

const asked = fc.oneof(
  ...[...actions.values()].map(each => ({
    weight: weightOf(each),
    arbitrary: plausible(each).map(pairs => ({ action: each.name, pairs })),
  })),
  {
    weight: 4,
    arbitrary: fc.record({
      action: fc.oneof(fc.constantFrom('', 'runInstances', 'RunInstances ', 'constructor', '__proto__', '<x>'), odd),
      pairs: fc.array(fc.tuple(strays, odd), { maxLength: 3 }),
    }),
  },
)
const none: Twist = pairs => pairs

export const request: fc.Arbitrary<Request> = fc
  .record({
    asked,
    twist: fc.oneof(
      { weight: 1_500, arbitrary: fc.constant(none) },
      { weight: 500, arbitrary: twist },
      { weight: 1, arbitrary: swollen },
    ),
    carrier: fc.oneof(
      { weight: 40, arbitrary: fc.constant('post' as const) },
      { weight: 1, arbitrary: fc.constantFrom('presigned', 'raw', 'forged', 'unsigned') },
    ),
    by: fc.constantFrom('acme', 'acme', 'acme', 'other'),
    region: fc.constantFrom(0, 0, 0, 1),
    afterMs: fc.constantFrom(0, 0, 0, 0, 300, 3_000, 60_000),
  })
  .map(({ asked: { action, pairs }, twist, ...rest }) => ({
    action: typeof action === 'string' ? action : action.living,
    pairs: twist(pairs),
    ...rest,
  }))
