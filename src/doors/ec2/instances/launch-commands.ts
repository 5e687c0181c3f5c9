/** A launch as the engine takes it: one command for each instance, all of one reservation. (spec: ec2 2.5) */
import { randomBytes } from 'node:crypto'
import type { CommandInput } from '../../../index.ts'
import type { Call } from '../action.ts'
import { engineMappings } from '../block-devices.ts'
import { derivedHex } from '../client-tokens.ts'
import type { ParametersOf } from '../parameters.ts'
import { tagsOf } from '../tag-specifications.ts'
import { engineId } from '../wire-ids.ts'
import { annotationsOf } from './annotations.ts'
import { keptOptions } from './launch-options.ts'
import { type launchParameters, taggable } from './launch-parameters.ts'
import { networkAsked } from './network-interfaces.ts'

export type LaunchCall = Call<ParametersOf<typeof launchParameters>>

/** Its commands follow from the request alone, so that with a token the same request is the same to the engine. */
export interface Launch {
  readonly reservationId: string
  commands(type: string): CommandInput[]
}

export function launchOf({ parameters, account, ownerId, region }: LaunchCall, zone: string | undefined): Launch {
  const { ClientToken: token, MaxCount } = parameters
  const reservationId = `r-${token ? derivedHex([account, region.name, token], 17) : newHex()}`
  const { privateIpAddress, kept } = networkAsked(parameters, MaxCount)
  const tags = tagsOf(parameters.TagSpecification, taggable)
  const input = {
    image: engineId(parameters.ImageId),
    zone,
    blockDevices: engineMappings(parameters.BlockDeviceMapping),
    shutdownBehaviour: parameters.InstanceInitiatedShutdownBehavior,
    userData: parameters.UserData?.toString('base64'),
    userDataEncoding: parameters.UserData && 'base64',
    terminationProtection: parameters.DisableApiTermination,
    stopProtection: parameters.DisableApiStop,
    tags: tags.instance,
    volumeTags: tags.volume,
    keyPair: parameters.KeyName,
    kernel: parameters.KernelId,
    ramdisk: parameters.RamdiskId,
    ebsOptimized: parameters.EbsOptimized,
    annotations: annotationsOf({
      ClientToken: token || undefined,
      PrivateIpAddress: privateIpAddress,
      ...kept,
      ...keptOptions(parameters, ownerId),
    }),
    launchGroup: reservationId,
  }
  return {
    reservationId,
    commands: type =>
      Array.from({ length: MaxCount }, (_, launchIndex) => ({
        kind: 'instance',
        command: 'launch',
        input: { ...input, type, launchIndex },
      })),
  }
}

const newHex = () => randomBytes(9).toString('hex').slice(0, 17)
