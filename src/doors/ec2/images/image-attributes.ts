/** One attribute of an image: who may launch it, and what it is. (spec: ec2 9, 11.2) */
import { type Answer, action, type Call } from '../action.ts'
import { Ec2Error, missing } from '../errors.ts'
import { annotation } from '../instances/annotations.ts'
import { list, type ParametersOf, structure, text } from '../parameters.ts'
import { engineId } from '../refusals.ts'
import { devicesOf, mappingItem } from './image-item.ts'
import { checkImageIds, type ImageRow, ownImage } from './image-row.ts'
import { checkDescription } from './image-words.ts'

const shown: Readonly<Record<string, (row: ImageRow, call: Pick<Call, 'ownerIdOf'>) => Answer>> = {
  description: ({ attributes }) => ({ description: { value: attributes.description ?? '' } }),
  kernel: ({ attributes }) => ({ kernel: { value: attributes.kernel } }),
  ramdisk: ({ attributes }) => ({ ramdisk: { value: attributes.ramdisk } }),
  productCodes: () => ({ productCodes: [] }),
  blockDeviceMapping: row => ({ blockDeviceMapping: devicesOf(row).map(mappingItem) }),
  sriovNetSupport: ({ attributes }) => ({
    sriovNetSupport: { value: annotation(attributes.annotations ?? {}, 'sriovNetSupport') },
  }),
  bootMode: ({ attributes }) => ({ bootMode: { value: annotation(attributes.annotations ?? {}, 'bootMode') } }),
  launchPermission: ({ attributes }, { ownerIdOf }) => ({
    launchPermission: [
      ...(attributes.public ? [{ group: 'all' }] : []),
      ...(attributes.sharedWith ?? []).map(account => ({ userId: ownerIdOf(account) })),
    ],
  }),
}

const unknownAttribute = (name: string) =>
  new Ec2Error('InvalidParameterValue', `Value (${name}) for parameter attribute is invalid. Unknown attribute.`)

export const describeImageAttribute = action({
  name: 'DescribeImageAttribute',
  summary: 'Shows one attribute of an image of the account.',
  parameters: { ImageId: text().required(), Attribute: text().required() },
  check: ({ parameters: { ImageId, Attribute } }) => {
    checkImageIds([ImageId])
    if (!Object.hasOwn(shown, Attribute)) throw unknownAttribute(Attribute)
  },
  run: async call => {
    const { ImageId, Attribute } = call.parameters
    const row = await ownImage(call, ImageId)
    return { imageId: ImageId, ...shown[Attribute]!(row, call) }
  },
})

const permission = structure({ UserId: text(), Group: text() })
const changes = {
  ImageId: text().required(),
  Attribute: text(),
  OperationType: text({ values: ['add', 'remove'] }),
  UserId: list(text()),
  UserGroup: list(text()),
  LaunchPermission: structure({ Add: list(permission), Remove: list(permission) }),
  Description: structure({ Value: text() }),
  Value: text(),
}
type Changes = ParametersOf<typeof changes>

interface Share {
  readonly public?: boolean
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

/** Who is added and removed, in both syntaxes; undefined if the request is about something else. */
function shareIn({
  Attribute,
  OperationType,
  UserId = [],
  UserGroup = [],
  LaunchPermission,
}: Changes): Share | undefined {
  if (LaunchPermission) {
    const { Add = [], Remove = [] } = LaunchPermission
    const users = (of: typeof Add) => of.flatMap(({ UserId }) => UserId ?? [])
    const opens = Add.some(({ Group }) => Group === 'all')
    const closes = Remove.some(({ Group }) => Group === 'all')
    return { public: opens ? true : closes ? false : undefined, add: users(Add), remove: users(Remove) }
  }
  if (Attribute !== 'launchPermission') return undefined
  const isAdding = OperationType !== 'remove'
  return {
    public: UserGroup.includes('all') ? isAdding : undefined,
    add: isAdding ? UserId : [],
    remove: isAdding ? [] : UserId,
  }
}

const descriptionIn = ({ Attribute, Description, Value }: Changes): string | undefined =>
  Description ? (Description.Value ?? '') : Attribute === 'description' ? (Value ?? '') : undefined

/** Accounts are 12 digits, and the one group is everybody. Throws Ec2Error InvalidAMIAttributeItemValue. */
function checkPermissions({ UserId = [], UserGroup = [], LaunchPermission }: Changes): void {
  const { Add = [], Remove = [] } = LaunchPermission ?? {}
  const given = [...UserId.map(UserId => ({ UserId })), ...UserGroup.map(Group => ({ Group })), ...Add, ...Remove]
  for (const { UserId, Group } of given as readonly { UserId?: string; Group?: string }[]) {
    const isWrong = UserId !== undefined ? !/^\d{12}$/.test(UserId) : Group !== 'all'
    if (!isWrong) continue
    const [value, type] = UserId !== undefined ? [UserId, 'userId'] : [Group ?? '', 'userGroup']
    const message = `Invalid attribute item value "${value.slice(0, 64)}" for ${type} item type.`
    throw new Ec2Error('InvalidAMIAttributeItemValue', message)
  }
}

export const modifyImageAttribute = action({
  name: 'ModifyImageAttribute',
  summary: 'Changes who may launch an image, or its description.',
  parameters: changes,
  mutates: true,
  check: ({ parameters }) => {
    checkImageIds([parameters.ImageId])
    checkPermissions(parameters)
    const { Attribute } = parameters
    const [share, description] = [shareIn(parameters), descriptionIn(parameters)]
    if (share && description !== undefined)
      throw new Ec2Error('InvalidParameterCombination', 'Fields for multiple attribute types specified')
    if (Attribute !== undefined && !share && description === undefined) throw unknownAttribute(Attribute)
    if (!share && description === undefined) throw missing('attribute')
    if (share && share.public === undefined && share.add.length + share.remove.length === 0)
      throw missing('launchPermission')
    checkDescription(description)
  },
  run: async call => {
    const { parameters, session, accountOf } = call
    await ownImage(call, parameters.ImageId)
    const share = shareIn(parameters)
    const accounts = (ownerIds: readonly string[]) => ownerIds.map(accountOf)
    const change = share
      ? { command: 'share', input: { public: share.public, add: accounts(share.add), remove: accounts(share.remove) } }
      : { command: 'modify', input: { description: descriptionIn(parameters) } }
    await session.submit([{ kind: 'image', id: engineId(parameters.ImageId), ...change }])
    return { return: true }
  },
})

export const resetImageAttribute = action({
  name: 'ResetImageAttribute',
  summary: 'Lets nobody else launch an image any more.',
  parameters: { ImageId: text().required(), Attribute: text().required() },
  mutates: true,
  check: ({ parameters: { ImageId, Attribute } }) => {
    checkImageIds([ImageId])
    if (Attribute !== 'launchPermission') throw unknownAttribute(Attribute)
  },
  run: async call => {
    const row = await ownImage(call, call.parameters.ImageId)
    const input = { public: false, remove: row.attributes.sharedWith ?? [] }
    await call.session.submit([{ kind: 'image', command: 'share', id: row.id, input }])
    return { return: true }
  },
})
