/** Instances of a test cloud: launched, described, and brought into each state of their life. */
import type { SimulatedOptions } from '../../../src/drivers/simulated/index.ts'
import { type As, type Ec2Setting, image, openEc2, type Parameters } from './setting.ts'

const HOUR_MS = 3_600_000

/**
 * A provider that answers at once, except for what is told to fail as a delay: that is never done within a test, nor asked
 * for again, however long the other tests of its file take: what it would be told then may be meant for one of them.
 */
export const openWithDelays = ({ capabilities, ...provider }: SimulatedOptions = {}): Promise<Ec2Setting> =>
  openEc2({
    provider: {
      instant: true,
      delayMs: { min: HOUR_MS, max: HOUR_MS },
      capabilities: { settle: { startRetryAfterMs: HOUR_MS, stopRetryAfterMs: HOUR_MS }, ...capabilities },
      ...provider,
    },
  })

/** Parameters `InstanceId.1`, `InstanceId.2`, … */
export const instanceIds = (...ids: readonly string[]): Parameters =>
  Object.fromEntries(ids.map((id, index) => [`InstanceId.${index + 1}`, id]))

// biome-ignore lint/suspicious/noExplicitAny: tests read what the protocol says is there
type Item = any

export async function reservationOf(cloud: Ec2Setting, parameters: Parameters = {}, as?: As): Promise<Item> {
  return cloud.ok('RunInstances', { ImageId: image, MinCount: 1, MaxCount: 1, ...parameters }, as)
}
/** Ids of the instances of one launch, in their order. */
export async function launched(cloud: Ec2Setting, parameters: Parameters = {}, as?: As): Promise<string[]> {
  const { instancesSet } = await reservationOf(cloud, parameters, as)
  return instancesSet.map(({ instanceId }: Item) => instanceId)
}
export const launchedOne = async (cloud: Ec2Setting, parameters?: Parameters, as?: As): Promise<string> =>
  (await launched(cloud, parameters, as))[0]!

/** The instances that a DescribeInstances with these parameters lists, reservation by reservation. */
export async function listed(cloud: Ec2Setting, parameters: Parameters = {}, as?: As): Promise<Item[]> {
  const { reservationSet } = await cloud.ok('DescribeInstances', parameters, as)
  return [reservationSet || []].flat().flatMap(({ instancesSet }: Item) => instancesSet)
}
export const described = async (cloud: Ec2Setting, id: string): Promise<Item> =>
  (await listed(cloud, instanceIds(id)))[0]
export const stateOf = async (cloud: Ec2Setting, id: string): Promise<string> =>
  (await described(cloud, id)).instanceState.name

/** The seven columns of the table of transitions. */
export const states = [
  'pending',
  'pending again',
  'running',
  'stopping',
  'stopped',
  'shutting-down',
  'terminated',
] as const
export type State = (typeof states)[number]

/** An instance that is and stays in this state. The cloud is one with delays. */
export async function instanceIn(cloud: Ec2Setting, state: State, parameters: Parameters = {}): Promise<string> {
  if (state === 'pending') cloud.driver.failNext('instanceEnsure', 'delay')
  const id = await launchedOne(cloud, parameters)
  const act = (action: string) => cloud.ok(action, instanceIds(id))
  if (state === 'stopping') {
    await cloud.engine.idle()
    cloud.driver.failNext('instancePower', 'delay', undefined, id)
  }
  if (state === 'stopping' || state === 'stopped' || state === 'pending again') await act('StopInstances')
  if (state === 'pending again') {
    await cloud.engine.idle()
    cloud.driver.failNext('instancePower', 'delay', undefined, id)
    await act('StartInstances')
  }
  if (state === 'shutting-down') cloud.driver.failNext('instanceDestroy', 'delay', undefined, id)
  if (state === 'shutting-down' || state === 'terminated') await act('TerminateInstances')
  const [shown, seen] = [state === 'pending again' ? 'pending' : state, await stateOf(cloud, id)]
  if (seen !== shown) throw new Error(`the instance ${id} did not come to be ${state}: it is ${seen}`)
  return id
}
