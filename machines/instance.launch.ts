/** What a launch becomes: everything that is decided when it is asked for, or what it is refused for. */
import { normalised } from './disks.ts'
import { type Completion, completed, type Declined, type Json } from './grammar.ts'
import {
  type MappedVolume,
  type Mapping,
  type MappingEntry,
  type MappingFault,
  mergeBlockDevices,
} from './instance.block-devices.ts'
import { launchFaults } from './instance.launch-faults.ts'
import { type Asked, type Mismatch, type Resolved, resolveMode } from './instance.mode.ts'
import { type KnownVolume, rootDeviceOn, type Source, sourceOf } from './instance.source.ts'
import { type Mode, modes } from './modes.ts'
import { type KnownPool, placed } from './placement.ts'

type Input = { [name: string]: Json | undefined } & {
  mode: Asked['requested']
  onMismatch: 'refuse' | 'warn'
  rootPolicy: 'private' | 'direct'
  blockDevices: MappingEntry[]
  image?: string
  rootVolume?: string
  zone?: string
  shutdownBehaviour?: 'stop' | 'terminate'
  userData?: string
  userDataEncoding?: 'text' | 'base64'
}

export function launchData({ input, facts, newId }: Completion<Input>): Json | Declined {
  const { image, rootVolume, offering, provider, snapshots, pools } = facts
  const { capabilities } = provider
  const { image: _, rootVolume: __, blockDevices, mode: requested, onMismatch, rootPolicy, ...asked } = input
  const { zone = rootVolume?.zone ?? capabilities.zones[0] } = asked
  const source = sourceOf(image, rootVolume)
  if (!source) return withoutSource({ ...asked, zone, provider: provider.name }, rootVolume)
  const { targets = modes, rootDevice } = source
  const direct = rootPolicy === 'direct'
  const fromSnapshot = source.snapshot !== undefined
  const onVolume = rootVolume ? (rootVolume.from?.kind ?? 'blank') : undefined
  const rootIsVolume = !onVolume && changesRoot(source, blockDevices)
  const resolved = resolveMode({ requested, targets, direct, rootIsVolume, fromSnapshot, onVolume }, capabilities)
  const { mode, rootOwner, mismatch } = resolved
  const mapping = mapped(rootOwner, source, rootVolume, blockDevices, snapshots)
  const found = 'requirement' in mapping ? undefined : mapping
  const made = rootOwner === 'provider' && source.sizeBytes > 0 ? { sizeBytes: source.sizeBytes } : undefined
  const place = placesOf(made, found?.volumes ?? [], pools, zone)
  const stops = mode === 'stateful' && capabilities.stop !== 'none'
  const data = {
    ...asked,
    image: source.image,
    userDataEncoding: encodingOf(input),
    mode,
    rootOwner: rootOwner ?? (rootVolume ? 'user' : 'provider'),
    ...(fromSnapshot ? {} : cloneOf(rootOwner, capabilities)),
    providerRoot: made && { ...made, pool: place.of.get(made) },
    keptRoot: rootOwner === 'provider' && keepsRoots(capabilities) ? keptRoot(newId('volume'), source) : undefined,
    warning: mismatch && warningOf(requested as Mode, resolved, mismatch),
    shutdownBehaviour: input.shutdownBehaviour ?? (stops ? 'stop' : 'terminate'),
    zone,
    provider: provider.name,
    vcpus: offering.vcpus,
    memoryBytes: offering.memoryBytes,
    architecture: source.architecture,
    virtualization: source.virtualization,
    rootDevice,
    devices: found?.volumes.map(each => ({ volume: newId('volume'), ...each, pool: place.of.get(each) })),
    ephemeral: found?.ephemeral.length ? found.ephemeral : undefined,
  }
  return completed(data as unknown as Json, {
    modeOffered: mismatch && onMismatch === 'refuse' ? { requested, ...mismatch } : undefined,
    imageUnused: rootOwner === 'image' && facts.clones ? { image: source.image, isCloned: true } : undefined,
    rootOffered: rootOwner ? undefined : rootlessWords(provider, direct, rootVolume),
    ...launchFaults(zone, mapping, capabilities, rootDevice),
    poolRoom: place.fault,
  })
}

/** Why there is no root such as the one asked for. */
const rootlessWords = (
  { name, capabilities: { clonesOnLaunch, runsOnImage } }: { name: string; capabilities: Rooting },
  direct: boolean,
  rootVolume: KnownVolume | null,
) => ({ provider: name, direct, rootVolume: rootVolume?.id, clones: clonesOnLaunch !== 'never', runsOnImage })
interface Rooting {
  readonly clonesOnLaunch: string
  readonly runsOnImage: boolean
}

type Placed = MappingWithRoot['volumes'][number]
/** Where the disks go that come of the launch, a root that the provider makes among them: all of them, or none. */
function placesOf(
  root: { readonly sizeBytes: number } | undefined,
  volumes: readonly Placed[],
  pools: readonly KnownPool[] | null,
  zone: string,
) {
  const made = [...(root ? [root] : []), ...volumes.filter(each => each.volume === undefined)]
  const { pools: chosen, fault } = placed(pools, zone, made)
  return { of: new Map(made.map((each, nth) => [each, chosen[nth]])), fault }
}

/** Nothing says what it would run. */
const withoutSource = (data: object, rootVolume: { id: string } | null) =>
  completed(data as Json, rootVolume ? { rootBootable: { rootVolume: rootVolume.id } } : { imageGiven: {} })

/** What a root that is made from the image may lack of a disk that stands alone. */
function cloneOf(owner: Resolved['rootOwner'], { cloneKind, canCloneImage, canCreateVolumeFromImage }: Cloning) {
  if (owner !== 'provider' && owner !== 'engine') return {}
  const onlyRoot = owner === 'engine' && canCloneImage && !canCreateVolumeFromImage
  return { pinsImage: cloneKind !== 'full' || undefined, onlyRoot: onlyRoot || undefined }
}
interface Cloning {
  readonly cloneKind: string
  readonly canCloneImage: boolean
  readonly canCreateVolumeFromImage: boolean
}

/**
 * May a root that the provider made be there when its instance is not, although nobody asked for that? One that goes by a
 * flag stays when the provider has lost the instance: then there is nobody to take the flag.
 */
const keepsRoots = ({ rootOnDestroy, stop, rootOnStop }: Capabilities) =>
  rootOnDestroy !== 'deletes' || (stop === 'destroys' && rootOnStop === 'keeps')
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

/** The volumes of a launch: the root among them only if it is the engine's, or a volume that is there. */
function mapped(
  owner: Resolved['rootOwner'],
  source: Source,
  rootVolume: KnownVolume | null,
  asked: MappingEntry[],
  snapshots: Parameters<typeof mergeBlockDevices>[2],
): MappingWithRoot | MappingFault {
  const mapping = mergeBlockDevices(source, asked, snapshots)
  if ('requirement' in mapping || owner === 'engine') return mapping
  const volumes = mapping.volumes.filter(each => normalised(each.device) !== normalised(source.rootDevice))
  if (!rootVolume) return { ...mapping, volumes }
  const root = rootDeviceOn(rootVolume, source.rootDevice, asked)
  return 'requirement' in root ? root : { ...mapping, volumes: [root, ...volumes] }
}
/** A volume that is there has its id. */
type MappingWithRoot = Mapping & { readonly volumes: readonly (MappedVolume & { readonly volume?: string })[] }

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
