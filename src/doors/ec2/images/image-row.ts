/** Images as the inventory keeps them, and which of them a caller may see. (spec: ec2 5) */
import type { Call } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { engineId } from '../refusals.ts'
import { type InventoryRow, row, rows } from '../rows.ts'

export interface ImageDevice {
  readonly device: string
  readonly sizeBytes?: number
  readonly snapshot?: string
  readonly volumeType?: string
  readonly iops?: number
  readonly throughputMiBps?: number
  readonly deleteOnTermination?: boolean
  readonly encrypted?: boolean
  readonly ephemeral?: string
}
export interface ImageRow extends Omit<InventoryRow, 'attributes'> {
  readonly attributes: {
    readonly description?: string
    readonly architecture?: string
    readonly virtualization?: string
    readonly kernel?: string
    readonly ramdisk?: string
    readonly rootDevice: string
    readonly sizeBytes: number
    readonly snapshot?: string
    readonly encrypted?: boolean
    readonly blockDevices: readonly ImageDevice[]
    readonly public?: boolean
    readonly sharedWith?: readonly string[]
    readonly tags?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly reason?: { readonly code: string; readonly message: string }
    readonly createdFrom?: { readonly instance?: string; readonly image?: string }
  }
}

type Seer = Pick<Call, 'session' | 'engine' | 'account'>
/** What is deregistered is gone for whoever looks. */
const isShown = ({ state }: ImageRow) => state !== 'deregistered'

/** Every image the caller may launch or owns: its own, those of everybody, and those shared with it. */
export async function images(call: Seer): Promise<ImageRow[]> {
  const seen = (await rows(call, 'image')) as unknown as ImageRow[]
  const known = new Set(seen.map(({ id }) => id))
  const others = (await sharedWith(call)).filter(id => !known.has(id))
  const shared = await Promise.all(others.map(id => row(call, 'image', id)))
  return [...seen, ...(shared.filter(each => each !== undefined) as unknown as ImageRow[])].filter(isShown)
}

async function sharedWith({ engine, account }: Seer): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await engine.views.shares!.list({ where: { account }, limit: 1_000, cursor })
    ids.push(...page.items.map(({ resource }) => resource as string))
    cursor = page.next
  } while (cursor !== undefined)
  return ids
}

/** Throws Ec2Error InvalidAMIID.Malformed. */
export function checkImageIds(ids: readonly string[]): void {
  const malformed = ids.find(id => !/^ami-[\w-]{1,64}$/.test(id))
  if (malformed === undefined) return
  throw new Ec2Error('InvalidAMIID.Malformed', `Invalid id: "${malformed.slice(0, 128)}" (expecting "ami-...")`)
}

/** One image the caller may see. Throws Ec2Error InvalidAMIID.NotFound, or Unavailable once it is deregistered. */
export async function imageNamed(call: Pick<Call, 'session'>, id: string): Promise<ImageRow> {
  const found = await imageThatWas(call, id)
  if (isShown(found)) return found
  throw new Ec2Error('InvalidAMIID.Unavailable', `The image ID '${id}' is no longer available`)
}

/** One image the caller may see, deregistered or not. Throws Ec2Error InvalidAMIID.NotFound. */
export async function imageThatWas(call: Pick<Call, 'session'>, id: string): Promise<ImageRow> {
  const found = (await row(call, 'image', engineId(id))) as unknown as ImageRow | undefined
  if (found) return found
  throw imagesNotFound([id])
}

/** The same, of an image that is the caller's own. Throws AuthFailure for one that others let it see. */
export async function ownImage(call: Pick<Call, 'session' | 'account'>, id: string): Promise<ImageRow> {
  const found = await imageNamed(call, id)
  if (found.account === call.account) return found
  throw new Ec2Error('AuthFailure', `Not authorized for image:${id}`)
}

/** The images of these ids. Those that are deregistered are left out. Throws InvalidAMIID.NotFound with all that never were. */
export async function imagesNamed(call: Pick<Call, 'session'>, ids: readonly string[]): Promise<ImageRow[]> {
  const distinct = [...new Set(ids)]
  const found = await Promise.all(distinct.map(id => row(call, 'image', engineId(id))))
  const absent = distinct.filter((_, index) => found[index] === undefined)
  if (absent.length) throw imagesNotFound(absent)
  return (found as unknown as ImageRow[]).filter(isShown)
}

const imagesNotFound = (ids: readonly string[]): Ec2Error =>
  new Ec2Error(
    'InvalidAMIID.NotFound',
    ids.length === 1 ? `The image id '[${ids[0]}]' does not exist` : `The image ids '[${ids.join(', ')}]' do not exist`,
  )
