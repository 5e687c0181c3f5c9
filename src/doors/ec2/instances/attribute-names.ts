/** Names of an instance's attributes, as requests spell them. (spec: ec2 9) */
import { Ec2Error } from '../errors.ts'

/** What a request may change. */
export const changeableAttributes = [
  'instanceType',
  'kernel',
  'ramdisk',
  'userData',
  'disableApiTermination',
  'disableApiStop',
  'instanceInitiatedShutdownBehavior',
  'blockDeviceMapping',
  'sourceDestCheck',
  'groupSet',
  'ebsOptimized',
  'enaSupport',
  'sriovNetSupport',
] as const
export type ChangeableAttribute = (typeof changeableAttributes)[number]

export const isChangeable = (name: string): name is ChangeableAttribute =>
  (changeableAttributes as readonly string[]).includes(name)

export const attributeNames: ReadonlySet<string> = new Set([
  ...changeableAttributes,
  'rootDeviceName',
  'productCodes',
  'enclaveOptions',
])

export const unknownAttribute = (name: string): Ec2Error =>
  new Ec2Error('InvalidParameterValue', `Value (${name}) for parameter attribute is invalid. Unknown attribute.`)
export const readOnlyAttribute = (name: string): Ec2Error =>
  new Ec2Error(
    'InvalidParameterValue',
    `Value (${name}) for parameter attribute is invalid. The attribute cannot be changed.`,
  )
