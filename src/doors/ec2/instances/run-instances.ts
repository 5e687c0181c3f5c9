import { type CommandResult, Refused } from '../../../index.ts'
import { action } from '../action.ts'
import { rowAtBirth } from '../birth.ts'
import { type Submitted, submitOnce } from '../client-tokens.ts'
import { Ec2Error } from '../errors.ts'
import { defaultNetwork } from '../networks/default-network.ts'
import { instanceItem } from './instance-item.ts'
import type { InstanceRow } from './instance-row.ts'
import { instancesAmong, surroundings } from './instance-rows.ts'
import { type Launch, type LaunchCall, launchOf } from './launch-commands.ts'
import { checkLaunch, launchParameters } from './launch-parameters.ts'
import { placeOf } from './launch-place.ts'
import { networkAsked } from './network-interfaces.ts'
import { offerings } from './offerings.ts'
import { reservationItem } from './reservations.ts'

const TYPE_DEFAULT = 'm1.small'

/** All of MaxCount are launched, or none: how many fit is known only when their provider has made them. */
export const runInstances = action({
  name: 'RunInstances',
  summary: 'Launches instances of one image as one reservation; answers while they are pending.',
  parameters: launchParameters,
  mutates: true,
  check: ({ parameters }) => checkLaunch(parameters),
  run: async call => {
    const { parameters, region } = call
    const asked = networkAsked(parameters, parameters.MaxCount)
    const { zone, fault } = placeOf(asked, parameters.Placement?.AvailabilityZone, defaultNetwork(call), region)
    const launch = launchOf(call, zone)
    // What is wrong with image, type, zone or key is said before what is wrong with the network.
    if (fault) await ofSomeType(call, type => call.session.submit(launch.commands(type), { dryRun: true }))
    if (fault) throw fault
    const { results, isReplay } = await submitted(call, launch)
    const rows = isReplay ? await rowsNow(call, results) : await rowsAtBirth(call, results)
    const around = await surroundings(call, rows)
    const items = rows.map(row => instanceItem(row, around))
    return reservationItem(launch.reservationId, call.ownerId, items)
  },
})

const submitted = (call: LaunchCall, launch: Launch): Promise<Submitted> => {
  const { ClientToken: token } = call.parameters
  return ofSomeType(call, type => submitOnce(call, { action: 'RunInstances', token }, launch.commands(type)))
}

/** Of the type asked for; without one, of the default, or of the first there is where that is not offered. */
async function ofSomeType<T>(call: LaunchCall, submit: (type: string) => Promise<T>): Promise<T> {
  const { InstanceType: given } = call.parameters
  if (given !== undefined) return submit(given)
  try {
    return await submit(TYPE_DEFAULT)
  } catch (error) {
    if (!isOfType(error)) throw error
    const [first] = await offerings(call)
    if (first === undefined || first.name === TYPE_DEFAULT) throw error
    return submit(first.name)
  }
}

/** The default is not offered, or was not when the token was first used. */
const isOfType = (error: unknown): boolean =>
  error instanceof Refused
    ? error.reasons.some(({ requirement }) => requirement === 'typeExists' || requirement === 'offeringActive')
    : error instanceof Ec2Error && error.code === 'IdempotentParameterMismatch'

/** As they were when they were launched, pending, whatever has become of them since. */
async function rowsAtBirth(call: LaunchCall, results: readonly CommandResult[]): Promise<InstanceRow[]> {
  const rows: InstanceRow[] = []
  for (const { id } of results) rows.push((await rowAtBirth(call, id)) as unknown as InstanceRow)
  return rows
}

/** As they are now. Throws Ec2Error IdempotentInstanceTerminated if nothing is left of what the token launched. */
async function rowsNow(call: LaunchCall, results: readonly CommandResult[]): Promise<InstanceRow[]> {
  const rows = await instancesAmong(
    call,
    results.map(({ id }) => id),
  )
  if (rows.some(({ state }) => state !== 'shutting-down' && state !== 'terminated')) return rows
  throw new Ec2Error(
    'IdempotentInstanceTerminated',
    'The client token you have provided is associated with a terminated instance. Please use a different client token.',
  )
}
