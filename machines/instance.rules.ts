/** Who may say no to an instance's requests, and what picks its branches. */
import type { Observed } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed, Now } from './instance.alphabet.ts'
import { isDeviceName, normalised } from './instance.block-devices.ts'
import { atHead, deviceOf, volumesWith } from './instance.devices.ts'

type On<K extends string> = { readonly context: InstanceContext; readonly event: InstanceEventNamed<K> }

/** Said by the command that resolves a launch; the machine sees only what was resolved. */
const saidByCommand = () => true

export const instanceRequirements = {
  zoneOffered: saidByCommand,
  sizeGiven: saidByCommand,
  sizeOffered: saidByCommand,
  snapshotKnown: saidByCommand,
  mappingValid: ({ event }: On<'launchRequested'>) => {
    const { devices = [], rootDevice = '' } = event.data
    const names = new Set(devices.map(each => normalised(each.device)))
    return names.size === devices.length && names.has(normalised(rootDevice))
  },
  accountOpen: ({ event }: On<'launchRequested'>) => (event.facts.account?.state ?? 'open') === 'open',
  imageAvailable: ({ event }: On<'launchRequested'>) => event.facts.image?.state === 'available',
  offeringActive: ({ event }: On<'launchRequested' | 'modifyRequested'>) =>
    event.data.type === undefined || event.facts.offering?.state === 'active',
  modeOffered: ({ event }: On<'launchRequested'>) => {
    const { stop, start } = event.facts.provider?.capabilities ?? {}
    return event.data.mode !== 'stateful' || (stop === 'preserves' && start !== 'none')
  },
  unprotected: ({ context }: Now) => !context.terminationProtection,
  /** Protection against stopping also keeps callers from terminating. */
  stopUnprotected: ({ context }: Now) => !context.stopProtection,
  stateful: ({ context }: Now) => context.mode === 'stateful',
  rootAttached: ({ context }: Now) => context.devices[normalised(context.rootDevice)] !== undefined,
  rebootOffered: ({ context }: Now) => context.offers.reboot,
  typeKept: ({ event }: On<'modifyRequested'>) => event.data.type === undefined,
  devicesMapped: ({ context, event }: On<'modifyRequested'>) =>
    Object.keys(event.data.deleteOnTermination ?? {}).every(name => Object.hasOwn(context.devices, normalised(name))),
  deviceNamed: ({ event }: On<'attachProposed'>) => isDeviceName(event.data.device ?? ''),
  deviceFree: ({ context, event }: On<'attachProposed'>) => {
    const name = normalised(event.data.device ?? '')
    return context.devices[name] === undefined && !context.ephemeral?.some(each => normalised(each) === name)
  },
  /** The root takes none of the slots for further volumes, also when it comes back. */
  slotFree: ({ context, event }: On<'attachProposed'>) =>
    normalised(event.data.device ?? '') === normalised(context.rootDevice) ||
    Object.values(context.devices).filter(each => !each.root).length < context.offers.attachMax,
  hotPlugOffered: ({ context }: Now) => context.offers.hotPlug,
  hotUnplugOffered: ({ context }: Now) => context.offers.hotUnplug,
  attachedThere: ({ context, event }: On<'detachProposed'>) => {
    const { volume, device } = event.data
    const name = deviceOf(context.devices, volume)
    return name !== undefined && (device === undefined || normalised(device) === name)
  },
  notRoot: ({ context, event }: On<'detachProposed'>) =>
    context.devices[deviceOf(context.devices, event.data.volume) ?? '']?.root !== true,
}

/** What picks a branch and never refuses. */
export const choices = {
  lastVolume: ({ context, event }: Now) => {
    const waiting = volumesWith(context.devices, 'attaching')
    return waiting.length === 1 && waiting[0] === (event as InstanceEventNamed<'volumeReady'>).data.volume
  },
  awaitedVolume: ({ context, event }: Now) =>
    volumesWith(context.devices, 'attaching').includes((event as InstanceEventNamed<'volumeReady'>).data.volume),
  stillOff: ({ event }: Now) => (event as InstanceEventNamed<'created'>).data.status === 'stopped',
  otherLaunch: ({ context, event }: Now) =>
    (event as InstanceEventNamed<'started' | 'stopped' | 'poweredOff' | 'vanished'>).data.generation !==
    context.generation,
  stopsWithGuest: ({ context }: Now) => context.mode === 'stateful' && context.shutdownBehaviour === 'stop',
  forced: ({ event }: Now) => (event as InstanceEventNamed<'stopRequested'>).data.force === true,
  noneThere: ({ event }: Now) => (event as InstanceEventNamed<'stopFailed'>).data.code === 'notFound',
  /** A provider without graceful stops need not be asked later: it will say the same. */
  askingUnsupported: ({ event }: Now) => (event as InstanceEventNamed<'stopFailed'>).data.code === 'unsupported',
  impaired: ({ context }: Now) => context.impaired === true,
  /** The answer is not about what is at the head of the line. */
  outOfTurn: ({ context, event }: Now) =>
    atHead(context)?.status !== (event.type.startsWith('instance.attach') ? 'attaching' : 'detaching'),
  lastChange: ({ context }: Now) => context.changing.length === 1,
}

/**
 * What a sight of it at the provider amounts to. Only a running instance is compared: in every other state an open call
 * will say what became of it, or nothing is expected to be there.
 */
export const instanceObserved: Observed = ({ exists, facts, generation }, context: InstanceContext, state) => {
  if (!state.startsWith('running') || (generation ?? context.generation) !== context.generation) return undefined
  const data = { generation: context.generation }
  if (exists === 'no') return context.impaired ? undefined : { event: 'vanished', data }
  if (exists === 'yes' && facts.status === 'stopped') return { event: 'poweredOff', data }
  if (exists === 'yes' && facts.status === 'running' && context.impaired) return { event: 'started', data }
  return undefined
}
