import { action } from '../action.ts'
import { text } from '../parameters.ts'
import { changeItems, checkInstances, instanceIdParameter, submitted } from './changes.ts'

/** `AdditionalInfo` is reserved on EC2, and means nothing there either. */
export const startInstances = action({
  name: 'StartInstances',
  summary: 'Starts stopped instances with the volumes they have; those that run already stay as they are.',
  parameters: { ...instanceIdParameter, AdditionalInfo: text() },
  mutates: true,
  check: checkInstances,
  run: async call => ({ instancesSet: changeItems(await submitted(call, 'start')) }),
})
