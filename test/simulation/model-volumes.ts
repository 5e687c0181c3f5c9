/** The rules of volumes, written from the specification (ec2 3.3, 8; cloudstack 1.3, 2.5). */
import type { Envelope } from '../../machines/grammar.ts'
import type { Look, Verdict, VolumeModel } from './model-shapes.ts'
import { type Data, deviceName, isOpen, live, tagEvents, tagging } from './model-words.ts'

/** A disk of type gp3 has 3000 operations if nobody chooses; what was chosen for another type is not kept. (3.3.) */
function asked({ shape }: VolumeModel, { sizeBytes = shape.sizeBytes, volumeType = shape.volumeType, iops }: Data) {
  const kept = volumeType === shape.volumeType ? shape.iops : undefined
  return { sizeBytes, volumeType, iops: iops ?? kept ?? (volumeType === 'gp3' ? 3000 : undefined) }
}

export const volumeRules: Readonly<Record<string, (now: VolumeModel, input: Data, look: Look) => Verdict>> = {
  tag: (now, input) => (now.state === 'deleted' ? 'refused' : tagging.tag(now, input)),
  untag: (now, input) => (now.state === 'deleted' ? 'refused' : tagging.untag(now, input)),
  delete: ({ state, instance }) => {
    if (state.startsWith('delet')) return 'unchanged'
    const isFree = ['available', 'error', 'reverting', 'migrating'].includes(state) && instance === undefined
    return isFree ? 'accepted' : 'refused'
  },
  abandonCleanup: ({ state, condemned }) =>
    state === 'deleting' || (state === 'creating' && condemned) ? 'accepted' : 'refused',
  /** Where pools are, and how full, is the scenery's. (cloudstack 2.5.) */
  migrate: ({ state, instance, moving, from, reverting, migrating, migrates, unseen, pool }, { pool: named }, look) => {
    const isResting = state === 'available' || (state === 'in-use' && !moving)
    if (!isResting || reverting !== undefined || migrating !== undefined) return 'refused'
    if (named !== undefined && pool !== undefined && (named === pool || `pool/${named}` === pool)) return 'unchanged'
    if (from !== undefined || unseen || migrates === 'none') return 'refused'
    const holder = instance === undefined ? undefined : look(instance)
    if (holder?.kind !== 'instance') return 'either'
    const isBeside = holder.state === 'stopped' || (migrates === 'online' && holder.state === 'running')
    return isBeside ? 'either' : 'refused'
  },
  revert: ({ state, account, instance, moving, from, reverting, migrating, unseen }, _, look) => {
    if ((state !== 'available' && state !== 'in-use') || moving || from !== undefined) return 'refused'
    if (reverting !== undefined || migrating !== undefined || unseen || !isOpen(account, look)) return 'refused'
    // Which snapshots are its own, and whether they are complete, is not in this model.
    return instance === undefined || look(instance)?.state === 'stopped' ? 'either' : 'refused'
  },
  modify: (now, input, look) => {
    const { state, account, shape, from, unseen, reverting, migrating } = now
    if (state !== 'available' && state !== 'in-use') return 'refused'
    const wanted = asked(now, input)
    const isOther = wanted.volumeType !== shape.volumeType || wanted.iops !== shape.iops
    if (!isOther && wanted.sizeBytes === shape.sizeBytes) return 'unchanged'
    const hasRates = wanted.iops !== undefined
    if (hasRates !== (wanted.volumeType === 'gp3') && (hasRates ? wanted.volumeType === 'gp2' : true)) return 'refused'
    const fits = wanted.sizeBytes >= shape.sizeBytes && wanted.sizeBytes <= 64 * 1024 ** 3
    const isBusy = from !== undefined || reverting !== undefined || migrating !== undefined
    if (!isOpen(account, look) || !fits || isBusy || unseen) return 'refused'
    const grows = wanted.sizeBytes > shape.sizeBytes
    if (grows && now.grow === 'none') return 'refused'
    const holder = now.instance === undefined ? undefined : look(now.instance)
    if (grows && now.instance !== undefined && !holder) return 'either'
    if (holder?.kind === 'instance' && holder.state === 'recoverable') return 'refused'
    // Its memory refers to its disks as they are.
    if (holder?.kind === 'instance' && holder.state === 'recoverable') return 'refused'
    if (grows && holder?.kind === 'instance' && (holder.resumes || holder.state.startsWith('suspend'))) return 'refused'
    if (grows && now.grow !== 'online') return 'either'
    // Other types are the provider's to grant.
    return isOther ? 'either' : 'accepted'
  },
  attach: ({ state, account, zone, unseen }, { instance, device }, look) => {
    const target = look(instance)
    if (state !== 'available' || target?.kind !== 'instance' || target.account !== account || target.zone !== zone)
      return 'refused'
    const isFree = Object.values(target.devices).every(each => each.device !== deviceName(device))
    if (unseen || !isFree || !/^(\/dev\/)?(s|xv|v|h)d[a-z]{1,2}\d{0,2}$/.test(device)) return 'refused'
    // Slots, and plugging into a running guest, are the provider's to grant.
    return (target.state === 'running' || target.state === 'stopped') && !target.quiet ? 'either' : 'refused'
  },
  detach: ({ state, instance, moving, reverting, migrating }, _, look) => {
    const holder = instance === undefined ? undefined : look(instance)
    if (state !== 'in-use' || moving || reverting !== undefined || migrating !== undefined) return 'refused'
    if (holder?.kind !== 'instance') return 'refused'
    const isAwake = live.includes(holder.state) && !holder.state.startsWith('suspend')
    return isAwake && !holder.quiet ? 'either' : 'refused'
  },
}

const wentBack = ({ state, shape, reverting }: VolumeModel, sizeBytes: number): Partial<VolumeModel> =>
  reverting === undefined || state.startsWith('delet')
    ? {}
    : { state: state === 'reverting' ? 'available' : state, shape: { ...shape, sizeBytes }, reverting: undefined }

const arrived = ({ state, migrating }: VolumeModel, pool: string | undefined): Partial<VolumeModel> =>
  migrating === undefined ? {} : { state: state === 'migrating' ? 'available' : state, pool, migrating: undefined }

export const volumeEvents: Readonly<Record<string, (now: VolumeModel, event: Envelope<Data>) => Partial<VolumeModel>>> =
  {
    ...tagEvents,
    created: ({ state, condemned, instance, shape }, { data: { sizeBytes } }) =>
      state === 'creating'
        ? { state: condemned ? 'deleting' : instance ? 'in-use' : 'available', shape: { ...shape, sizeBytes } }
        : {},
    createFailed: ({ state, condemned }) => (state === 'creating' ? { state: condemned ? 'deleting' : 'error' } : {}),
    attachRequested: (_, { data }) => ({ state: 'in-use', instance: data.instance, moving: true }),
    // It is there: who is launched on it has it at once.
    launchProposed: (_, { data }) => ({ state: 'in-use', instance: data.instance }),
    attached: ({ state }) => (state === 'in-use' ? { moving: undefined } : {}),
    attachFailed: ({ moving }) => (moving ? { state: 'available', instance: undefined, moving: undefined } : {}),
    detachRequested: () => ({ moving: true }),
    detached: ({ state }) => (state === 'in-use' ? { state: 'available', instance: undefined, moving: undefined } : {}),
    detachFailed: () => ({ moving: undefined }),
    modifyRequested: (now, { data }) => ({ shape: asked(now, data), from: now.shape }),
    resized: ({ from, shape }, { data: { sizeBytes, optimizing } }) =>
      from === undefined ? {} : { shape: { ...shape, sizeBytes }, from: optimizing ? 'optimizing' : undefined },
    resizeFailed: ({ from, shape }) =>
      from === undefined ? {} : { shape: from === 'optimizing' ? shape : from, from: undefined },
    // The larger of both sizes counts until the provider has answered.
    revertRequested: ({ instance, shape }, { data }) => ({
      state: instance === undefined ? 'reverting' : 'in-use',
      reverting: shape.sizeBytes,
      shape: { ...shape, sizeBytes: data.sizeBytes },
    }),
    reverted: (now, { data: { sizeBytes } }) => wentBack(now, sizeBytes),
    revertFailed: now => wentBack(now, now.reverting!),
    migrateRequested: ({ instance }, { data }) => ({
      state: instance === undefined ? 'migrating' : 'in-use',
      migrating: data.pool,
    }),
    migrated: now => arrived(now, now.migrating),
    migrateFailed: now => arrived(now, now.pool),
    deleteRequested: () => ({ state: 'deleting', from: undefined, reverting: undefined, migrating: undefined }),
    deleted: ({ state }) => (state === 'deleting' ? { state: 'deleted' } : {}),
    vanished: ({ state }) => (state === 'available' || state === 'in-use' ? { unseen: true } : {}),
    reappeared: () => ({ unseen: undefined }),
    abandonCleanupRequested: () => ({ state: 'deleted' }),
    abandonProposed: () => ({ state: 'deleted' }),
    instanceGone: ({ state, instance, reverting, migrating }, { data }) => {
      if (instance !== data.instance) return {}
      const rest = { instance: undefined, moving: undefined }
      if (state === 'creating') return { ...rest, condemned: data.deleteOnTermination }
      if (data.deleteOnTermination)
        return { ...rest, state: 'deleting', from: undefined, reverting: undefined, migrating: undefined }
      if (reverting !== undefined) return { ...rest, state: 'reverting' }
      if (migrating !== undefined) return { ...rest, state: 'migrating' }
      return { ...rest, state: state === 'in-use' ? 'available' : state }
    },
  }
