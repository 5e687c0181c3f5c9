/**
 * The rules of instances and volumes on one page, written from the specification (ec2 2.2, 2.6, 3.3, 8) and not from the
 * machines: what a caller sees, what is accepted when, and where each event leads. It knows no asks and no timers.
 */
import type { Envelope } from '../../machines/grammar.ts'

export interface InstanceModel {
  readonly kind: 'instance'
  readonly state: string
  readonly account: string
  readonly zone: string
  readonly hasRun: boolean
  readonly mode: string
  readonly generation: number
  readonly protection: { readonly terminate: boolean; readonly stop: boolean }
  readonly behaviour: string
  readonly rootDevice: string
  /** Volume -> device name in one spelling, and whether it ends with the instance. */
  readonly devices: Readonly<Record<string, { readonly device: string; readonly dies: boolean }>>
}
export interface VolumeModel {
  readonly kind: 'volume'
  readonly state: string
  readonly account: string
  readonly zone: string
  readonly sizeBytes: number
  readonly fromBytes?: number
  readonly instance?: string
  /** Whether a change of its attachment is under way. */
  readonly moving?: boolean
  readonly condemned?: boolean
}
export type Model = InstanceModel | VolumeModel
export type Look = (id: string) => Model | undefined
export type Verdict = 'accepted' | 'unchanged' | 'refused' | 'either'

// biome-ignore lint/suspicious/noExplicitAny: data of every event, read by name
type Data = any
export const deviceName = (name: string) => name.replace('/dev/', '').replace(/^((?:s|xv|v|h)da)1$/, '$1')
const live = ['pending', 'running', 'stopping', 'stopped']

// ------------------------------------------------------------------------------------------- what a caller may do (2.2)

const instanceRules: Readonly<Record<string, (now: InstanceModel, input: Data) => Verdict>> = {
  start: ({ state, mode, devices, rootDevice }) => {
    if (state === 'pending' || state === 'running') return 'unchanged'
    const hasRoot = Object.values(devices).some(({ device }) => device === rootDevice)
    return state === 'stopped' && mode === 'stateful' && hasRoot ? 'accepted' : 'refused'
  },
  stop: ({ state, hasRun, mode, protection }, { force }) => {
    if (state === 'stopped') return 'unchanged'
    if (state === 'stopping') return force ? 'either' : 'unchanged'
    const canStop = state === 'running' || (state === 'pending' && hasRun)
    return canStop && mode === 'stateful' && !protection.stop ? 'accepted' : 'refused'
  },
  reboot: ({ state }) => (state === 'terminated' ? 'unchanged' : state === 'running' ? 'either' : 'refused'),
  terminate: ({ state, protection }) => {
    if (!live.includes(state)) return 'unchanged'
    return protection.terminate || protection.stop ? 'refused' : 'accepted'
  },
  modify: ({ state, devices }, { type, deleteOnTermination = {} }) => {
    const names = Object.values(devices).map(({ device }) => device)
    if (!live.includes(state) || Object.keys(deleteOnTermination).some(name => !names.includes(deviceName(name))))
      return 'refused'
    return type !== undefined && state !== 'stopped' ? 'refused' : type === undefined ? 'accepted' : 'either'
  },
}

const volumeRules: Readonly<Record<string, (now: VolumeModel, input: Data, look: Look) => Verdict>> = {
  delete: ({ state, instance }) => {
    if (state.startsWith('delet')) return 'unchanged'
    return (state === 'available' || state === 'error') && instance === undefined ? 'accepted' : 'refused'
  },
  modify: ({ state, sizeBytes, fromBytes }, { sizeBytes: wanted }) => {
    if (state !== 'available' && state !== 'in-use') return 'refused'
    if (wanted === sizeBytes) return 'unchanged'
    return wanted > sizeBytes && fromBytes === undefined ? 'accepted' : 'refused'
  },
  attach: ({ state, account, zone }, { instance, device }, look) => {
    const target = look(instance)
    if (state !== 'available' || target?.kind !== 'instance' || target.account !== account || target.zone !== zone)
      return 'refused'
    const isFree = Object.values(target.devices).every(each => each.device !== deviceName(device))
    if (!isFree || !/^(\/dev\/)?(s|xv|v|h)d[a-z]{1,2}\d{0,2}$/.test(device)) return 'refused'
    // Slots, and plugging into a running guest, are the provider's to grant.
    return target.state === 'running' || target.state === 'stopped' ? 'either' : 'refused'
  },
  detach: ({ state, instance, moving }, _, look) => {
    const holder = instance === undefined ? undefined : look(instance)
    if (state !== 'in-use' || moving || holder?.kind !== 'instance') return 'refused'
    return live.includes(holder.state) ? 'either' : 'refused'
  },
}

export function judge(now: Model, command: string, input: Data, look: Look): Verdict {
  const known =
    now.kind === 'instance'
      ? instanceRules[command]?.(now, input ?? {})
      : volumeRules[command]?.(now, input ?? {}, look)
  return known ?? 'either'
}

// ------------------------------------------------------------------------------------ where an event leads (2.6, 3.1, 8)

const omit = (devices: InstanceModel['devices'], volume: string) =>
  Object.fromEntries(Object.entries(devices).filter(([id]) => id !== volume))

function launched({ account, data }: Envelope<Data>): InstanceModel {
  return {
    kind: 'instance',
    state: 'pending',
    account,
    zone: data.zone,
    hasRun: false,
    mode: data.mode,
    generation: 1,
    protection: { terminate: data.terminationProtection ?? false, stop: data.stopProtection ?? false },
    behaviour: data.shutdownBehaviour,
    rootDevice: deviceName(data.rootDevice),
    devices: Object.fromEntries(
      data.devices.map((each: Data) => [
        each.volume,
        { device: deviceName(each.device), dies: each.deleteOnTermination },
      ]),
    ),
  }
}

const instanceEvents: Readonly<Record<string, (now: InstanceModel, event: Envelope<Data>) => Partial<InstanceModel>>> =
  {
    created: ({ state }, { data }) =>
      state === 'pending' && data.status === 'running' ? { state: 'running', hasRun: true } : {},
    started: ({ state, generation }, { data }) =>
      state === 'pending' && data.generation === generation ? { state: 'running', hasRun: true } : {},
    startFailed: ({ state, hasRun }) => (state === 'pending' && hasRun ? { state: 'stopped' } : {}),
    volumeFailed: ({ state, devices }, { data }) =>
      state === 'pending' && devices[data.volume] ? { state: 'terminated', devices: {} } : {},
    startRequested: ({ generation }) => ({ state: 'pending', generation: generation + 1 }),
    // A provider that knows no such instance has none to stop.
    stopFailed: ({ state }, { data }) =>
      state === 'stopping' && data.code === 'notFound' ? { state: 'stopped', hasRun: true } : {},
    stopRequested: () => ({ state: 'stopping' }),
    stopped: ({ state, generation }, { data }) =>
      state === 'stopping' && data.generation === generation ? { state: 'stopped', hasRun: true } : {},
    poweredOff: ({ state, generation, mode, behaviour }, { data }) => {
      if (!['pending', 'running'].includes(state) || data.generation !== generation) return {}
      return { state: mode === 'stateful' && behaviour === 'stop' ? 'stopping' : 'shutting-down' }
    },
    terminateRequested: () => ({ state: 'shutting-down' }),
    destroyed: ({ state }) =>
      state === 'shutting-down' || state === 'pending' ? { state: 'terminated', devices: {} } : {},
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
        devices: Object.fromEntries(
          Object.entries(devices).map(([id, each]) => [id, { ...each, dies: flag(each.device, each.dies) }]),
        ),
      }
    },
    attachProposed: ({ devices }, { data }) => ({
      devices: { ...devices, [data.volume]: { device: deviceName(data.device), dies: false } },
    }),
  }

const volumeEvents: Readonly<Record<string, (now: VolumeModel, event: Envelope<Data>) => Partial<VolumeModel>>> = {
  created: ({ state, condemned, instance }, { data }) =>
    state === 'creating'
      ? { state: condemned ? 'deleting' : instance ? 'in-use' : 'available', sizeBytes: data.sizeBytes }
      : {},
  createFailed: ({ state, condemned }) => (state === 'creating' ? { state: condemned ? 'deleting' : 'error' } : {}),
  attachRequested: (_, { data }) => ({ state: 'in-use', instance: data.instance, moving: true }),
  attached: ({ state }) => (state === 'in-use' ? { moving: undefined } : {}),
  attachFailed: ({ moving }) => (moving ? { state: 'available', instance: undefined, moving: undefined } : {}),
  detachRequested: () => ({ moving: true }),
  detached: ({ state }) => (state === 'in-use' ? { state: 'available', instance: undefined, moving: undefined } : {}),
  detachFailed: () => ({ moving: undefined }),
  modifyRequested: ({ sizeBytes }, { data }) => ({ sizeBytes: data.sizeBytes, fromBytes: sizeBytes }),
  resized: ({ fromBytes }, { data }) =>
    fromBytes === undefined ? {} : { sizeBytes: data.sizeBytes, fromBytes: undefined },
  resizeFailed: ({ fromBytes }) => (fromBytes === undefined ? {} : { sizeBytes: fromBytes, fromBytes: undefined }),
  deleteRequested: () => ({ state: 'deleting', fromBytes: undefined }),
  deleted: ({ state }) => (state === 'deleting' ? { state: 'deleted' } : {}),
  instanceGone: ({ state, instance }, { data }) => {
    if (instance !== data.instance) return {}
    const rest = { instance: undefined, moving: undefined }
    if (state === 'creating') return { ...rest, condemned: data.deleteOnTermination }
    if (data.deleteOnTermination) return { ...rest, state: 'deleting', fromBytes: undefined }
    return { ...rest, state: state === 'in-use' ? 'available' : state }
  },
}

/** The resource after an event; undefined for kinds the model does not know. */
export function follow(now: Model | undefined, event: Envelope<Data>): Model | undefined {
  const { type, account, data } = event
  const name = type.slice(type.indexOf('.') + 1)
  if (name === 'launchRequested') return launched(event)
  if (name === 'requestedByInstance' || type === 'volume.createRequested')
    return {
      kind: 'volume',
      state: 'creating',
      account,
      zone: data.zone,
      sizeBytes: data.sizeBytes,
      instance: data.instance,
    }
  if (now?.kind === 'instance') return { ...now, ...instanceEvents[name]?.(now, event) }
  if (now?.kind === 'volume') return { ...now, ...volumeEvents[name]?.(now, event) }
  return undefined
}

/** A volume that is no longer attached, seen from its instance. */
export const without = (now: InstanceModel, volume: string): InstanceModel => ({
  ...now,
  devices: omit(now.devices, volume),
})
