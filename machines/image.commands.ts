/** What callers may ask of an image. */
import { z } from 'zod'
import { claim, command, completed, type Json, owningAccount, provider, resource } from './grammar.ts'
import { capturedLayout, deviceName, type MappingFault, mappedDevice, registeredLayout } from './image.devices.ts'
import { modes } from './modes.ts'
import { tagCommands, tags } from './tags.ts'

const named = {
  name: z.string().min(1).max(128),
  description: z.string().max(255).optional(),
  /** What it is built for: launches in another mode are refused, or warned of. Default: both. */
  targets: z.array(z.enum(modes)).min(1).optional(),
  tags: tags.optional(),
}
const mapping = z.array(mappedDevice).max(64).default([])
const account = z.string().min(1).max(64)
/** The name is claimed for the image that takes it: one of that name in the account and region. */
const holder = claim('names', ['account', 'region', { text: 'image' }, { path: 'name' }])
const snapshots = resource('snapshot', 'blockDevices.*.snapshot', { many: true })

/** The data of an event with the layout in it; a fault of the layout is a no, besides any other. */
const laidOut = (data: object, layout: object | MappingFault) =>
  'requirement' in layout
    ? completed(data as Json, { [String(layout.requirement)]: { ...(layout as object) } })
    : ({ ...data, ...layout } as Json)

export const imageCommands = {
  register: command({
    event: 'registerRequested',
    summary: 'Registers an image from snapshots, or one that the provider already holds; it can be launched at once.',
    who: 'owner',
    creates: true,
    idGivenBy: 'operator',
    input: {
      id: z.string().optional(),
      ...named,
      architecture: z.string().max(32).default('x86_64'),
      virtualization: z.string().max(32).default('hvm'),
      kernel: z.string().max(64).optional(),
      ramdisk: z.string().max(64).optional(),
      /** Device name of the root disk. Default: that of the only entry made from a snapshot, else /dev/sda1. */
      rootDevice: deviceName.optional(),
      /** Size of the root disk, in bytes. Default: that of its snapshot. */
      sizeBytes: z.int().positive().optional(),
      /** Snapshot the root disk is made from, unless an entry of the root says it; without any, the image itself. */
      snapshot: z.string().optional(),
      encrypted: z.boolean().optional(),
      public: z.boolean().optional(),
      blockDevices: mapping,
      annotations: z.record(z.string().max(128), z.string().max(1024)).optional(),
    },
    needs: { account: owningAccount(), holder, rootSnapshot: resource('snapshot', 'snapshot'), snapshots },
    complete: ({ input: { id: _, ...input }, facts: { rootSnapshot, snapshots } }) => {
      const known = rootSnapshot ? [rootSnapshot, ...snapshots] : snapshots
      const layout = registeredLayout(input, known)
      return laidOut({ ...input, provider: known[0]?.provider }, layout)
    },
  }),
  create: command({
    event: 'createRequested',
    summary: 'Makes an image of an instance: of its root and of every volume attached to it now.',
    who: 'owner',
    creates: true,
    input: {
      ...named,
      instance: z.string(),
      /** Take the disks of a running guest as they are, without turning it off. */
      noReboot: z.boolean().default(false),
      /** What differs from the instance's devices: more of them, some left out, other flags. */
      blockDevices: mapping,
      /** Tags of the snapshots that are made. */
      snapshotTags: tags.optional(),
    },
    needs: { account: owningAccount(), holder, instance: resource('instance', 'instance'), snapshots },
    complete: ({ input: { noReboot, blockDevices, ...asked }, facts: { instance, snapshots }, newId }) => {
      const layout = capturedLayout(instance, blockDevices, snapshots, () => newId('snapshot'))
      const { architecture = 'x86_64', virtualization = 'hvm', kernel, ramdisk, provider, rootDevice } = instance
      const like = { architecture, virtualization, kernel, ramdisk, provider, rootDevice }
      return laidOut({ ...asked, ...like, quiet: !noReboot }, layout)
    },
  }),
  copy: command({
    event: 'copyRequested',
    summary: 'Copies an available image with its snapshots, also one of another region, into the region of the caller.',
    who: 'owner',
    creates: true,
    input: { ...named, image: z.string(), provider: z.string().optional() },
    needs: {
      account: owningAccount(),
      holder,
      image: resource('image', 'image', { anyRegion: true }),
      provider: provider('provider'),
    },
    complete: ({ input: { provider: _, ...asked }, facts: { image }, newId, account }) => {
      const { architecture, virtualization, kernel, ramdisk, provider, rootDevice, sizeBytes, encrypted } = image
      const like = { architecture, virtualization, kernel, ramdisk, provider, rootDevice, sizeBytes, encrypted }
      const copies = new Map<string, { from: string; snapshot: string; sizeBytes: number; encrypted?: boolean }>()
      const copyOf = (from: string | undefined, sizeBytes: number, encrypted?: boolean) => {
        if (from === undefined) return undefined
        if (!copies.has(from)) copies.set(from, { from, snapshot: newId('snapshot'), sizeBytes, encrypted })
        return copies.get(from)!.snapshot
      }
      const snapshot = copyOf(image.snapshot, sizeBytes, encrypted)
      const blockDevices = image.blockDevices.map((each: { snapshot?: string; sizeBytes: number }) => ({
        ...each,
        snapshot: copyOf(each.snapshot, each.sizeBytes),
      }))
      const guarded = image.account === account
      const { description = image.description, targets = image.targets } = asked
      return {
        ...like,
        ...asked,
        description,
        targets,
        snapshot,
        blockDevices,
        copies: [...copies.values()],
        guarded,
      } as Json
    },
  }),
  modify: command({
    event: 'modifyRequested',
    summary: 'Describes the image with other words.',
    who: 'owner',
    input: { description: z.string().max(255) },
  }),
  share: command({
    event: 'shareRequested',
    summary: 'Says who may launch it besides its account: everybody, or these accounts more, or no longer.',
    who: 'owner',
    input: {
      public: z.boolean().optional(),
      add: z.array(account).max(1000).optional(),
      remove: z.array(account).max(1000).optional(),
    },
  }),
  deregister: command({
    event: 'deregisterRequested',
    summary: 'Ends new launches from the image; instances made from it are untouched, and keep it if they need it.',
    who: 'owner',
    needs: { clones: claim('clones', 'id') },
    complete: ({ context, facts: { clones } }) =>
      completed(
        { name: context.name, sharedWith: context.sharedWith ?? [] },
        { unused: clones ? { clones: clones.count } : undefined },
      ),
  }),
  ...tagCommands,
}
