/** The one attribute that a ModifyInstanceAttribute is about, in either of its two syntaxes. (spec: ec2 9) */
import { Ec2Error, missing } from '../errors.ts'
import { base64, flag, list, type ParametersOf, structure, text } from '../parameters.ts'
import { annotationKey } from './annotations.ts'
import { attributeNames, isChangeable, readOnlyAttribute, unknownAttribute } from './attribute-names.ts'

export const USER_DATA_BYTES_MAX = 16_384

/** `Attribute=instanceType&Value=m1.small` is the same as `InstanceType.Value=m1.small`. */
const values = {
  instanceType: text(),
  kernel: text({ max: 255 }),
  ramdisk: text({ max: 255 }),
  userData: base64({ maxBytes: USER_DATA_BYTES_MAX }),
  disableApiTermination: flag(),
  disableApiStop: flag(),
  instanceInitiatedShutdownBehavior: text({ values: ['stop', 'terminate'] }),
  sourceDestCheck: flag(),
  ebsOptimized: flag(),
  enaSupport: flag(),
  sriovNetSupport: text({ max: 255 }),
}
type Valued = keyof typeof values

const mapping = {
  DeviceName: text(),
  Ebs: structure({ VolumeId: text(), DeleteOnTermination: flag() }),
  NoDevice: text(),
  VirtualName: text(),
}

export const attributeParameters = {
  Attribute: text(),
  Value: text(),
  InstanceType: structure({ Value: values.instanceType }),
  Kernel: structure({ Value: values.kernel }),
  Ramdisk: structure({ Value: values.ramdisk }),
  UserData: structure({ Value: values.userData }),
  DisableApiTermination: structure({ Value: values.disableApiTermination }),
  DisableApiStop: structure({ Value: values.disableApiStop }),
  InstanceInitiatedShutdownBehavior: structure({ Value: values.instanceInitiatedShutdownBehavior }),
  SourceDestCheck: structure({ Value: values.sourceDestCheck }),
  EbsOptimized: structure({ Value: values.ebsOptimized }),
  EnaSupport: structure({ Value: values.enaSupport }),
  SriovNetSupport: structure({ Value: values.sriovNetSupport }),
  GroupId: list(text()),
  BlockDeviceMapping: list(structure(mapping)),
}
type Parameters = ParametersOf<typeof attributeParameters>

/** What is to become of a device when its instance ends. */
export interface DeviceFlag {
  readonly device: string
  readonly volume?: string
  readonly deleteOnTermination: boolean
}
export type AttributeChange =
  | { readonly attribute: 'groupSet'; readonly groups: readonly string[] }
  | { readonly attribute: 'blockDeviceMapping'; readonly devices: readonly DeviceFlag[] }
  | { readonly attribute: Valued; readonly input: Readonly<Record<string, unknown>> }

/** Throws Ec2Error InvalidParameterCombination for none or several, InvalidParameterValue, MissingParameter. */
export function changeAsked(parameters: Parameters): AttributeChange {
  const given = givenAttributes(parameters)
  if (given.length === 0) throw new Ec2Error('InvalidParameterCombination', 'No attributes specified.')
  if (given.length > 1)
    throw new Ec2Error(
      'InvalidParameterCombination',
      `Fields for multiple attribute types specified: ${given.join(', ')}`,
    )
  const [attribute] = given as [string]
  if (!attributeNames.has(attribute)) throw unknownAttribute(attribute)
  if (!isChangeable(attribute)) throw readOnlyAttribute(attribute)
  if (attribute === 'groupSet') return { attribute, groups: groupsIn(parameters) }
  if (attribute === 'blockDeviceMapping') return { attribute, devices: devicesIn(parameters) }
  return { attribute, input: inputOf(attribute, valueGiven(attribute, parameters)) }
}

function givenAttributes(parameters: Parameters): string[] {
  const { Attribute, GroupId, BlockDeviceMapping } = parameters
  const names = Object.keys(values).filter(name => parameters[raised(name) as keyof Parameters] !== undefined)
  if (Attribute !== undefined) names.push(Attribute)
  if (GroupId?.length) names.push('groupSet')
  if (BlockDeviceMapping?.length) names.push('blockDeviceMapping')
  return [...new Set(names)]
}

const raised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)

type Value = string | boolean | Buffer

function valueGiven(attribute: Valued, parameters: Parameters): Value {
  const named = parameters[raised(attribute) as keyof Parameters] as { readonly Value?: Value } | undefined
  const value = named ? named.Value : values[attribute].read(parameters.Value, 'Value')
  if (value === undefined) throw missing('value')
  return value
}

/** What the engine is asked for. What it has no rule for is kept as an annotation. */
function inputOf(attribute: Valued, value: Value): Readonly<Record<string, unknown>> {
  switch (attribute) {
    case 'instanceType':
      return { type: value }
    case 'userData':
      return { userData: (value as Buffer).toString('base64'), userDataEncoding: 'base64' }
    case 'disableApiTermination':
      return { terminationProtection: value }
    case 'disableApiStop':
      return { stopProtection: value }
    case 'instanceInitiatedShutdownBehavior':
      return { shutdownBehaviour: value }
    case 'kernel':
    case 'ramdisk':
    case 'ebsOptimized':
      return { [attribute]: value }
    default:
      return { annotations: { [annotationKey(attribute)]: String(value) } }
  }
}

function groupsIn({ GroupId, Value }: Parameters): readonly string[] {
  if (GroupId?.length) return GroupId
  if (Value === undefined) throw missing('groupId')
  return [Value]
}

function devicesIn({ BlockDeviceMapping = [] }: Parameters): readonly DeviceFlag[] {
  if (BlockDeviceMapping.length === 0) throw missing('blockDeviceMapping')
  return BlockDeviceMapping.map(({ DeviceName, Ebs, NoDevice, VirtualName }) => {
    if (!DeviceName) throw missing('deviceName')
    if (NoDevice !== undefined || VirtualName !== undefined)
      throw new Ec2Error(
        'UnsupportedOperation',
        `What is mapped at ${DeviceName} cannot be changed; detach it instead.`,
      )
    if (Ebs?.DeleteOnTermination === undefined) throw missing('ebs.deleteOnTermination')
    return { device: DeviceName, volume: Ebs.VolumeId, deleteOnTermination: Ebs.DeleteOnTermination }
  })
}
