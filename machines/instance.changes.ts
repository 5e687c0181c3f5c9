/** How an instance's memory changes with each event. */
import { assign } from 'xstate'
import { normalised } from './disks.ts'
import type { InstanceContext, InstanceEvent, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import { captureChanges } from './instance.capture.ts'
import { cleanupChanges } from './instance.cleanup.ts'
import { atRest, deviceOf, withDevice, withoutDevice, withStatus } from './instance.devices.ts'
import { lookChanges } from './instance.looks.ts'
import { migrationChanges } from './instance.migrations.ts'
import { leftOfBoth, offersOf } from './instance.offers.ts'
import { recoveryChanges } from './instance.recovery.ts'
import { restartChanges } from './instance.restart.ts'
import { revertChanges } from './instance.reverts.ts'
import { rootChanges } from './instance.root.ts'
import { sparingChanges } from './instance.sparing.ts'
import { stallChanges } from './instance.stall.ts'
import { stopChanges } from './instance.stop.ts'
import { suspendChanges } from './instance.suspend.ts'
import { vmSnapshotChanges } from './instance.vm-snapshots.ts'
import { orphanChanges } from './orphans.ts'
import { sightChanges } from './sights.ts'
import { tagChanges } from './tags.ts'

type Change = Partial<InstanceContext>

const launched = ({ event }: Now): Change => {
  const { data, facts, at } = event as Named<'launchRequested'>
  const { devices, volumeTags: _, warning: __, pinsImage, onlyRoot: ___, ...rest } = data
  const root = normalised(data.rootDevice)
  return {
    ...rest,
    pinsImage: data.rootOwner === 'provider' ? pinsImage : undefined,
    generation: 1,
    launchedAt: at,
    offers: offersOf(facts.provider.capabilities),
    devices: Object.fromEntries(
      devices.map(({ device, volume, deleteOnTermination }) => {
        const name = normalised(device)
        return [name, { volume, device, root: name === root, deleteOnTermination, status: 'attaching', attachedAt: at }]
      }),
    ),
  }
}

const volumeReady = ({ context: { devices }, event }: Now): Change => {
  const { volume } = (event as Named<'volumeReady'>).data
  return { devices: withStatus(devices, deviceOf(devices, volume)!, 'attached') }
}

/** What is known again of what runs, or has stopped. */
const certain = { impaired: undefined, asleep: undefined, unconfirmed: undefined, stopWanted: undefined } as const

const cameUp = ({ context, event }: Now): Change => {
  const { host, privateAddress = context.privateAddress } = (event as Named<'created' | 'started'>).data
  const done = { reason: undefined, rebooting: undefined, userDataChanged: undefined }
  return { host, privateAddress, ...done, ...certain }
}

/** This one offers less than its image and its provider let expect. */
const narrowed = ({ context, event }: Now): Change => {
  const { capabilities } = (event as Named<'created'>).data
  return capabilities ? { offers: leftOfBoth(context.offers, offersOf(capabilities)) } : {}
}

const restarted = ({ context, event }: Now): Change => ({
  generation: context.generation + 1,
  launchedAt: event.at,
  reason: undefined,
})

const halted = ({ context: { devices } }: Now): Change => ({
  devices: atRest(devices),
  changing: [],
  host: undefined,
  rebooting: undefined,
  ...certain,
})

const ended = (): Change => ({
  devices: {},
  changing: [],
  host: undefined,
  privateAddress: undefined,
  rebooting: undefined,
  restarts: undefined,
  owed: undefined,
  lineage: undefined,
  vmSnapshotTask: undefined,
  ...certain,
})

const failed = ({ event }: Now): Change => {
  const { code, message } = (event as Named<'createFailed' | 'startFailed' | 'volumeFailed'>).data
  return { reason: { code, message, at: event.at } }
}
const unmade = ({ event }: Now): Change => ({
  reason: { code: 'launchTimedOut', message: 'its provider did not say in time what became of it', at: event.at },
})
const byUser = ({ event }: Now): Change => ({ reason: { code: 'userInitiated', at: event.at } })
const byGuest = ({ event }: Now): Change => ({ reason: { code: 'guestShutdown', at: event.at } })

const modified = ({ context, event }: Now): Change => {
  const { deleteOnTermination = {}, annotations, ...attributes } = (event as Named<'modifyRequested'>).data
  let { devices } = context
  for (const [name, flag] of Object.entries(deleteOnTermination)) {
    const device = devices[normalised(name)]!
    devices = withDevice(devices, { ...device, deleteOnTermination: flag })
  }
  const given = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
  const userDataChanged = attributes.userData !== undefined || context.userDataChanged
  return {
    ...given,
    userDataChanged,
    ...(annotations && { annotations: laidOver(context.annotations, annotations) }),
    devices,
  }
}
/** Null takes one away. */
function laidOver(held: InstanceContext['annotations'], given: Readonly<Record<string, string | null>>) {
  const all = Object.entries({ ...held, ...given })
  return Object.fromEntries(all.filter((each): each is [string, string] => each[1] !== null))
}

/** A device that a volume proposed: connected at once beside a stopped instance, asked for beside a running one. */
const joined = ({ context, event }: Now, status: 'attaching' | 'attached') => {
  const { volume, device } = (event as Named<'attachProposed'>).data
  const root = normalised(device) === normalised(context.rootDevice)
  return withDevice(context.devices, { volume, device, root, deleteOnTermination: false, status, attachedAt: event.at })
}
const attaching = (now: Now): Change => {
  const { device } = (now.event as Named<'attachProposed'>).data
  return { devices: joined(now, 'attaching'), changing: [...now.context.changing, normalised(device)] }
}
const attachedAtOnce = (now: Now): Change => ({ devices: joined(now, 'attached') })

const leaving = ({ context, event }: Now) => deviceOf(context.devices, (event as Named<'detachProposed'>).data.volume)!

const detaching = (now: Now): Change => ({
  devices: withStatus(now.context.devices, leaving(now), 'detaching'),
  changing: [...now.context.changing, leaving(now)],
})
/** The stop that is under way ends the connection; nothing is asked for it. */
const detachingWithStop = (now: Now): Change => ({
  devices: withStatus(now.context.devices, leaving(now), 'detaching'),
})
const detachedAtOnce = (now: Now): Change => ({ devices: withoutDevice(now.context.devices, leaving(now)) })

/** An answer about the connection at the head of the line. */
const connected = ({ context: { devices, changing } }: Now): Change => ({
  devices: withStatus(devices, changing[0]!, 'attached'),
  changing: changing.slice(1),
})
const disconnected = ({ context: { devices, changing } }: Now): Change => ({
  devices: withoutDevice(devices, changing[0]!),
  changing: changing.slice(1),
})

const all = {
  ...captureChanges,
  ...lookChanges,
  ...recoveryChanges,
  ...restartChanges,
  ...revertChanges,
  ...rootChanges,
  ...migrationChanges,
  ...stallChanges,
  ...stopChanges,
  ...suspendChanges,
  ...vmSnapshotChanges,
  ...cleanupChanges,
  ...sparingChanges,
  ...orphanChanges,
  ...tagChanges,
  orphanCleaned: sightChanges.orphanCleaned,
  launched,
  volumeReady,
  cameUp,
  narrowed,
  restarted,
  halted,
  ended,
  failed,
  unmade,
  byUser,
  byGuest,
  modified,
  attaching,
  attachedAtOnce,
  detaching,
  detachingWithStop,
  detachedAtOnce,
  connected,
  disconnected,
  warned: ({ event }: Now): Change => ({ warning: (event as Named<'modeMismatchWarned'>).data }),
  imageFreed: (): Change => ({ pinsImage: undefined }),
  rebooting: (): Change => ({ rebooting: true }),
  rebooted: (): Change => ({ rebooting: undefined }),
  overdue: (): Change => ({ overdue: true }),
  answered: (): Change => ({ overdue: undefined }),
}
const remember = (change: (now: Now) => Change) =>
  assign<InstanceContext, InstanceEvent, undefined, InstanceEvent, never>(change)

/** The named changes, as the machine runs them. */
export const instanceChanges = Object.fromEntries(
  Object.entries(all).map(([name, change]) => [name, remember(change)]),
) as Record<keyof typeof all, ReturnType<typeof remember>>
