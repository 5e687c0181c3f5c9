/** Volumes of the caller, as rows of the inventory. Those that are deleted are no longer there. */
import type { Call } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { ownRows, row, rowsAmong } from '../rows.ts'
import type { VolumeRow } from './volume-row.ts'

type Asked = Omit<Call, 'parameters'>

const DELETED = 'deleted'
const shown = ['creating', 'available', 'in-use', 'deleting', 'error']

/** Every volume of the account in its region. */
export const allVolumes = async (call: Asked): Promise<VolumeRow[]> =>
  (await ownRows(call, 'volume', { state: shown })) as unknown as VolumeRow[]

/** These volumes, each once, in the order of the request. Throws Ec2Error InvalidVolume.NotFound. */
export async function volumesById(call: Asked, ids: readonly string[]): Promise<VolumeRow[]> {
  if (ids.length === 1) return [await volumeById(call, ids[0]!)]
  const found = await rowsAmong(call, 'volume', ids)
  const isThere = (id: string) => found.has(id) && found.get(id)!.state !== DELETED
  const distinct = [...new Set(ids)]
  const absent = distinct.filter(id => !isThere(id))
  if (absent.length) throw volumesNotFound(absent)
  return distinct.map(id => found.get(id) as unknown as VolumeRow)
}

/** One volume. Throws Ec2Error InvalidVolume.NotFound. */
export async function volumeById(call: Asked, id: string): Promise<VolumeRow> {
  const found = await row(call, 'volume', id)
  if (found && found.state !== DELETED) return found as unknown as VolumeRow
  throw volumesNotFound([id])
}

/** Those of these volumes that there are. */
export const volumesAmong = async (call: Asked, ids: readonly string[]): Promise<VolumeRow[]> =>
  [...(await rowsAmong(call, 'volume', ids)).values()].filter(
    ({ state }) => state !== DELETED,
  ) as unknown as VolumeRow[]

/** Only the volumes that a request can be about, where it names them by id. */
export function volumesAsked(
  call: Asked,
  ids: readonly string[],
  filters: readonly { readonly Name?: string; readonly Value?: readonly string[] }[] = [],
): Promise<VolumeRow[]> {
  if (ids.length) return volumesById(call, ids)
  const named = filters.find(({ Name }) => Name === 'volume-id')?.Value
  const isPlain = named?.every(each => /^[\w-]+$/.test(each))
  return isPlain ? volumesAmong(call, named!) : allVolumes(call)
}

/** By volume: does it go with its instance? Read of the instances in as few queries as there are thousands of them. */
export async function flagsOf(call: Asked, volumes: readonly VolumeRow[]): Promise<ReadonlyMap<string, boolean>> {
  const instances = volumes.flatMap(({ attributes: { attachment } }) => (attachment ? [attachment.instance] : []))
  const found = await rowsAmong(call, 'instance', instances)
  const devices = [...found.values()].flatMap(({ attributes }) => attributes.devices as Device[])
  return new Map(devices.map(({ volume, deleteOnTermination }) => [volume, deleteOnTermination]))
}
type Device = { readonly volume: string; readonly deleteOnTermination: boolean }

/** Says which volumes do not exist, all of them. */
export const volumesNotFound = (ids: readonly string[]): Ec2Error =>
  new Ec2Error(
    'InvalidVolume.NotFound',
    ids.length === 1 ? `The volume '${ids[0]}' does not exist.` : `The volumes '${ids.join(', ')}' do not exist.`,
  )
