/** Actions on a list of instances: one command for each, all or none. (spec: ec2 2.3, 2.4) */
import type { CommandResult } from '../../../index.ts'
import type { Call } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { list, text } from '../parameters.ts'
import { checkInstanceIds, distinct } from './instance-ids.ts'
import { stateItem } from './states.ts'

type Ids = { readonly InstanceId: readonly string[] }

const noInstances = () => new Ec2Error('InvalidParameterCombination', 'No instances specified')
export const instanceIdParameter = { InstanceId: list(text()).required(noInstances) }

/** Throws Ec2Error InvalidInstanceID.Malformed, or InvalidParameterValue for too many. */
export const checkInstances = ({ parameters }: Call<Ids>): void => checkInstanceIds(parameters.InstanceId)

/** Gives one command to each instance, which may depend on its id, in the order of the request; ids given twice count once. */
export function submitted(
  { session, parameters }: Pick<Call<Ids>, 'session' | 'parameters'>,
  asked: string | ((id: string) => string),
  input: Readonly<Record<string, unknown>> = {},
): Promise<readonly CommandResult[]> {
  const ids = distinct(parameters.InstanceId)
  return session.submit(
    ids.map(id => {
      const command = typeof asked === 'string' ? asked : asked(id)
      return { kind: 'instance', command, id, input: command === 'suspend' ? {} : input }
    }),
  )
}

/** What each came from and went to, by the event just stored: whatever its provider has done since. */
export const changeItems = (results: readonly CommandResult[]) =>
  results.map(({ id, state, previousState }) => ({
    instanceId: id,
    currentState: stateItem(state),
    previousState: stateItem(previousState),
  }))
