/** What callers may ask of an instance. */
import { z } from 'zod'
import { claim, command, named, owningAccount, provider, resource, secret } from './grammar.ts'
import { encodingOf, launchData } from './instance.launch.ts'
import { poolsThere } from './placement.ts'
import { profile } from './profiles.ts'
import { tagCommands, tags } from './tags.ts'

const device = z.strictObject({
  device: z.string(),
  sizeBytes: z.int().positive().optional(),
  snapshot: z.string().optional(),
  volumeType: z.string().optional(),
  iops: z.int().positive().optional(),
  throughputMiBps: z.int().positive().optional(),
  /** Default: what the image says, else true. */
  deleteOnTermination: z.boolean().optional(),
  /** What comes from something encrypted is encrypted, and cannot be asked not to be. */
  encrypted: z.boolean().optional(),
  kmsKey: z.string().max(2048).optional(),
  ephemeral: z.string().optional(),
  noDevice: z.boolean().optional(),
})
const RECOVERABLE_MAX_MS = 3_650 * 86_400_000
const attributes = {
  name: z.string().max(255).optional(),
  terminationProtection: z.boolean().optional(),
  stopProtection: z.boolean().optional(),
  shutdownBehaviour: z.enum(['stop', 'terminate']).optional(),
  /** At most 16 KiB; as base64, when decoded. */
  userData: secret(z.string().max(21_848)).optional(),
  /** Default: text. */
  userDataEncoding: z.enum(['text', 'base64']).optional(),
  /** Names of what it boots with, where its image does not bring it. They mean nothing to the engine. */
  kernel: z.string().max(255).optional(),
  ramdisk: z.string().max(255).optional(),
  ebsOptimized: z.boolean().optional(),
  /** How long it may be recovered once it was terminated: at most ten years; 0: not at all. Of what stops with its disks. */
  recoverableForMs: z.int().nonnegative().max(RECOVERABLE_MAX_MS).optional(),
}
const note = z.string().min(1).max(128)

export const instanceCommands = {
  launch: command({
    event: 'launchRequested',
    summary: 'Launches an instance from an image, or on a volume: makes the volumes it lacks, then its compute.',
    who: 'owner',
    creates: true,
    input: {
      /** What it starts from; needed where it is not launched on a volume that was made from an image. */
      image: z.string().optional(),
      /** A volume of this account to launch it on. It is kept when the instance ends, unless its mapping says otherwise. */
      rootVolume: z.string().optional(),
      /** Name of an offering. */
      type: z.string(),
      /** Stateful: its disks survive a stop. Auto: stateful where the provider can. */
      mode: z.enum(['stateful', 'stateless', 'auto']).default('auto'),
      /** Where image or provider do not have that mode: refuse, or launch it stateless and say so. */
      onMismatch: z.enum(['refuse', 'warn']).default('refuse'),
      /** Direct: a stateful instance runs on the image itself, where its provider does that; nobody else can use it then. */
      rootPolicy: z.enum(['private', 'direct']).default('private'),
      /** Default: that of the volume it is launched on, else the provider's first. */
      zone: z.string().optional(),
      provider: z.string().optional(),
      /** What differs from the image's disks, by device name. */
      blockDevices: z.array(device).max(64).default([]),
      ...attributes,
      tags: tags.optional(),
      /** Tags of every volume it makes. */
      volumeTags: tags.optional(),
      /** Name of a key pair of this account and region. */
      keyPair: z.string().max(255).optional(),
      /** What several launches of one request have in common, and which of them this is. */
      launchGroup: z.string().max(64).optional(),
      launchIndex: z.int().nonnegative().optional(),
      /** What a door wants to find with it again: at most 4 KiB that mean nothing here. */
      annotations: z.record(note, z.string()).optional(),
    },
    needs: {
      image: resource('image', 'image'),
      rootVolume: resource('volume', 'rootVolume'),
      clones: claim('clones', { path: 'image' }),
      offering: named('offering', 'type'),
      /** Of a volume, the image that it boots. */
      provider: provider('provider', ['image.id', 'rootVolume.boots.image']),
      account: owningAccount(),
      keyPair: claim('names', ['account', 'region', { text: 'key-pair' }, { path: 'keyPair' }]),
      snapshots: resource('snapshot', 'blockDevices.*.snapshot', { many: true, optional: true }),
      pools: poolsThere,
    },
    complete: launchData,
  }),
  start: command({
    event: 'startRequested',
    summary: 'Starts a stopped instance with the same volumes, or resumes a suspended one.',
    who: 'owner',
    needs: { account: owningAccount() },
  }),
  stop: command({
    event: 'stopRequested',
    summary: 'Stops a stateful instance; its volumes stay attached.',
    who: 'owner',
    /** Power off without asking the guest. */
    input: { force: z.boolean().optional() },
  }),
  suspend: command({
    event: 'suspendRequested',
    summary: 'Suspends the guest of a running stateful instance, where its provider can; resumed, it goes on.',
    who: 'owner',
  }),
  resume: command({
    event: 'resumeRequested',
    summary: 'Lets the guest of a suspended instance go on.',
    who: 'owner',
    needs: { account: owningAccount() },
  }),
  reboot: command({
    event: 'rebootRequested',
    summary:
      'Restarts the guest of a running instance: by stopping and starting it, where its provider has no other way.',
    who: 'owner',
  }),
  terminate: command({
    event: 'terminateRequested',
    summary:
      'Ends the instance for good, at once or when it can be recovered no longer; then its volumes are deleted or freed, as their flags say.',
    who: 'owner',
    input: {
      /** At once, also where it may be recovered, or waits for that. */
      expunge: z.boolean().optional(),
      /** By the rules of this platform its VM snapshots stay until it ends; by all others they go before it waits. */
      profile: profile.optional(),
    },
  }),
  recover: command({
    event: 'recoverRequested',
    summary: 'Undoes the termination of an instance that is kept for that: it is stopped, with the disks it had.',
    who: 'owner',
    needs: { account: owningAccount() },
  }),
  forceStop: command({
    event: 'forceStopRequested',
    summary:
      'Marks an instance stopped whose provider cannot be reached. Nothing is asked of it; what it shows later undoes or confirms this.',
    who: 'operator',
  }),
  abandonCleanup: command({
    event: 'abandonCleanupRequested',
    summary: 'Gives up what will not go of an instance that is being ended: it is recorded as an orphan.',
    who: 'operator',
    input: {
      /** The instance itself, while it is being destroyed; then a volume that is to go with it. */
      item: z.string(),
    },
  }),
  modify: command({
    event: 'modifyRequested',
    summary: 'Changes protections, shutdown behaviour, what happens to volumes, or (stopped) what it boots with.',
    who: 'owner',
    input: {
      ...attributes,
      /** By device name: is its volume deleted with the instance? */
      deleteOnTermination: z.record(z.string(), z.boolean()).optional(),
      type: z.string().optional(),
      /** Laid over those it has; null takes one away. */
      annotations: z.record(note, z.string().nullable()).optional(),
    },
    needs: { offering: named('offering', 'type', { optional: true }) },
    complete: ({ input, facts: { offering } }) => ({
      ...input,
      userDataEncoding: encodingOf(input),
      vcpus: offering?.vcpus,
      memoryBytes: offering?.memoryBytes,
    }),
  }),
  ...tagCommands,
}
