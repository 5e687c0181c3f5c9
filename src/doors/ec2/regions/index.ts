/** Places: regions, their zones, and what an account may have there. */
import type { Action } from '../action.ts'
import { describeAccountAttributes } from './describe-account-attributes.ts'
import { describeAvailabilityZones } from './describe-availability-zones.ts'
import { describeRegions } from './describe-regions.ts'

export const regionActions: readonly Action[] = [describeRegions, describeAvailabilityZones, describeAccountAttributes]
