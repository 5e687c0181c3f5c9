import { type Answer, action } from '../action.ts'
import { text } from '../parameters.ts'
import { annotation, annotationGroup } from './annotations.ts'
import { attributeNames, unknownAttribute } from './attribute-names.ts'
import { checkInstanceIds } from './instance-ids.ts'
import { instanceItem, type Surroundings } from './instance-item.ts'
import { annotationsIn, type InstanceRow } from './instance-row.ts'
import { instanceById, surroundings } from './instance-rows.ts'

/** What is not set has no value: an element without any inside. */
const valued = (value: string | boolean | undefined) => (value === undefined ? {} : { value })

/** User data comes back as it arrived: base64. What another door gave as text is encoded first. */
function userData({ attributes: { userData, userDataEncoding } }: InstanceRow): string | undefined {
  if (!userData || userDataEncoding === 'base64') return userData || undefined
  return Buffer.from(userData, 'utf8').toString('base64')
}

function attribute(name: string, row: InstanceRow, around: Surroundings): Answer {
  const { attributes } = row
  const item = instanceItem(row, around)
  const kept = annotationsIn(row)
  switch (name) {
    case 'instanceType':
      return { instanceType: valued(attributes.type) }
    case 'kernel':
      return { kernel: valued(attributes.kernel || undefined) }
    case 'ramdisk':
      return { ramdisk: valued(attributes.ramdisk || undefined) }
    case 'userData':
      return { userData: valued(userData(row)) }
    case 'disableApiTermination':
      return { disableApiTermination: valued(attributes.terminationProtection ?? false) }
    case 'disableApiStop':
      return { disableApiStop: valued(attributes.stopProtection ?? false) }
    case 'instanceInitiatedShutdownBehavior':
      return { instanceInitiatedShutdownBehavior: valued(attributes.shutdownBehaviour) }
    case 'rootDeviceName':
      return { rootDeviceName: valued(attributes.rootDevice) }
    case 'blockDeviceMapping':
      return { blockDeviceMapping: item.blockDeviceMapping }
    case 'productCodes':
      return { productCodes: item.productCodes }
    case 'sourceDestCheck':
      return { sourceDestCheck: valued(item.sourceDestCheck) }
    case 'groupSet':
      return { groupSet: item.groupSet }
    case 'ebsOptimized':
      return { ebsOptimized: valued(item.ebsOptimized) }
    case 'enaSupport':
      return { enaSupport: valued(item.enaSupport) }
    case 'sriovNetSupport':
      return { sriovNetSupport: valued(annotation(kept, 'sriovNetSupport')) }
    case 'enclaveOptions':
      return { enclaveOptions: { enabled: false, ...annotationGroup(kept, 'enclaveOptions') } }
    default:
      throw unknownAttribute(name)
  }
}

export const describeInstanceAttribute = action({
  name: 'DescribeInstanceAttribute',
  summary: 'Shows one attribute of an instance, also those that DescribeInstances leaves out.',
  parameters: { InstanceId: text().required(), Attribute: text().required() },
  check: ({ parameters: { InstanceId, Attribute } }) => {
    checkInstanceIds([InstanceId])
    if (!attributeNames.has(Attribute)) throw unknownAttribute(Attribute)
  },
  run: async call => {
    const { InstanceId, Attribute } = call.parameters
    const row = await instanceById(call, InstanceId)
    return { instanceId: row.id, ...attribute(Attribute, row, await surroundings(call, [row])) }
  },
})
