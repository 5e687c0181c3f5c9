/** What RunInstances takes, and what can be said of it without looking at anything. (spec: ec2 2.5, 6.1, 11.2) */
import { blockDeviceMapping, checkMappings } from '../block-devices.ts'
import { checkClientToken } from '../client-tokens.ts'
import { Ec2Error } from '../errors.ts'
import { base64, flag, integer, list, type ParametersOf, text } from '../parameters.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { USER_DATA_BYTES_MAX } from './attribute-changes.ts'
import { checkOptions, optionParameters } from './launch-options.ts'
import { networkAsked, networkParameters } from './network-interfaces.ts'

/** Only the first two are made; there is nothing that tags of the others could be put on. */
export const taggable = ['instance', 'volume', 'network-interface', 'spot-instances-request'] as const
/** All of one request are launched in one transaction. */
const LAUNCHES_MAX = 1_000

export const launchParameters = {
  ImageId: text().required(),
  MinCount: integer({ min: 1 }).required(),
  MaxCount: integer({ min: 1 }).required(),
  InstanceType: text(),
  KeyName: text({ max: 255 }),
  UserData: base64({ maxBytes: USER_DATA_BYTES_MAX }),
  ClientToken: text(),
  DisableApiTermination: flag(),
  DisableApiStop: flag(),
  InstanceInitiatedShutdownBehavior: text({ values: ['stop', 'terminate'] }),
  EbsOptimized: flag(),
  KernelId: text({ max: 255 }),
  RamdiskId: text({ max: 255 }),
  BlockDeviceMapping: list(blockDeviceMapping),
  TagSpecification: list(tagSpecification),
  ...networkParameters,
  ...optionParameters,
}

/** Throws Ec2Error. */
export function checkLaunch(parameters: ParametersOf<typeof launchParameters>): void {
  const { ImageId, MinCount, MaxCount } = parameters
  if (MaxCount < MinCount)
    throw new Ec2Error(
      'InvalidParameterValue',
      `Invalid value '${MaxCount}' for maxCount. It must be at least minCount, which is ${MinCount}.`,
    )
  if (!ImageId.startsWith('ami-'))
    throw new Ec2Error('InvalidAMIID.Malformed', `Invalid id: "${ImageId}" (expecting "ami-...")`)
  checkClientToken(parameters.ClientToken)
  checkOptions(parameters)
  networkAsked(parameters, MaxCount)
  checkMappings(parameters.BlockDeviceMapping)
  tagsOf(parameters.TagSpecification, taggable)
  if (MaxCount > LAUNCHES_MAX)
    throw new Ec2Error(
      'InstanceLimitExceeded',
      `You have requested more instances (${MaxCount}) than one request may launch, which is ${LAUNCHES_MAX}.`,
    )
}
