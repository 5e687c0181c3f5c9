import { action } from '../action.ts'
import { flag, text } from '../parameters.ts'
import { checkInstanceIds } from './instance-ids.ts'
import { instanceById } from './instance-rows.ts'

/** The provider is asked now, so `Latest` changes nothing. */
export const getConsoleOutput = action({
  name: 'GetConsoleOutput',
  summary: 'Shows what the guest has written to its console: at most the last 64 KiB.',
  parameters: { InstanceId: text().required(), Latest: flag() },
  check: ({ parameters: { InstanceId } }) => checkInstanceIds([InstanceId]),
  run: async call => {
    const { id } = await instanceById(call, call.parameters.InstanceId)
    const { outputBase64, at } = await call.session.consoleOutput(id)
    return { instanceId: id, timestamp: new Date(at), output: outputBase64 }
  },
})
