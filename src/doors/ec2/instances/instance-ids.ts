/** Ids of instances in a request. (spec: ec2 2.4) */
import { Ec2Error } from '../errors.ts'

/** More than anybody has needed, and few enough that all of them fit one transaction. */
const IDS_MAX = 1_000
const wellFormed = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/

/** Throws Ec2Error InvalidInstanceID.Malformed, or InvalidParameterValue for more than are taken at once. */
export function checkInstanceIds(ids: readonly string[] = []): void {
  const malformed = ids.find(id => !wellFormed.test(id))
  if (malformed !== undefined) throw new Ec2Error('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`)
  if (ids.length > IDS_MAX)
    throw new Ec2Error('InvalidParameterValue', `A request names at most ${IDS_MAX} instances, not ${ids.length}`)
}

/** Each once, in the order of the request. */
export const distinct = (ids: readonly string[]): readonly string[] => [...new Set(ids)]

/** Says which instances do not exist, all of them. */
export const instancesNotFound = (ids: readonly string[]): Ec2Error =>
  new Ec2Error(
    'InvalidInstanceID.NotFound',
    ids.length === 1
      ? `The instance ID '${ids[0]}' does not exist`
      : `The instance IDs '${ids.join(', ')}' do not exist`,
  )
