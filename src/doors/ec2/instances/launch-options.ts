/**
 * Parameters of a launch that change nothing here. They are kept with the instance and shown again, so that a client
 * which compares what it asked for with what it got finds no difference. (spec: ec2 11.2)
 */

import { derivedHex } from '../client-tokens.ts'
import { Ec2Error } from '../errors.ts'
import { flag, integer, type ParametersOf, structure, text } from '../parameters.ts'

const NAME_MAX = 255
const name = () => text({ max: NAME_MAX })
const onOff = () => text({ values: ['enabled', 'disabled'] })

export const optionParameters = {
  AdditionalInfo: text({ max: 1_024 }),
  Monitoring: structure({ Enabled: flag() }),
  Placement: structure({
    AvailabilityZone: text(),
    GroupName: name(),
    GroupId: name(),
    Tenancy: text({ values: ['default', 'dedicated', 'host'] }),
    HostId: name(),
    Affinity: name(),
    PartitionNumber: integer(),
    HostResourceGroupArn: name(),
    SpreadDomain: name(),
  }),
  IamInstanceProfile: structure({ Arn: name(), Name: name() }),
  HibernationOptions: structure({ Configured: flag() }),
  MetadataOptions: structure({
    HttpTokens: text({ values: ['optional', 'required'] }),
    HttpPutResponseHopLimit: integer({ min: 1, max: 64 }),
    HttpEndpoint: onOff(),
    HttpProtocolIpv6: onOff(),
    InstanceMetadataTags: onOff(),
  }),
  CpuOptions: structure({ CoreCount: integer({ min: 1 }), ThreadsPerCore: integer({ min: 1 }) }),
  CreditSpecification: structure({ CpuCredits: text({ values: ['standard', 'unlimited'] }) }),
  EnclaveOptions: structure({ Enabled: flag() }),
  MaintenanceOptions: structure({ AutoRecovery: text({ values: ['default', 'disabled'] }) }),
  PrivateDnsNameOptions: structure({
    HostnameType: text({ values: ['ip-name', 'resource-name'] }),
    EnableResourceNameDnsARecord: flag(),
    EnableResourceNameDnsAAAARecord: flag(),
  }),
  CapacityReservationSpecification: structure({
    CapacityReservationPreference: text({ values: ['open', 'none'] }),
  }),
}
type Options = ParametersOf<typeof optionParameters>

/** Throws Ec2Error InvalidParameterCombination for a profile that is named twice. */
export function checkOptions({ IamInstanceProfile }: Options): void {
  if (IamInstanceProfile?.Arn === undefined || IamInstanceProfile.Name === undefined) return
  throw new Ec2Error(
    'InvalidParameterCombination',
    "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
  )
}

/** What is kept of the options, as it is shown. */
export function keptOptions(options: Options, ownerId: string): Readonly<Record<string, unknown>> {
  const { Placement, IamInstanceProfile, ...rest } = pick(options)
  const { AvailabilityZone: _, ...placement } = Placement ?? {}
  return { ...rest, Placement: placement, IamInstanceProfile: profileOf(IamInstanceProfile, ownerId) }
}

/** The options among all parameters of a launch. */
const pick = (parameters: Options): Options =>
  Object.fromEntries(
    Object.keys(optionParameters).map(each => [each, parameters[each as keyof Options]]),
  ) as unknown as Options

/** Profiles are not kept anywhere here: one that is named has the ARN it would have, and an id made of that. */
function profileOf(profile: Options['IamInstanceProfile'], ownerId: string) {
  if (profile?.Arn === undefined && profile?.Name === undefined) return undefined
  const arn = profile.Arn ?? `arn:aws:iam::${ownerId}:instance-profile/${profile.Name}`
  return { arn, id: `AIPA${derivedHex([arn], 17).toUpperCase()}` }
}
