/**
 * The rules of instances and volumes on one page, written from the specification (ec2 2.2, 2.6, 3.3, 8) and not from the
 * machines: what a caller sees, what is accepted when, and where each event leads. It knows no asks and no timers.
 */
import type { Envelope } from '../../machines/grammar.ts'
import { visibleOf } from './fold.ts'
import {
  type ImageModel,
  imageBorn,
  imageEvents,
  imageRules,
  quietEvents,
  quieted,
  type SnapshotModel,
  snapshotBorn,
  snapshotEvents,
  snapshotRules,
} from './model-images.ts'
import { recoveryEvents, recoveryVerdict } from './model-recovery.ts'
import type { AccountModel, InstanceModel, Look, Model, Tags, Verdict, VolumeModel } from './model-shapes.ts'

export type { AccountModel, InstanceModel, Look, Model, Verdict, VolumeModel }

// biome-ignore lint/suspicious/noExplicitAny: data of every event, read by name
type Data = any
export const deviceName = (name: string) => name.replace('/dev/', '').replace(/^((?:s|xv|v|h)da)1$/, '$1')
const live = ['pending', 'running', 'suspending', 'suspended', 'stopping', 'stopped']

// ------------------------------------------------------------------------------------------- what a caller may do (2.2)

const isOpen = (account: string, look: Look) => (look(`account/${account}`)?.state ?? 'open') === 'open'

/** Setting what is set, or taking off what is not there, is nothing. (9.) */
const tagging = {
  tag: ({ tags }: { tags: Tags }, { tags: given }: Data): Verdict =>
    Object.entries(given).every(([key, value]) => tags[key] === value) ? 'unchanged' : 'accepted',
  untag: ({ tags }: { tags: Tags }, { tags: named }: Data): Verdict =>
    named.some(({ key, value = tags[key] }: Data) => tags[key] !== undefined && tags[key] === value)
      ? 'accepted'
      : 'unchanged',
}
/** What runs keeps what it was booted with. (2.2.) */
const boots = ['type', 'userData', 'kernel', 'ramdisk', 'ebsOptimized']

const instanceRules: Readonly<Record<string, (now: InstanceModel, input: Data, look: Look) => Verdict>> = {
  ...tagging,
  start: (
    { state, account, mode, devices, rootDevice, rootOwner, reverting, migrating, stalled, unconfirmed },
    _,
    look,
  ) => {
    // One that its provider holds is asked to go on, unless it was just asked.
    if (state === 'running' && stalled) return 'either'
    if (state === 'pending' || state === 'running') return 'unchanged'
    if (state === 'suspended') return isOpen(account, look) && mode === 'stateful' ? 'accepted' : 'refused'
    // A root of its provider's, and its image, are no devices that could be taken from it.
    const hasRoot =
      rootOwner === 'provider' ||
      rootOwner === 'image' ||
      Object.values(devices).some(({ device }) => device === rootDevice)
    const isWaiting = unconfirmed || reverting?.length || migrating?.length
    const may = isOpen(account, look) && mode === 'stateful' && hasRoot && !isWaiting
    return state === 'stopped' && may ? 'accepted' : 'refused'
  },
  resume: ({ state, account, mode, resumes }, _, look) => {
    if (state === 'running' || resumes) return 'unchanged'
    return state === 'suspended' && mode === 'stateful' && isOpen(account, look) ? 'accepted' : 'refused'
  },
  suspend: ({ state, mode, isKept, suspends, protection, quiet, devices }, _, look) => {
    if (state === 'suspending' || state === 'suspended') return 'unchanged'
    const may = mode === 'stateful' && isKept && suspends && !protection.stop && !quiet
    if (state !== 'running' || !may) return 'refused'
    // What comes may come first; what goes has to be gone, and which of them it is, is not in this model.
    return Object.keys(devices).some(id => (look(id) as VolumeModel | undefined)?.moving) ? 'either' : 'accepted'
  },
  stop: ({ state, hasRun, mode, isKept, protection, quiet, restarts }, { force }) => {
    if (quiet) return 'refused'
    // What was to be started again is to stay off.
    if (restarts) return protection.stop ? 'refused' : 'accepted'
    if (state === 'stopped') return 'unchanged'
    if (state === 'stopping') return force ? 'either' : 'unchanged'
    const canStop = state === 'running' || (state === 'pending' && hasRun)
    return canStop && mode === 'stateful' && isKept && !protection.stop ? 'accepted' : 'refused'
  },
  reboot: ({ state, mode, isKept, resets, quiet }) => {
    if (state === 'terminated') return 'unchanged'
    if (state !== 'running' || quiet) return 'refused'
    return resets ? 'either' : mode === 'stateful' && isKept ? 'accepted' : 'refused'
  },
  terminate: ({ state, protection }) => {
    if (!live.includes(state)) return 'unchanged'
    return protection.terminate || protection.stop ? 'refused' : 'accepted'
  },
  /** Of what has run and may run again; what is open about its disks is heard first. (stateful-and-deltacloud 3a.8.) */
  forceStop: ({ state, hasRun, mode, quiet }) => {
    if (state === 'stopped') return 'unchanged'
    const may = ['running', 'stopping', 'suspending', 'suspended'].includes(state) || (state === 'pending' && hasRun)
    return may && mode === 'stateful' && !quiet ? 'either' : 'refused'
  },
  modify: ({ state, mode, devices }, { deleteOnTermination = {}, ...input }) => {
    const names = Object.values(devices).map(({ device }) => device)
    if (mode === 'stateless' && input.shutdownBehaviour === 'stop') return 'refused'
    if (!live.includes(state) || Object.keys(deleteOnTermination).some(name => !names.includes(deviceName(name))))
      return 'refused'
    if (boots.some(name => input[name] !== undefined) && state !== 'stopped') return 'refused'
    return input.type === undefined ? 'accepted' : 'either'
  },
}

/** A disk of type gp3 has 3000 operations if nobody chooses; what was chosen for another type is not kept. (3.3.) */
function asked({ shape }: VolumeModel, { sizeBytes = shape.sizeBytes, volumeType = shape.volumeType, iops }: Data) {
  const kept = volumeType === shape.volumeType ? shape.iops : undefined
  return { sizeBytes, volumeType, iops: iops ?? kept ?? (volumeType === 'gp3' ? 3000 : undefined) }
}

const volumeRules: Readonly<Record<string, (now: VolumeModel, input: Data, look: Look) => Verdict>> = {
  tag: (now, input) => (now.state === 'deleted' ? 'refused' : tagging.tag(now, input)),
  untag: (now, input) => (now.state === 'deleted' ? 'refused' : tagging.untag(now, input)),
  delete: ({ state, instance }) => {
    if (state.startsWith('delet')) return 'unchanged'
    const isFree = ['available', 'error', 'reverting', 'migrating'].includes(state) && instance === undefined
    return isFree ? 'accepted' : 'refused'
  },
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

const ended = ['deleted', 'deregistered']
function judged(now: Model, command: string, input: Data, look: Look): Verdict | undefined {
  if (now.kind === 'instance') {
    const said = recoveryVerdict(now, command, input, look) ?? instanceRules[command]?.(now, input, look)
    // What is being done to its VM snapshots may stand in the way; the model does not follow that.
    return said === 'accepted' && now.keeps && command !== 'terminate' ? 'either' : said
  }
  if (now.kind === 'volume') {
    const said = volumeRules[command]?.(now, input, look)
    const holder = look(now.instance ?? input.instance)
    return said === 'accepted' && holder?.kind === 'instance' && holder.keeps ? 'either' : said
  }
  if (now.kind === 'account') return undefined
  if (command === 'tag' || command === 'untag')
    return ended.includes(now.state) ? 'refused' : tagging[command](now, input)
  return now.kind === 'image' ? imageRules[command]?.(now, input) : snapshotRules[command]?.(now)
}

export function judge(now: Model, command: string, input: Data, look: Look): Verdict {
  return judged(now, command, input ?? {}, look) ?? 'either'
}

// ------------------------------------------------------------------------------------ where an event leads (2.6, 3.1, 8)

const omit = (devices: InstanceModel['devices'], volume: string) =>
  Object.fromEntries(Object.entries(devices).filter(([id]) => id !== volume))

function launched({ account, data, facts }: Envelope<Data>): InstanceModel {
  const can = (facts as Data).provider.capabilities
  return {
    kind: 'instance',
    state: 'pending',
    account,
    zone: data.zone,
    hasRun: false,
    mode: data.mode,
    rootOwner: data.rootOwner,
    keptRoot: data.keptRoot?.volume,
    clonedFrom: data.pinsImage && data.rootOwner === 'provider' ? data.image : undefined,
    isKept: can.stop === 'preserves',
    resets: can.reboot !== 'none',
    suspends: can.suspend !== 'none' && can.start !== 'none',
    graceMs: can.settle.missingGraceMs,
    startsAnew: can.start === 'none',
    vanishesOff: can.vanishesAfterStop,
    goesByFlag: can.rootOnDestroy === 'byFlag',
    generation: 1,
    protection: { terminate: data.terminationProtection ?? false, stop: data.stopProtection ?? false },
    behaviour: data.shutdownBehaviour,
    recoverableForMs: data.recoverableForMs,
    tags: data.tags ?? {},
    rootDevice: deviceName(data.rootDevice),
    devices: Object.fromEntries(
      data.devices.map((each: Data) => [
        each.volume,
        { device: deviceName(each.device), dies: each.deleteOnTermination },
      ]),
    ),
  }
}

const tagEvents = {
  tagRequested: ({ tags }: { tags: Tags }, { data }: Envelope<Data>) => ({ tags: { ...tags, ...data.tags } }),
  untagRequested: ({ tags }: { tags: Tags }, { data }: Envelope<Data>) => {
    const goes = ([key, value]: [string, string]) =>
      data.tags.some((each: Data) => each.key === key && (each.value ?? value) === value)
    return { tags: Object.fromEntries(Object.entries(tags).filter(each => !goes(each))) }
  },
}

/** It goes on in the same launch; what was only to be restarted begins the next one. (stateful-and-deltacloud 3a.6.) */
const resumed = { state: 'pending', resumes: true } as const
const offAtLast = ({ restarts, generation }: InstanceModel): Partial<InstanceModel> =>
  restarts
    ? { state: 'pending', hasRun: true, restarts: undefined, generation: generation + 1 }
    : { state: 'stopped', hasRun: true }

/** Nothing is over before what was to go with it is gone. */
function endOf({ devices, keptRoot }: InstanceModel): Partial<InstanceModel> {
  const dying = Object.keys(devices).filter(volume => devices[volume]!.dies)
  const owed = keptRoot === undefined ? dying : [keptRoot, ...dying]
  return { state: owed.length ? 'shutting-down' : 'terminated', devices: {}, owed }
}
function paid({ state, owed = [] }: InstanceModel, volume: string): Partial<InstanceModel> {
  const left = owed.filter(each => each !== volume)
  return state === 'shutting-down' && left.length < owed.length
    ? { owed: left, state: left.length ? state : 'terminated' }
    : {}
}

/** It runs, or is suspended, although it was said to be off: if it may come back at all. */
const afterAll = ({ mode, generation }: InstanceModel, data: Data, state: string): Partial<InstanceModel> =>
  mode === 'stateful' && data.generation === generation ? { state, hasRun: true, unconfirmed: undefined } : {}
/** Where what is off is not shown, one that can be made anew from its root is off. (stateful-and-deltacloud 3a.8.) */
const unseen = ({ state, mode, behaviour, rootOwner, vanishesOff }: InstanceModel): Partial<InstanceModel> =>
  state === 'running' && mode === 'stateful' && behaviour === 'stop' && rootOwner !== 'provider' && vanishesOff
    ? { state: 'stopping', quiet: undefined }
    : {}

const instanceEvents: Readonly<Record<string, (now: InstanceModel, event: Envelope<Data>) => Partial<InstanceModel>>> =
  {
    ...tagEvents,
    created: (now, { data }) => {
      if (now.state === 'stopped') return data.status === 'running' ? afterAll(now, data, 'running') : {}
      return now.state === 'pending' && data.status === 'running' ? { state: 'running', hasRun: true } : {}
    },
    started: (now, { data }) => {
      if (now.state === 'stopped') return afterAll(now, data, 'running')
      return now.state === 'pending' && data.generation === now.generation
        ? { state: 'running', hasRun: true, resumes: undefined }
        : {}
    },
    externallyStarted: (now, { data }) => {
      if (now.state === 'stopped') return afterAll(now, data, 'running')
      return now.state === 'suspended' && data.generation === now.generation ? { state: 'running' } : {}
    },
    externallySuspended: (now, { data }) => {
      if (now.state === 'stopped') return afterAll(now, data, 'suspended')
      return now.state === 'running' && data.generation === now.generation
        ? { state: 'suspended', quiet: undefined }
        : {}
    },
    forceStopRequested: () => ({ state: 'stopped', unconfirmed: true, restarts: undefined, resumes: undefined }),
    startFailed: ({ state, hasRun, resumes, rootOwner, startsAnew }, { data }) => {
      // One that cannot go on stays as it is, unless its memory is lost.
      if (resumes)
        return { resumes: undefined, state: ['notFound', 'corrupt'].includes(data.code) ? 'stopping' : 'suspended' }
      // What its provider lost is made anew before a restart is given up.
      const isMadeAnew = data.code === 'notFound' || (data.code === 'unsupported' && startsAnew)
      return state === 'pending' && hasRun && !(isMadeAnew && rootOwner !== 'provider') ? { state: 'stopped' } : {}
    },
    createFailed: ({ state, hasRun }) => (state === 'pending' && hasRun ? { state: 'stopped' } : {}),
    volumeFailed: (now, { data }) =>
      now.state === 'pending' && now.devices[data.volume] ? endOf({ ...now, keptRoot: undefined }) : {},
    stalled: ({ state, generation }, { data }) =>
      state === 'running' && data.generation === generation ? { stalled: true } : {},
    startRequested: ({ state, generation }) => {
      if (state === 'running') return {}
      return state === 'suspended' ? resumed : { state: 'pending', generation: generation + 1, stalled: undefined }
    },
    vmSnapshotProposed: () => ({ keeps: true }),
    vmSnapshotRevertProposed: ({ state, generation }, { data }) =>
      state === 'stopped' && data.memory ? { state: 'pending', generation: generation + 1, reverts: true } : {},
    vmSnapshotReverted: ({ state, reverts }, { data }) => {
      if (state !== 'running' && !reverts) return {}
      return { state: 'running', generation: data.generation, reverts: undefined }
    },
    vmSnapshotRevertFailed: ({ reverts }) => (reverts ? { state: 'stopped', reverts: undefined } : {}),
    resumeRequested: () => resumed,
    suspendRequested: () => ({ state: 'suspending' }),
    suspended: (now, { data }) => {
      if (now.state === 'stopped') return afterAll(now, data, 'suspended')
      return now.state === 'suspending' && data.generation === now.generation ? { state: 'suspended' } : {}
    },
    suspendFailed: ({ state }) => (state === 'suspending' ? { state: 'running' } : {}),
    memoryLost: ({ state, generation }, { data }) =>
      state === 'suspended' && data.generation === generation ? { state: 'stopping' } : {},
    rebootRequested: ({ resets }) => (resets ? {} : { state: 'stopping', restarts: true }),
    // A provider that knows no such instance has none to stop.
    stopFailed: (now, { data }) => (now.state === 'stopping' && data.code === 'notFound' ? offAtLast(now) : {}),
    stopRequested: () => ({ state: 'stopping', restarts: undefined, resumes: undefined }),
    stopped: (now, { data }) => {
      if (data.generation !== now.generation) return {}
      return now.state === 'stopping' ? offAtLast(now) : { unconfirmed: undefined }
    },
    poweredOff: ({ state, generation, mode, behaviour, isKept, graceMs, protection, quiet }, { data }) => {
      if (!['pending', 'running'].includes(state) || data.generation !== generation) return {}
      if (quiet && quiet.phase !== 'turning on') return {}
      // What is stateless and kept is ended by the engine, after its time, unless that is held. (stateful-and-deltacloud 3a.4.)
      const isHeld = mode === 'stateless' && isKept && (protection.terminate || graceMs > 0)
      const stops = isHeld || (mode === 'stateful' && behaviour === 'stop')
      return { quiet: undefined, resumes: undefined, state: stops ? 'stopping' : 'shutting-down' }
    },
    offGraceDue: ({ state, mode, isKept, protection }) =>
      state === 'stopped' && mode === 'stateless' && isKept && !protection.terminate ? { state: 'shutting-down' } : {},
    terminateRequested: () => ({ state: 'shutting-down', quiet: undefined, restarts: undefined, resumes: undefined }),
    quietCaptureProposed: ({ state }, event) => (state === 'running' ? { quiet: quieted(event) } : {}),
    destroyed: (now, { data }) => {
      if (now.state !== 'shutting-down' && now.state !== 'pending') return {}
      // Its root went with it, if there was somebody to take the flag. (stateful-and-deltacloud 3a.5.)
      const isTaken = now.goesByFlag && !now.vanishesOff && data.already !== true
      return endOf(isTaken ? { ...now, keptRoot: undefined } : now)
    },
    vanished: (now, { wants }) => (now.graceMs > 0 && wants?.length ? {} : unseen(now)),
    missingGraceDue: now => unseen(now),
    cleanupDone: (now, { data }) => paid(now, data.id),
    // A volume waits for its snapshots, and its instance does not wait with it.
    cleanupHandedOver: (now, { data }) => paid(now, data.id),
    orphanRecorded: (now, { data }) => paid(now, data.id),
    modifyRequested: ({ protection, behaviour, devices }, { data }) => {
      const flags = Object.entries<boolean>(data.deleteOnTermination ?? {}).map(
        ([name, dies]) => [deviceName(name), dies] as const,
      )
      const flag = (device: string, dies: boolean) => flags.find(([name]) => name === device)?.[1] ?? dies
      return {
        protection: {
          terminate: data.terminationProtection ?? protection.terminate,
          stop: data.stopProtection ?? protection.stop,
        },
        behaviour: data.shutdownBehaviour ?? behaviour,
        ...(data.recoverableForMs !== undefined && { recoverableForMs: data.recoverableForMs }),
        devices: Object.fromEntries(
          Object.entries(devices).map(([id, each]) => [id, { ...each, dies: flag(each.device, each.dies) }]),
        ),
      }
    },
    revertProposed: ({ reverting = [] }, { data }) => ({ reverting: [...reverting, data.volume] }),
    revertEnded: ({ reverting = [] }, { data }) => ({ reverting: reverting.filter(each => each !== data.volume) }),
    migrateProposed: ({ migrating = [] }, { data }) => (data.live ? {} : { migrating: [...migrating, data.volume] }),
    migrateEnded: ({ migrating = [] }, { data }) => ({ migrating: migrating.filter(each => each !== data.volume) }),
    attachProposed: ({ devices }, { data }) => ({
      devices: { ...devices, [data.volume]: { device: deviceName(data.device), dies: false } },
    }),
  }

const wentBack = ({ state, shape, reverting }: VolumeModel, sizeBytes: number): Partial<VolumeModel> =>
  reverting === undefined || state.startsWith('delet')
    ? {}
    : { state: state === 'reverting' ? 'available' : state, shape: { ...shape, sizeBytes }, reverting: undefined }

const arrived = ({ state, migrating }: VolumeModel, pool: string | undefined): Partial<VolumeModel> =>
  migrating === undefined ? {} : { state: state === 'migrating' ? 'available' : state, pool, migrating: undefined }

const volumeEvents: Readonly<Record<string, (now: VolumeModel, event: Envelope<Data>) => Partial<VolumeModel>>> = {
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
  // Given up.
  orphanRecorded: () => ({ state: 'deleted' }),
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

const tagEvent = (name: string) => tagEvents[name as keyof typeof tagEvents]

function instanceEvent(now: InstanceModel, name: string, event: Envelope<Data>): Partial<InstanceModel> | undefined {
  const { quiet } = now
  const said = quiet && quietEvents[name]?.({ ...now, quiet }, event)
  return said ?? recoveryEvents[name]?.(now, event) ?? instanceEvents[name]?.(now, event)
}

/** The resource after an event; undefined for kinds the model does not know. */
export function follow(now: Model | undefined, event: Envelope<Data>): Model | undefined {
  const { type, account, data } = event
  const facts = event.facts as Data
  const name = type.slice(type.indexOf('.') + 1)
  if (name === 'launchRequested') return launched(event)
  if (name === 'requestedByInstance' || type === 'volume.createRequested')
    return {
      kind: 'volume',
      state: 'creating',
      account,
      zone: data.zone,
      shape: { sizeBytes: data.sizeBytes, volumeType: data.volumeType, iops: data.iops },
      grow: (data.offers ?? facts.provider.capabilities.volume).grow,
      migrates: (data.offers ?? facts.provider.capabilities.volume).migrate ?? 'none',
      pool: data.pool,
      tags: data.tags ?? {},
      instance: data.instance,
      clonedFrom: data.pinsImage ? data.from.id : undefined,
    }
  if (event.kind === 'account')
    return { kind: 'account', account: event.resource.replace('account/', ''), state: visibleOf(event.state) }
  if (event.kind === 'snapshot') {
    if (!now) return snapshotBorn(event)
    return { ...(now as SnapshotModel), ...(snapshotEvents[name] ?? tagEvent(name))?.(now as SnapshotModel, event) }
  }
  if (event.kind === 'image') {
    if (!now) return imageBorn(event)
    return { ...(now as ImageModel), ...(imageEvents[name] ?? tagEvent(name))?.(now as ImageModel, event) }
  }
  if (now?.kind === 'instance') return { ...now, ...instanceEvent(now, name, event) }
  if (now?.kind === 'volume') return { ...now, ...volumeEvents[name]?.(now, event) }
  return undefined
}

/** An image and what is a linked clone of it: from its birth to its end it needs the image. */
export function cloned(image: ImageModel, id: string, { state }: Model): ImageModel {
  const others = image.clones.filter(each => each !== id)
  return { ...image, clones: state === 'deleted' || state === 'terminated' ? others : [...others, id] }
}

/** A volume that is no longer attached, seen from its instance. */
export const without = (now: InstanceModel, volume: string): InstanceModel => ({
  ...now,
  devices: omit(now.devices, volume),
})
