/**
 * What becomes of an instance that is kept for a while after it was terminated, on one page: written from the
 * specification (cloudstack 1.2, 2.5, 5 L7) and not from the machine.
 */
import type { Envelope } from '../../machines/grammar.ts'
import { visibleOf } from './fold.ts'
import type { InstanceModel, Look, Verdict } from './model-shapes.ts'
import { keeps } from './model-vm-snapshots.ts'

// biome-ignore lint/suspicious/noExplicitAny: data of every event, read by name
type Data = any
type Event = Envelope<Data>

/** Only what comes to rest with its disks is kept. */
const isKept = ({ recoverableForMs = 0, mode, isKept: rests }: InstanceModel) =>
  recoverableForMs > 0 && mode === 'stateful' && rests

/** What says something of a termination, or of what was terminated; undefined where the other rules hold. */
export function recoveryVerdict(now: InstanceModel, command: string, input: Data, look: Look): Verdict | undefined {
  const { state, account, mode, isKept: rests, aside } = now
  if (command === 'recover') {
    const isOpen = (look(`account/${account}`)?.state ?? 'open') === 'open'
    // Its account may have no room for it any more.
    return state === 'recoverable' && isOpen ? 'either' : 'refused'
  }
  if (command === 'modify' && input.recoverableForMs > 0 && !(mode === 'stateful' && rests)) return 'refused'
  if (command !== 'terminate') return undefined
  if (state === 'recoverable' || aside) return input.expunge ? 'accepted' : 'unchanged'
  // Its disks may be going back to a VM snapshot, which the model does not follow.
  const { terminate, stop } = now.protection
  return isKept(now) && keeps(now) && !terminate && !stop && state !== 'shutting-down' && state !== 'terminated'
    ? 'either'
    : undefined
}

const over = { quiet: undefined, restarts: undefined, resumes: undefined } as const
const setAside = { ...over, state: 'shutting-down', aside: true } as const
/** VM snapshots go before it waits, unless they stay with it: how many there are the model does not follow. */
const among = ({ state }: Event, ...possible: string[]): { state: string } => {
  const seen = visibleOf(state)
  return { state: possible.includes(seen) ? seen : possible.join(' or ') }
}
const offAside = (now: InstanceModel, event: Event): Partial<InstanceModel> => {
  const next = keeps(now) ? among(event, 'recoverable', 'shutting-down') : { state: 'recoverable' }
  return { ...next, hasRun: true, unconfirmed: undefined, aside: next.state === 'shutting-down' || undefined }
}
const begun = (now: InstanceModel, { data }: Event): Partial<InstanceModel> | undefined =>
  now.state === 'recoverable' && data.generation === now.generation ? setAside : undefined

const setAsideByGuest = (now: InstanceModel) => {
  if (!['pending', 'running'].includes(now.state) || !isKept(now) || now.behaviour === 'stop' || now.reverts)
    return undefined
  return now.quiet && now.quiet.phase !== 'turning on' ? undefined : setAside
}

type Follow = (now: InstanceModel, event: Event) => Partial<InstanceModel> | undefined
export const recoveryEvents: Readonly<Record<string, Follow>> = {
  terminateRequested: (now, event) => {
    if (now.aside || now.state === 'recoverable') return { state: 'shutting-down', aside: undefined }
    // What has never run has nothing to come back to.
    if (event.data.expunge || !isKept(now) || (now.state === 'pending' && !now.hasRun)) return undefined
    if (now.state !== 'stopped' || now.unconfirmed) return setAside
    const next = keeps(now) ? among(event, 'recoverable', 'shutting-down') : { state: 'recoverable' }
    return { ...over, ...next, aside: next.state === 'shutting-down' || undefined }
  },
  /** A guest that is to end with its own shutdown. */
  poweredOff: (now, { data }) => (data.generation === now.generation ? setAsideByGuest(now) : undefined),
  startFailed: (now, { data }) => (data.code === 'ended' && !now.quiet ? setAsideByGuest(now) : undefined),
  stopped: (now, event) => (now.aside && event.data.generation === now.generation ? offAside(now, event) : undefined),
  stopFailed: (now, event) => (now.aside && event.data.code === 'notFound' ? offAside(now, event) : undefined),
  vmSnapshotRemoved: (now, event) => {
    if (!now.aside) return undefined
    const next = among(event, 'recoverable', 'shutting-down')
    return { ...next, aside: next.state === 'shutting-down' || undefined }
  },
  /** Then its end has failed. */
  vmSnapshotRemoveFailed: (now, event) => {
    if (!now.aside) return undefined
    const next = among(event, 'stopped', 'shutting-down')
    return { ...next, aside: next.state === 'shutting-down' || undefined }
  },
  recoverRequested: () => ({ state: 'stopped' }),
  expungeDue: () => ({ state: 'shutting-down' }),
  started: begun,
  externallyStarted: begun,
  suspended: begun,
  externallySuspended: begun,
  created: (now, event) => (event.data.status === 'running' ? begun(now, event) : undefined),
}
