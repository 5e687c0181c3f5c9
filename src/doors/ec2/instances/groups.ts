/** Security groups: every region has one, and no other can be named. */
import { Ec2Error } from '../errors.ts'

interface Network {
  readonly groupId: string
  readonly groupName: string
}

/** What is wrong with the groups that a request names, by id or by name. */
export function groupFault(
  network: Network,
  ids: readonly string[] = [],
  names: readonly string[] = [],
): Ec2Error | undefined {
  const unknown = ids.find(id => id !== network.groupId) ?? names.find(name => name !== network.groupName)
  if (unknown === undefined) return undefined
  return new Ec2Error('InvalidGroup.NotFound', `The security group '${unknown}' does not exist`)
}
