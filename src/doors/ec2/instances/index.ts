/** Actions on instances and their types. */
import type { Action } from '../action.ts'
import { describeInstanceAttribute } from './describe-instance-attribute.ts'
import { describeInstanceCreditSpecifications } from './describe-instance-credit-specifications.ts'
import { describeInstanceStatus } from './describe-instance-status.ts'
import { describeInstanceTypeOfferings } from './describe-instance-type-offerings.ts'
import { describeInstanceTypes } from './describe-instance-types.ts'
import { describeInstances } from './describe-instances.ts'
import { getConsoleOutput } from './get-console-output.ts'
import { modifyInstanceAttribute } from './modify-instance-attribute.ts'
import { monitorInstances, unmonitorInstances } from './monitor-instances.ts'
import { rebootInstances } from './reboot-instances.ts'
import { resetInstanceAttribute } from './reset-instance-attribute.ts'
import { runInstances } from './run-instances.ts'
import { startInstances } from './start-instances.ts'
import { stopInstances } from './stop-instances.ts'
import { terminateInstances } from './terminate-instances.ts'

export const instanceActions: readonly Action[] = [
  runInstances,
  startInstances,
  stopInstances,
  rebootInstances,
  terminateInstances,
  describeInstances,
  describeInstanceStatus,
  modifyInstanceAttribute,
  describeInstanceAttribute,
  resetInstanceAttribute,
  getConsoleOutput,
  monitorInstances,
  unmonitorInstances,
  describeInstanceTypes,
  describeInstanceTypeOfferings,
  describeInstanceCreditSpecifications,
]
