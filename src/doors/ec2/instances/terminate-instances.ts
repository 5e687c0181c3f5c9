import { action } from '../action.ts'
import { changeItems, checkInstances, instanceIdParameter, submitted } from './changes.ts'

export const terminateInstances = action({
  name: 'TerminateInstances',
  summary: 'Ends instances for good; then their volumes are deleted or freed, as DeleteOnTermination says.',
  parameters: instanceIdParameter,
  mutates: true,
  check: checkInstances,
  run: async call => ({ instancesSet: changeItems(await submitted(call, 'terminate')) }),
})
