/** What callers may ask of a volume. */
import { z } from 'zod'
import { type Boots, bootsOf } from './boots.ts'
import { type Disk, diskFaults, migrationOffersOf, snapshotAbilities, snapshotOffersOf, withDefaults } from './disks.ts'
import { command, completed, owningAccount, provider, resource } from './grammar.ts'
import { moved, placed, poolsThere } from './placement.ts'
import { movesVmSnapshots, profile } from './profiles.ts'
import { tagCommands, tags } from './tags.ts'
import type { VolumeContext } from './volume.alphabet.ts'

const rates = {
  volumeType: z.string().max(64).optional(),
  /** Operations each second. */
  iops: z.int().positive().optional(),
  throughputMiBps: z.int().positive().optional(),
}

export const volumeCommands = {
  create: command({
    event: 'createRequested',
    summary: 'Creates a volume: blank, from a completed snapshot, or a clone of an image.',
    who: 'owner',
    creates: true,
    input: {
      /** Default: the size of the snapshot, or of the image's root. */
      sizeBytes: z.int().positive().optional(),
      snapshot: z.string().optional(),
      /** What it is to be a copy of, to launch an instance on it. */
      image: z.string().optional(),
      /** Where it lives: only instances of the same zone can use it. Default: the provider's first. */
      zone: z.string().optional(),
      provider: z.string().optional(),
      ...rates,
      /** What comes from an encrypted snapshot is encrypted, and cannot be asked not to be. */
      encrypted: z.boolean().optional(),
      kmsKey: z.string().max(2048).optional(),
      name: z.string().max(255).optional(),
      tags: tags.optional(),
    },
    needs: {
      account: owningAccount(),
      snapshot: resource('snapshot', 'snapshot'),
      image: resource('image', 'image'),
      pools: poolsThere,
      provider: provider('provider', ['image.id']),
    },
    complete: ({ input, facts: { provider, snapshot, image, pools } }) => {
      const { zones, volume, canCreateVolumeFromImage, bootFromVolume, volumeAttach } = provider.capabilities
      // Else it has no disks but the roots of instances; where it can, one is made of an image to be such a root.
      const makesClones = image !== null && image !== undefined && provider.capabilities.canCloneImage
      const hasVolumes = canCreateVolumeFromImage || bootFromVolume || volumeAttach.max > 0 || makesClones
      const { snapshot: _, image: __, zone = zones[0], name, tags, ...asked } = input
      const source = snapshot ?? image
      const encrypted = source?.encrypted || asked.encrypted
      const { sizeBytes = source?.sizeBytes, kmsKey = encrypted ? source?.kmsKey : undefined } = asked
      const { volumeType, iops, throughputMiBps } = asked
      const disk = withDefaults({ sizeBytes, volumeType, iops, throughputMiBps, encrypted, kmsKey })
      const origin = originOf(snapshot, image, provider.capabilities)
      const offers = offersOf(provider.capabilities)
      const place = sizeBytes === undefined ? undefined : placed(pools, zone, [disk as Disk])
      const [pool] = place?.pools ?? []
      const data = { ...disk, zone, provider: provider.name, pool, offers, ...origin, name, tags }
      const isTooSmall = sizeBytes < (source?.sizeBytes ?? 0)
      const words = { sizeBytes, leastBytes: source?.sizeBytes }
      return completed(data, {
        zoneOffered: zones.includes(zone) ? undefined : { zone, zones },
        volumesOffered: hasVolumes ? undefined : { provider: provider.name },
        sizeGiven: sizeBytes === undefined ? {} : undefined,
        oneSource: snapshot && image ? { snapshot: snapshot.id, image: image.id } : undefined,
        ...(image && imageFaults(image, provider, origin.from)),
        snapshotFits: snapshot && isTooSmall ? words : undefined,
        imageFits: image && isTooSmall ? words : undefined,
        encryptionKept: source?.encrypted && asked.encrypted === false ? { source: source.id } : undefined,
        ...(sizeBytes === undefined ? {} : diskFaults(disk as Disk, volume)),
        poolRoom: place?.fault,
      })
    },
  }),
  attach: command({
    event: 'attachRequested',
    summary: 'Attaches an available volume to a running or stopped instance under a device name.',
    who: 'owner',
    input: { instance: z.string(), device: z.string() },
    needs: { instance: resource('instance', 'instance') },
  }),
  detach: command({
    event: 'detachRequested',
    summary: 'Takes the volume off its instance; a root volume only while the instance is stopped.',
    who: 'owner',
    input: {
      /** If given, refuse unless it is attached there, and so. */
      instance: z.string().optional(),
      device: z.string().optional(),
      /** Do not wait for the guest to let go. */
      force: z.boolean().optional(),
    },
    needs: { instance: resource('instance', 'instance', { optional: true }) },
  }),
  modify: command({
    event: 'modifyRequested',
    summary: 'Makes the volume larger, or gives it another type or other rates. The new size counts from now on.',
    who: 'owner',
    input: { sizeBytes: z.int().positive().optional(), ...rates },
    needs: { account: owningAccount() },
    complete: ({ input, context }) => {
      const target = reshaped(context, input)
      return completed(target, diskFaults(target, context.offers))
    },
  }),
  revert: command({
    event: 'revertRequested',
    summary: 'Takes the volume back to one of its completed snapshots; what was written since is lost.',
    who: 'owner',
    input: { snapshot: z.string() },
    needs: { account: owningAccount(), snapshot: resource('snapshot', 'snapshot') },
    complete: ({ input, facts: { snapshot }, context: { sizeBytes, offers } }) => ({
      ...input,
      sizeBytes: Math.max(sizeBytes, offers.revertRestoresSize ? snapshot.sizeBytes : 0),
    }),
  }),
  migrate: command({
    event: 'migrateRequested',
    summary: 'Moves the volume with all it holds to another pool of its provider and zone.',
    who: 'operator',
    input: {
      /** Name or id. Default: the one with the most room. */
      pool: z.string().min(1).max(80).optional(),
      profile: profile.optional(),
    },
    needs: { pools: poolsThere },
    complete: ({ input, facts: { pools }, context }) => {
      const { sizeBytes, zone, provider } = context
      const { pool, faults } = moved(pools, context, input.pool)
      const withVmSnapshots = movesVmSnapshots(input.profile)
      return completed({ pool, sizeBytes, zone, provider, withVmSnapshots }, faults)
    },
  }),
  delete: command({
    event: 'deleteRequested',
    summary: 'Deletes a volume that no instance has a claim on.',
    who: 'owner',
  }),
  abandonCleanup: command({
    event: 'abandonCleanupRequested',
    summary: 'Gives up a volume whose deletion does not succeed: it ends here, and is recorded as an orphan.',
    who: 'operator',
  }),
  ...tagCommands,
}

/** What of a provider's capabilities later requests depend on. */
const offersOf = ({ volume, volumeSnapshot, vmSnapshot }: Capabilities): VolumeContext['offers'] => {
  const { minBytes, maxBytes, stepBytes, grow, retype, encrypt } = volume
  const snapshots = { ...snapshotOffersOf(volumeSnapshot), ...snapshotAbilities(volumeSnapshot) }
  const migration = migrationOffersOf(volume, vmSnapshot)
  return { minBytes, maxBytes, stepBytes, grow, retype, encrypt, ...snapshots, ...migration }
}
/** What it is made from, and what follows from that. An image whose root is a snapshot is cloned from that. */
function originOf(
  snapshot: KnownSnapshot | null,
  image: KnownImage | null,
  { canCreateVolumeFromImage, canCloneImage, cloneKind }: Capabilities,
): Pick<VolumeContext, 'from' | 'boots' | 'pinsImage' | 'onlyRoot'> {
  if (snapshot) return { from: { kind: 'volumeSnapshot', id: snapshot.id }, boots: snapshot.boots }
  if (!image) return {}
  const boots = bootsOf(image.id, image)
  if (image.snapshot !== undefined) return { from: { kind: 'volumeSnapshot', id: image.snapshot }, boots }
  return {
    from: { kind: 'image', id: image.id },
    boots,
    pinsImage: cloneKind !== 'full' || undefined,
    onlyRoot: (canCloneImage && !canCreateVolumeFromImage) || undefined,
  }
}

/** What no volume is made of an image for. */
function imageFaults(
  { id, provider: where }: KnownImage,
  { name, capabilities }: { name: string; capabilities: Capabilities },
  from: VolumeContext['from'],
) {
  const { canCreateVolumeFromImage, canCloneImage } = capabilities
  const isOffered = from?.kind === 'volumeSnapshot' || canCreateVolumeFromImage || canCloneImage
  return {
    imageHere: where !== undefined && where !== name ? { image: id, provider: name, where } : undefined,
    cloneOffered: isOffered ? undefined : { provider: name },
  }
}

interface KnownSnapshot {
  readonly id: string
  readonly boots?: Boots
}
interface KnownImage extends Omit<Boots, 'image'> {
  readonly id: string
  readonly provider?: string
  readonly snapshot?: string
}
interface Capabilities {
  readonly canCreateVolumeFromImage: boolean
  readonly canCloneImage: boolean
  readonly cloneKind: string
  readonly volume: Omit<VolumeContext['offers'], 'snapshotOf' | 'migrate'> & Parameters<typeof migrationOffersOf>[0]
  readonly vmSnapshot: Parameters<typeof migrationOffersOf>[1]
  readonly volumeSnapshot: Parameters<typeof snapshotOffersOf>[0] & Parameters<typeof snapshotAbilities>[0]
}

/** What a volume is to become: what is asked for, else as it is. Rates were chosen for a type, and go with it. */
function reshaped(held: VolumeContext, asked: Partial<Disk>): Disk {
  const { volumeType = held.volumeType, sizeBytes = held.sizeBytes } = asked
  const kept = volumeType === held.volumeType ? held : undefined
  const { iops = kept?.iops, throughputMiBps = kept?.throughputMiBps } = asked
  return withDefaults({ sizeBytes, volumeType, iops, throughputMiBps })
}
