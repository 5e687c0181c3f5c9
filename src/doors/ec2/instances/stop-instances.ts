import { action } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { flag } from '../parameters.ts'
import { changeItems, checkInstances, instanceIdParameter, submitted } from './changes.ts'

export const stopInstances = action({
  name: 'StopInstances',
  summary: 'Stops running instances; their volumes stay attached. Force does not wait for the guest.',
  parameters: { ...instanceIdParameter, Force: flag(), Hibernate: flag() },
  mutates: true,
  check: call => {
    checkInstances(call)
    if (!call.parameters.Hibernate) return
    throw new Ec2Error('UnsupportedOperation', 'Instances cannot hibernate here; stop them without Hibernate.')
  },
  run: async call => {
    const { Force: force } = call.parameters
    return { instancesSet: changeItems(await submitted(call, 'stop', force ? { force } : {})) }
  },
})
