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
import type { AccountModel, InstanceModel, Look, Model, Verdict, VolumeModel } from './model-shapes.ts'
import { asVmSnapshotsAllow, besideVmSnapshots, keeping } from './model-vm-snapshots.ts'
import { volumeEvents, volumeRules } from './model-volumes.ts'
import { type Data, deviceName, isOpen, live, tagEvents, tagging } from './model-words.ts'

export type { AccountModel, InstanceModel, Look, Model, Verdict, VolumeModel }
export { deviceName }

// ------------------------------------------------------------------------------------------- what a caller may do (2.2)

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
  /** What is to be given up is named: the compute itself, or one of what is owed after it. */
  abandonCleanup: ({ state, owed }, { item }) => {
    if (state !== 'shutting-down') return 'refused'
    return owed === undefined ? 'either' : owed.includes(item) ? 'accepted' : 'refused'
  },
  /** Of what has run and may run again; what is open about its disks is heard first. (stateful-and-deltacloud 3a.8.) */
  forceStop: ({ state, hasRun, mode, quiet }) => {
    if (state === 'stopped') return 'unchanged'
    const may = ['running', 'stopping', 'suspending', 'suspended'].includes(state) || (state === 'pending' && hasRun)
    return may && mode === 'stateful' && !quiet ? 'either' : 'refused'
  },
  modify: ({ state, mode, devices, takes }, { deleteOnTermination = {}, ...input }) => {
    const names = Object.values(devices).map(({ device }) => device)
    if (mode === 'stateless' && input.shutdownBehaviour === 'stop') return 'refused'
    if (!live.includes(state) || Object.keys(deleteOnTermination).some(name => !names.includes(deviceName(name))))
      return 'refused'
    if (boots.some(name => input[name] !== undefined) && state !== 'stopped') return 'refused'
    // One that takes volumes with an instance may have no way to spare any.
    if (takes && Object.values(deleteOnTermination).includes(false)) return 'either'
    return input.type === undefined ? 'accepted' : 'either'
  },
}

const ended = ['deleted', 'deregistered']
function judged(now: Model, command: string, input: Data, look: Look): Verdict | undefined {
  if (now.kind === 'instance') {
    const said = recoveryVerdict(now, command, input, look) ?? instanceRules[command]?.(now, input, look)
    return asVmSnapshotsAllow(said, now, command, input)
  }
  if (now.kind === 'volume') {
    const said = volumeRules[command]?.(now, input, look)
    const holder = look(now.instance ?? input.instance)
    return holder?.kind === 'instance' ? besideVmSnapshots(said, holder, now, command, input) : said
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
    takes: can.attachmentsOnDestroy === 'deletes',
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
const afterAll = (now: InstanceModel, data: Data, state: string): Partial<InstanceModel> => {
  if (now.mode !== 'stateful' || data.generation !== now.generation) return {}
  // Whoever stopped it before wanted that: it is not done with it yet.
  const next = state === 'running' && now.stopWanted ? 'stopping' : state
  return { state: next, hasRun: true, unconfirmed: undefined, stopWanted: undefined }
}
/** Where what is off is not shown, one that can be made anew from its root is off. (stateful-and-deltacloud 3a.8.) */
const unseen = ({ state, mode, behaviour, rootOwner, vanishesOff }: InstanceModel): Partial<InstanceModel> =>
  state === 'running' && mode === 'stateful' && behaviour === 'stop' && rootOwner !== 'provider' && vanishesOff
    ? { state: 'stopping', quiet: undefined }
    : {}

/** What is stateless and kept is ended by the engine, after its time, unless that is held. (stateful-and-deltacloud 3a.4.) */
function shutDown({ mode, behaviour, isKept, graceMs, protection }: InstanceModel): Partial<InstanceModel> {
  const isHeld = mode === 'stateless' && isKept && (protection.terminate || graceMs > 0)
  const stops = isHeld || (mode === 'stateful' && behaviour === 'stop')
  return { quiet: undefined, resumes: undefined, state: stops ? 'stopping' : 'shutting-down' }
}

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
    forceStopRequested: ({ state }) =>
      state === 'stopped'
        ? {}
        : {
            ...{ state: 'stopped', unconfirmed: true, restarts: undefined, resumes: undefined },
            stopWanted: state === 'stopping' || undefined,
          },
    startFailed: (now, { data }) => {
      const { state, hasRun, resumes, rootOwner, startsAnew } = now
      // It did start, and its guest has shut itself down since.
      if (data.code === 'ended' && state === 'pending' && !now.quiet) return shutDown(now)
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
      return now.state === 'stopping' ? offAtLast(now) : { unconfirmed: undefined, stopWanted: undefined }
    },
    poweredOff: (now, { data }) => {
      const { state, generation, quiet } = now
      if (!['pending', 'running'].includes(state) || data.generation !== generation) return {}
      return quiet && quiet.phase !== 'turning on' ? {} : shutDown(now)
    },
    offGraceDue: ({ state, mode, isKept, protection }) =>
      state === 'stopped' && mode === 'stateless' && isKept && !protection.terminate ? { state: 'shutting-down' } : {},
    // The compute is given up, and with it all that would follow; or one of what is owed, which says so itself.
    abandonCleanupRequested: ({ owed }, { resource, data }) =>
      owed === undefined && data.item === resource ? { state: 'terminated', devices: {}, owed: [], givenUp: true } : {},
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
  if (now?.kind === 'instance') return { ...now, ...keeping(now, event), ...instanceEvent(now, name, event) }
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
