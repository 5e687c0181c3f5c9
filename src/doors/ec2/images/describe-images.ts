import { action, type Call } from '../action.ts'
import { type FilterFields, filtering, filterParameter } from '../filters.ts'
import { paged } from '../pages.ts'
import { flag, integer, list, text } from '../parameters.ts'
import { gibibytesOf } from '../sizes.ts'
import { moments } from '../times.ts'
import { devicesOf, imageItem, ownerAliasOf, tagsShown } from './image-item.ts'
import { checkImageIds, type ImageRow, images, imagesNamed } from './image-row.ts'

const filters = (call: Pick<Call, 'account' | 'ownerIdOf'>): FilterFields<ImageRow> => {
  const shown = (field: keyof ReturnType<typeof imageItem>) => (row: ImageRow) =>
    imageItem(row, call)[field] as string | boolean | undefined
  const disks = (row: ImageRow) => devicesOf(row).filter(({ ephemeral }) => ephemeral === undefined)
  return {
    fields: {
      architecture: shown('architecture'),
      'block-device-mapping.delete-on-termination': row => disks(row).map(each => each.deleteOnTermination ?? true),
      'block-device-mapping.device-name': row => devicesOf(row).map(({ device }) => device),
      'block-device-mapping.encrypted': row => disks(row).map(each => each.encrypted ?? false),
      'block-device-mapping.snapshot-id': row => disks(row).map(({ snapshot }) => snapshot),
      'block-device-mapping.volume-size': row => disks(row).map(({ sizeBytes }) => sizeBytes && gibibytesOf(sizeBytes)),
      'block-device-mapping.volume-type': row => disks(row).map(each => each.volumeType ?? 'gp2'),
      'creation-date': row => moments(row.createdAt),
      description: row => row.attributes.description,
      'ena-support': shown('enaSupport'),
      hypervisor: shown('hypervisor'),
      'image-id': shown('imageId'),
      'image-type': shown('imageType'),
      'is-public': shown('isPublic'),
      'kernel-id': shown('kernelId'),
      name: row => row.name,
      'owner-alias': ownerAliasOf,
      'owner-id': shown('imageOwnerId'),
      platform: shown('platform'),
      'product-code': () => undefined,
      'ramdisk-id': shown('ramdiskId'),
      'root-device-name': shown('rootDeviceName'),
      'root-device-type': shown('rootDeviceType'),
      state: row => row.state,
      'state-reason-code': row => imageItem(row, call).stateReason?.code,
      'virtualization-type': shown('virtualizationType'),
    },
    tags: row => tagsShown(row, call.account),
  }
}

/** The names of filters are the same whoever asks. */
const nobody = { account: '', ownerIdOf: String }

export const describeImages = action({
  name: 'DescribeImages',
  summary: 'Lists the images of the account, those of everybody, and those that are shared with it.',
  parameters: {
    ImageId: list(text()),
    Owner: list(text()),
    ExecutableBy: list(text()),
    Filter: filterParameter(filters(nobody)),
    IncludeDeprecated: flag(),
    IncludeDisabled: flag(),
    MaxResults: integer(),
    NextToken: text(),
  },
  check: ({ parameters: { ImageId = [] } }) => checkImageIds(ImageId),
  run: async call => {
    const { ImageId = [], Owner = [], ExecutableBy = [], Filter, MaxResults, NextToken } = call.parameters
    const passes = filtering(Filter, filters(call))
    const found = ImageId.length ? await imagesNamed(call, ImageId) : await images(call)
    const asked = found.filter(row => isOwned(row, Owner, call) && isExecutable(row, ExecutableBy, call)).filter(passes)
    const page = paged(asked, {
      MaxResults,
      NextToken,
      min: 1,
      max: 1_000,
      place: ({ createdAt, id }) => [createdAt, id],
      of: [ImageId, Owner, ExecutableBy, Filter],
    })
    return { imagesSet: page.items.map(row => imageItem(row, call)), nextToken: page.nextToken }
  },
})

type Who = Pick<Call, 'account' | 'ownerIdOf'>

/** `self`, an account as it is shown, or `amazon` for what comes with the cloud. */
const isOwned = (row: ImageRow, owners: readonly string[], { account, ownerIdOf }: Who): boolean => {
  const names = [ownerIdOf(row.account), ownerAliasOf(row), row.account === account ? 'self' : undefined]
  return owners.length === 0 || names.some(name => name !== undefined && owners.includes(name))
}

/**
 * `self`: shared with the caller by name; `all`: public; an account: shared with it. With whom others share their
 * images is theirs to know, but for the caller.
 */
const isExecutable = (row: ImageRow, users: readonly string[], { account, ownerIdOf }: Who): boolean =>
  users.length === 0 ||
  users.some(user => {
    if (user === 'all') return row.attributes.public === true
    const ownerId = user === 'self' ? ownerIdOf(account) : user
    const known = (row.attributes.sharedWith ?? []).filter(each => row.account === account || each === account)
    return known.some(each => ownerIdOf(each) === ownerId)
  })
