import { action, type Call } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { defaultNetwork } from '../networks/default-network.ts'
import { text } from '../parameters.ts'
import { attributeParameters, changeAsked, type DeviceFlag } from './attribute-changes.ts'
import { groupFault } from './groups.ts'
import { checkInstanceIds } from './instance-ids.ts'
import { instanceById } from './instance-rows.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever its parameters are
type Asked = Call<any>

export const modifyInstanceAttribute = action({
  name: 'ModifyInstanceAttribute',
  summary: 'Changes one attribute of an instance. What it boots with changes only while it is stopped.',
  parameters: { InstanceId: text().required(), ...attributeParameters },
  mutates: true,
  check: ({ parameters }) => {
    checkInstanceIds([parameters.InstanceId])
    changeAsked(parameters)
  },
  run: async call => {
    const { InstanceId: id } = call.parameters
    const change = changeAsked(call.parameters)
    if (change.attribute === 'groupSet') await checkGroups(call, id, change.groups)
    else if (change.attribute === 'blockDeviceMapping') await changeFlags(call, id, change.devices)
    else await modify(call, id, change.input)
    return { return: true }
  },
})

const modify = (call: Asked, id: string, input: Readonly<Record<string, unknown>>) =>
  call.session.submit([{ kind: 'instance', command: 'modify', id, input }])

/** An instance is in the one group there is: to ask for that again changes nothing. */
async function checkGroups(call: Asked, id: string, groups: readonly string[]): Promise<void> {
  const { state } = await instanceById(call, id)
  const fault = groupFault(defaultNetwork(call), groups)
  if (fault) throw fault
  if (state === 'shutting-down' || state === 'terminated')
    throw new Ec2Error('IncorrectInstanceState', `The instance '${id}' is ${state}; its groups cannot be changed.`)
}

async function changeFlags(call: Asked, id: string, flags: readonly DeviceFlag[]): Promise<void> {
  const named = flags.filter(({ volume }) => volume !== undefined)
  if (named.length) {
    const { attributes } = await instanceById(call, id)
    for (const { device, volume } of named)
      if (!attributes.devices.some(each => each.volume === volume && bare(each.device) === bare(device)))
        throw new Ec2Error('InvalidInstanceAttributeValue', `The volume ${volume} is not mapped at ${device}`)
  }
  const deleteOnTermination = Object.fromEntries(flags.map(each => [each.device, each.deleteOnTermination]))
  await modify(call, id, { deleteOnTermination })
}

/** All spellings of a device as one; `sda1` and `sda` are a root's two names. */
const bare = (device: string) => device.replace(/^\/dev\//, '').replace(/^((?:s|xv|v|h)da)1$/, '$1')
