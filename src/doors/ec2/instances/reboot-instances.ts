import { action } from '../action.ts'
import { checkInstances, instanceIdParameter, submitted } from './changes.ts'

export const rebootInstances = action({
  name: 'RebootInstances',
  summary: 'Restarts the guests of running instances; their state does not change.',
  parameters: instanceIdParameter,
  mutates: true,
  check: checkInstances,
  run: async call => {
    await submitted(call, 'reboot')
    return { return: true }
  },
})
