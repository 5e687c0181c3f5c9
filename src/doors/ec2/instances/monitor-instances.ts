import { action } from '../action.ts'
import { annotationKey } from './annotations.ts'
import { checkInstances, instanceIdParameter, submitted } from './changes.ts'

const key = annotationKey('monitoring.enabled')
const shown = (ids: readonly { readonly id: string }[], state: string) => ({
  instancesSet: ids.map(({ id }) => ({ instanceId: id, monitoring: { state } })),
})

/** What it says is kept and shown; nothing here measures more often for it. */
export const monitorInstances = action({
  name: 'MonitorInstances',
  summary: 'Marks instances as monitored in detail.',
  parameters: instanceIdParameter,
  mutates: true,
  check: checkInstances,
  run: async call => shown(await submitted(call, 'modify', { annotations: { [key]: 'true' } }), 'enabled'),
})

export const unmonitorInstances = action({
  name: 'UnmonitorInstances',
  summary: 'Takes the mark of MonitorInstances away.',
  parameters: instanceIdParameter,
  mutates: true,
  check: checkInstances,
  run: async call => shown(await submitted(call, 'modify', { annotations: { [key]: null } }), 'disabled'),
})
