/**
 * The rules of snapshots and images on one page, written from the specification (ec2 4, 5) and not from the machines; and
 * what an instance does for an image of it. Like the model of instances and volumes, it knows no asks and no timers.
 */
import type { Envelope } from '../../machines/grammar.ts'
import type { InstanceModel, Verdict } from './model-shapes.ts'

export interface SnapshotModel {
  readonly kind: 'snapshot'
  readonly state: string
  readonly account: string
  readonly tags: Readonly<Record<string, string>>
  /** Images that use it. */
  readonly images: readonly string[]
  /** Waits for the guest to be off. */
  readonly held: boolean
  /** To be deleted when it has been made. */
  readonly condemned?: boolean
}
export interface ImageModel {
  readonly kind: 'image'
  readonly state: string
  readonly account: string
  readonly tags: Readonly<Record<string, string>>
  readonly description: string
  readonly sharedWith: readonly string[]
  readonly public: boolean
  /** What it is made of, and what of that is not complete. */
  readonly snapshots: readonly string[]
  readonly awaited: readonly string[]
  /** Volumes and instances that are linked clones of it. */
  readonly clones: readonly string[]
  /** The instance that runs on the image itself. */
  readonly directUser?: string
}
/** An instance whose guest is off for an image. */
export interface Quiet {
  readonly image: string
  readonly phase: 'turning off' | 'taken' | 'turning on'
  readonly uncut: readonly string[]
}

// biome-ignore lint/suspicious/noExplicitAny: data of every event, read by name
type Data = any
type Followed<M> = Readonly<Record<string, (now: M, event: Envelope<Data>) => Partial<M>>>
const without = (list: readonly string[], one: string) => list.filter(each => each !== one)

// ------------------------------------------------------------------------------------------------ what a caller may do

export const snapshotRules: Readonly<Record<string, (now: SnapshotModel) => Verdict>> = {
  delete: ({ state, images, condemned }) => {
    if (state === 'deleting' || state === 'deleted' || condemned) return 'unchanged'
    return images.length ? 'refused' : 'accepted'
  },
  abandonCleanup: ({ state }) => (state === 'deleting' ? 'accepted' : 'refused'),
}
export const imageRules: Readonly<Record<string, (now: ImageModel, input: Data) => Verdict>> = {
  deregister: ({ state, directUser, clones }) =>
    (state === 'available' && directUser === undefined && clones.length === 0) || state === 'failed'
      ? 'accepted'
      : 'refused',
  modify: ({ state, description }, input) => {
    if (state !== 'pending' && state !== 'available') return 'refused'
    return input.description === description ? 'unchanged' : 'accepted'
  },
  share: (now, { public: open = now.public, add = [], remove = [] }) => {
    if (now.state !== 'pending' && now.state !== 'available') return 'refused'
    const changes = add.some((each: string) => !now.sharedWith.includes(each) && !remove.includes(each))
    const takes = remove.some((each: string) => now.sharedWith.includes(each))
    return changes || takes || open !== now.public ? 'accepted' : 'unchanged'
  },
}

// ----------------------------------------------------------------------------------------------- where an event leads

export const snapshotBorn = ({ account, type, data }: Envelope<Data>): SnapshotModel => ({
  kind: 'snapshot',
  state: 'pending',
  account,
  tags: data.tags ?? {},
  images: type.startsWith('snapshot.requestedBy') && data.image ? [data.image] : [],
  held: data.held ?? false,
})
const ended = (now: SnapshotModel, state: string): Partial<SnapshotModel> =>
  now.state === 'pending' ? { state: now.condemned ? 'deleting' : state } : {}

export const snapshotEvents: Followed<SnapshotModel> = {
  completed: now => ended(now, 'completed'),
  createFailed: now => ended(now, 'error'),
  // All of a group, or none.
  groupTaken: now => ended(now, 'completed'),
  groupFailed: now => ended(now, 'error'),
  deleteProposed: ({ state }) => (state === 'pending' ? { condemned: true } : { state: 'deleting' }),
  expired: ({ state, images }) => {
    if (images.length) return {}
    return state === 'pending' ? { condemned: true } : { state: 'deleting' }
  },
  guestQuieted: () => ({ held: false }),
  useProposed: ({ images }, { data }) => ({ images: [...images, data.image] }),
  // What nobody waits for any more is never taken.
  imageGone: ({ images, held, state }, { data }) => ({
    images: without(images, data.image),
    held: false,
    state: held ? 'error' : state,
  }),
  deleteRequested: ({ state }) => (state === 'pending' ? { condemned: true } : { state: 'deleting' }),
  deleted: ({ state }) => (state === 'deleting' ? { state: 'deleted' } : {}),
  abandonCleanupRequested: () => ({ state: 'deleted' }),
}

export function imageBorn({ account, type, data }: Envelope<Data>): ImageModel {
  const { snapshot, blockDevices, captures, copies } = data
  const snapshots = [snapshot, ...blockDevices.map((each: Data) => each.snapshot)].filter(Boolean)
  return {
    kind: 'image',
    state: type === 'image.registerRequested' ? 'available' : 'pending',
    account,
    tags: data.tags ?? {},
    description: data.description ?? '',
    sharedWith: [],
    public: data.public ?? false,
    snapshots: [...new Set<string>(snapshots)],
    awaited: (captures ?? copies ?? []).map((each: Data) => each.snapshot),
    clones: [],
  }
}
const failed = ({ state }: ImageModel): Partial<ImageModel> => (state === 'pending' ? { state: 'failed' } : {})

export const imageEvents: Followed<ImageModel> = {
  snapshotCompleted: ({ state, awaited }, { data }) => {
    const left = without(awaited, data.snapshot)
    return { awaited: left, state: state === 'pending' && left.length === 0 ? 'available' : state }
  },
  snapshotFailed: failed,
  captureFailed: failed,
  instanceTerminated: failed,
  deregisterRequested: () => ({ state: 'deregistered' }),
  directUseProposed: (_, { data }) => ({ directUser: data.instance }),
  directUseEnded: ({ directUser }, { data }) => (directUser === data.instance ? { directUser: undefined } : {}),
  modifyRequested: (_, { data }) => ({ description: data.description }),
  shareRequested: (now, { data: { public: open = now.public, add = [], remove = [] } }) => ({
    public: open,
    sharedWith: [...new Set<string>([...now.sharedWith, ...add])].filter(each => !remove.includes(each)),
  }),
}

/**
 * A running guest is turned off, its disks are taken, it is turned on again: with a launch of its own number, and as soon
 * as no disk waits any more, or the image has failed. What it may not do meanwhile is among the rules of instances.
 */
const turnedOn = (now: InstanceModel, quiet: Quiet): Partial<InstanceModel> => ({
  generation: now.generation + 1,
  quiet: { ...quiet, uncut: [], phase: 'turning on' },
})
const taken = (now: InstanceModel, quiet: Quiet): Partial<InstanceModel> =>
  quiet.uncut.length ? { quiet: { ...quiet, phase: 'taken' } } : turnedOn(now, quiet)

export const quietEvents: Followed<InstanceModel & { readonly quiet: Quiet }> = {
  stopped: (now, { data }) =>
    now.quiet.phase === 'turning off' && data.generation === now.generation ? taken(now, now.quiet) : {},
  stopFailed: ({ quiet }, { data }) =>
    quiet.phase === 'turning off' && data.code !== 'unsupported' ? { quiet: undefined } : {},
  snapshotCut: (now, { data }) => {
    const quiet = { ...now.quiet, uncut: without(now.quiet.uncut, data.snapshot) }
    return quiet.phase === 'taken' ? taken(now, quiet) : {}
  },
  captureEnded: (now, { data }) => {
    if (data.image !== now.quiet.image || now.quiet.phase === 'turning on') return {}
    return now.quiet.phase === 'taken' ? turnedOn(now, now.quiet) : { quiet: { ...now.quiet, uncut: [] } }
  },
  started: ({ quiet, generation }, { data }) =>
    quiet.phase === 'turning on' && data.generation === generation ? { quiet: undefined } : {},
  startFailed: ({ quiet }) => (quiet.phase === 'turning on' ? { state: 'stopping', quiet: undefined } : {}),
}
export const quieted = ({ data }: Envelope<Data>): Quiet => ({
  image: data.image,
  phase: 'turning off',
  uncut: data.captures.map((each: Data) => each.snapshot),
})
