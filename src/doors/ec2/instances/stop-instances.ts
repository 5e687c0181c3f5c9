import { action, type Call } from '../action.ts'
import { flag } from '../parameters.ts'
import { rowsById } from '../rows.ts'
import { changeItems, checkInstances, instanceIdParameter, submitted } from './changes.ts'
import { distinct } from './instance-ids.ts'

/**
 * Hibernating is suspending. Whatever has stopped, or is on its way there, in either way, stays as it is: to clients both
 * are one state.
 */
async function commandFor(call: Pick<Call<unknown>, 'session'>, ids: readonly string[], isHibernated: boolean) {
  const { found } = await rowsById(call, 'instance', ids)
  const states = new Map(found.map(({ id, state }) => [id, state]))
  return (id: string) => {
    const state = states.get(id) ?? ''
    if (state.startsWith('stop')) return 'stop'
    return isHibernated || state.startsWith('suspend') ? 'suspend' : 'stop'
  }
}

export const stopInstances = action({
  name: 'StopInstances',
  summary:
    'Stops running instances; their volumes stay attached. Force does not wait for the guest; Hibernate suspends it, where its provider can.',
  parameters: { ...instanceIdParameter, Force: flag(), Hibernate: flag() },
  mutates: true,
  check: checkInstances,
  run: async call => {
    const { InstanceId, Force: force, Hibernate } = call.parameters
    const command = await commandFor(call, distinct(InstanceId), Hibernate === true)
    return { instancesSet: changeItems(await submitted(call, command, force ? { force } : {})) }
  },
})
