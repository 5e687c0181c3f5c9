/** What is read where an instance cannot be kept after its termination, and where it is kept. (docs/decisions/0056.) */
import type { Refusal, RefusalInput } from './grammar.ts'

type Asked = RefusalInput
const no = (code: string, sentence: Refusal['sentence']): Refusal => ({ code, sentence })

export const instanceRecovery = {
  recoveryPossible: no(
    'recoveryUnsupported',
    'Only an instance that comes to rest with its disks when it stops can be recovered; give no time for that.',
  ),
  lineageKnown: no(
    'vmSnapshotRevertInProgress',
    ({ resource, context }: Asked) =>
      `The disks of ${resource} are going back to the VM snapshot ${context.vmSnapshotTask?.snapshots[0]}, so nobody knows which would be kept; wait for that, or have it expunged.`,
  ),
}

export const volumeRecovery = {
  ownerAlive: no(
    'instanceTerminated',
    ({ resource, context }: Asked) =>
      `The instance ${context.attachment?.instance} of the volume ${resource} was terminated; recover it first.`,
  ),
}
