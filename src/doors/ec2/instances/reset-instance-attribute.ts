import { action } from '../action.ts'
import { text } from '../parameters.ts'
import { annotationKey } from './annotations.ts'
import { attributeNames, readOnlyAttribute, unknownAttribute } from './attribute-names.ts'
import { checkInstanceIds } from './instance-ids.ts'

/** What an instance has again of what it was launched without. */
const initial: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  kernel: { kernel: '' },
  ramdisk: { ramdisk: '' },
  sourceDestCheck: { annotations: { [annotationKey('sourceDestCheck')]: null } },
}

export const resetInstanceAttribute = action({
  name: 'ResetInstanceAttribute',
  summary: 'Takes kernel, ramdisk or sourceDestCheck back to what an instance has without being asked.',
  parameters: { InstanceId: text().required(), Attribute: text().required() },
  mutates: true,
  check: ({ parameters: { InstanceId, Attribute } }) => {
    checkInstanceIds([InstanceId])
    if (!attributeNames.has(Attribute)) throw unknownAttribute(Attribute)
    if (!Object.hasOwn(initial, Attribute)) throw readOnlyAttribute(Attribute)
  },
  run: async call => {
    const { InstanceId: id, Attribute } = call.parameters
    await call.session.submit([{ kind: 'instance', command: 'modify', id, input: initial[Attribute]! }])
    return { return: true }
  },
})
