/** Instances of the caller, as rows of the inventory, and what they are shown with. */
import type { Call } from '../action.ts'
import { defaultNetwork } from '../networks/default-network.ts'
import { ownRows, rowsById } from '../rows.ts'
import { imageFacts } from './image-facts.ts'
import { instancesNotFound } from './instance-ids.ts'
import type { Surroundings } from './instance-item.ts'
import type { InstanceRow } from './instance-row.ts'
import { shownState, statesShownAs } from './states.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever its parameters are
type Asked = Call<any>

/** Every instance of the account in its region, or those in one of the states. */
export const allInstances = async (
  call: Asked,
  { state }: { readonly state?: readonly string[] } = {},
): Promise<InstanceRow[]> => shown(await ownRows(call, 'instance', state ? { state: statesShownAs(state) } : {}))

/** Clients know six states. */
const shown = (rows: readonly unknown[]): InstanceRow[] =>
  (rows as InstanceRow[]).map(row => {
    const state = shownState(row.state)
    return state === row.state ? row : { ...row, state }
  })

/** These instances, each once, in the order of the request. Throws Ec2Error InvalidInstanceID.NotFound. */
export async function instancesById(call: Asked, ids: readonly string[]): Promise<InstanceRow[]> {
  const { found, absent } = await rowsById(call, 'instance', ids)
  if (absent.length) throw instancesNotFound(absent)
  return shown(found)
}

/** Those of these instances that there are. */
export const instancesAmong = async (call: Asked, ids: readonly string[]): Promise<InstanceRow[]> =>
  shown((await rowsById(call, 'instance', ids)).found)

/** One instance. Throws Ec2Error InvalidInstanceID.NotFound. */
export const instanceById = async (call: Asked, id: string): Promise<InstanceRow> =>
  (await instancesById(call, [id]))[0]!

/** What these instances are shown with. */
export async function surroundings(call: Asked, instances: readonly InstanceRow[]): Promise<Surroundings> {
  const images = await imageFacts(
    call,
    instances.map(({ attributes }) => attributes.image),
  )
  const { subnetId, ...network } = defaultNetwork(call)
  const subnets = new Map(call.region.zones.map(zone => [zone, subnetId(zone)]))
  return {
    region: call.region.name,
    network: { ...network, subnetId: zone => subnets.get(zone) ?? subnetId(zone) },
    imageOf: image => images.get(image),
  }
}
