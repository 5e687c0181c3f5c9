/** What a launch becomes: everything that is decided when it is asked for, or what it is refused for. */
import { normalised } from './disks.ts'
import { type Completion, completed, type Declined, type Json } from './grammar.ts'
import { type Mapping, type MappingEntry, type MappingFault, mergeBlockDevices } from './instance.block-devices.ts'
import { launchFaults } from './instance.launch-faults.ts'
import { type Asked, type Mismatch, type Resolved, resolveMode } from './instance.mode.ts'
import { type Mode, modes } from './modes.ts'

type Input = { [name: string]: Json | undefined } & {
  mode: Asked['requested']
  onMismatch: 'refuse' | 'warn'
  rootPolicy: 'private' | 'direct'
  blockDevices: MappingEntry[]
  zone?: string
  shutdownBehaviour?: 'stop' | 'terminate'
  userData?: string
  userDataEncoding?: 'text' | 'base64'
}

export function launchData({ input, facts, newId }: Completion<Input>): Json | Declined {
  const { image, offering, provider, snapshots } = facts
  const { capabilities } = provider
  const { blockDevices, mode: requested, onMismatch, rootPolicy, zone = capabilities.zones[0], ...asked } = input
  const { targets = modes } = image
  const direct = rootPolicy === 'direct'
  const fromSnapshot = image.snapshot !== undefined
  const rootIsVolume = changesRoot(image, blockDevices)
  const resolved = resolveMode({ requested, targets, direct, rootIsVolume, fromSnapshot }, capabilities)
  const { mode, rootOwner, mismatch } = resolved
  const mapping = ofOwner(rootOwner, image.rootDevice, mergeBlockDevices(image, blockDevices, snapshots))
  const found = 'requirement' in mapping ? undefined : mapping
  const stops = mode === 'stateful' && capabilities.stop !== 'none'
  const data = {
    ...asked,
    userDataEncoding: encodingOf(input),
    mode,
    rootOwner: rootOwner ?? 'provider',
    keptRoot: rootOwner === 'provider' && keepsRoots(capabilities) ? keptRoot(newId('volume'), image) : undefined,
    warning: mismatch && warningOf(requested as Mode, resolved, mismatch),
    shutdownBehaviour: input.shutdownBehaviour ?? (stops ? 'stop' : 'terminate'),
    zone,
    provider: provider.name,
    vcpus: offering.vcpus,
    memoryBytes: offering.memoryBytes,
    architecture: image.architecture,
    virtualization: image.virtualization,
    rootDevice: image.rootDevice,
    devices: found?.volumes.map(each => ({ ...each, volume: newId('volume') })),
    ephemeral: found?.ephemeral.length ? found.ephemeral : undefined,
  }
  return completed(data as unknown as Json, {
    modeOffered: mismatch && onMismatch === 'refuse' ? { requested, ...mismatch } : undefined,
    rootOffered: rootOwner === undefined ? { provider: provider.name, direct } : undefined,
    ...launchFaults(zone, mapping, capabilities, image.rootDevice),
  })
}

/** May a root that the provider made be there when its instance is not, although nobody asked for that? */
const keepsRoots = ({ rootOnDestroy, stop, rootOnStop }: Capabilities) =>
  rootOnDestroy === 'keeps' || (stop === 'destroys' && rootOnStop === 'keeps')
interface Capabilities {
  readonly rootOnDestroy: string
  readonly stop: string
  readonly rootOnStop: string
}
const keptRoot = (volume: string, { sizeBytes }: { sizeBytes: number }) => ({ volume, sizeBytes })

/** Is its root to be other than its image has it? Its name alone changes nothing. */
function changesRoot({ rootDevice, sizeBytes }: { rootDevice: string; sizeBytes: number }, asked: MappingEntry[]) {
  const entry = asked.find(each => normalised(each.device) === normalised(rootDevice))
  if (!entry) return false
  const { device: _, sizeBytes: wanted = sizeBytes, deleteOnTermination = true, snapshot: __, ...rest } = entry
  return wanted !== sizeBytes || !deleteOnTermination || Object.values(rest).some(value => value !== undefined)
}

/** The volumes a launch makes: the root only if it is the engine's. */
function ofOwner(owner: Resolved['rootOwner'], rootDevice: string, mapping: Mapping | MappingFault) {
  if ('requirement' in mapping || owner === 'engine') return mapping
  const volumes = mapping.volumes.filter(each => normalised(each.device) !== normalised(rootDevice))
  return { ...mapping, volumes }
}

/** One that runs on its image itself uses that up, which is worth more words than the mode. */
function warningOf(requested: Mode, { mode, rootOwner }: Resolved, { reason, remedy }: Mismatch) {
  const consumed = rootOwner === 'image'
  const fact = consumed
    ? `it is launched ${mode} on the image itself, which nobody else can use until it is terminated`
    : `it is launched ${mode}`
  const sentence = `Asked for a ${requested} instance, which the ${reason.toLowerCase()} does not allow: ${fact}. To have it ${requested}, ${remedy}.`
  const code = consumed ? 'imageConsumed' : 'modeMismatch'
  return { code, sentence, requested, resolved: mode, reason, remedy }
}

/** New user data comes with its encoding; without new user data the encoding stays what it is. */
export function encodingOf({
  userData,
  userDataEncoding,
}: {
  userData?: string
  userDataEncoding?: 'text' | 'base64'
}) {
  return userData === undefined ? undefined : (userDataEncoding ?? 'text')
}
