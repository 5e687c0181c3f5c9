/**
 * Images of an instance: what it does while its disks are taken for one. The image has named the disks and a snapshot
 * for each; the instance asks its volumes, remembers which images are being made of it, and tells them when it ends.
 *
 * *Quiet.* A running guest is turned off first, unless its owner does without. To readers the instance runs on. Its
 * snapshots exist from the request on, held until it is off; it is turned on again as soon as the moment of each is
 * fixed, or the image has failed: never later. The start has a number of its own, so that late news of the guest that was
 * turned off are news of another launch; the time of launch stays. Meanwhile nothing else may turn it off, and no volume
 * comes or goes; terminating wins, and takes the image with it. A guest that cannot be turned off runs on, and one that
 * cannot be turned on again has stopped, with the reason. (spec: ec2 5.4.)
 */
import { type Arm, type Ask, type Disarm, ignore, needs, type Tell } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import { late } from './instance.late.ts'
import * as want from './instance.wants.ts'

/** As long as a stop may take until a reader is told that it takes too long. */
const PATIENCE_MS = 10 * 60_000

type Change = Partial<InstanceContext>
type Proposal = Named<'captureProposed' | 'quietCaptureProposed'>

export const captureRequirements = {
  notCapturing: ({ context }: Now) => context.quieted === undefined,
  connectionsSettled: ({ context }: Now) => context.changing.length === 0,
}

const ended = ({ event }: Now) => (event as Named<'captureEnded'>).data.image
const cut = ({ event }: Now) => (event as Named<'snapshotCut'>).data.snapshot
const uncut = (now: Now) => now.context.quieted?.uncut.filter(each => each !== cut(now)) ?? []

export const captureChoices = {
  capturing: (now: Now) => now.context.captures?.includes(ended(now)) ?? false,
  quietedFor: (now: Now) => now.context.quieted?.image === ended(now),
  awaitedCut: (now: Now) => now.context.quieted?.uncut.includes(cut(now)) ?? false,
  lastCut: (now: Now) => now.context.quieted?.uncut.includes(cut(now)) === true && uncut(now).length === 0,
  nothingToCut: ({ context }: Now) => context.quieted?.uncut.length === 0,
}

export const captureChanges = {
  capturing: ({ context, event }: Now): Change => ({
    captures: [...(context.captures ?? []), (event as Proposal).data.image],
  }),
  captureEnded: (now: Now): Change => {
    const captures = now.context.captures?.filter(each => each !== ended(now)) ?? []
    return { captures: captures.length ? captures : undefined }
  },
  /** Its image has failed: there is nothing to take any more. */
  nothingToCut: ({ context }: Now): Change => ({ quieted: { ...context.quieted!, uncut: [] } }),
  quieting: ({ event }: Now): Change => {
    const { image, captures } = (event as Proposal).data
    return { quieted: { image, uncut: captures.map(each => each.snapshot) } }
  },
  cut: (now: Now): Change => ({ quieted: { ...now.context.quieted!, uncut: uncut(now) } }),
  relaunched: ({ context }: Now): Change => ({ generation: context.generation + 1 }),
  awake: (): Change => ({ quieted: undefined }),
  captureless: (): Change => ({ captures: undefined }),
}

// What it wants

const proposals =
  (how: { live: boolean; held: boolean }) =>
  ({ event }: Now): Tell[] => {
    const { resource, data } = event as Proposal
    const { image, captures, description, tags } = data
    return captures.map(({ volume, snapshot }) => ({
      resource: volume,
      event: 'volume.captureProposed',
      data: { snapshot, image, instance: resource, description, tags, ...how },
    }))
  }
export const captureLive = proposals({ live: true, held: false })
export const captureOff = proposals({ live: false, held: false })
const captureHeld = proposals({ live: false, held: true })

const quietedSnapshots = ({ context, event: { resource } }: Now): Tell[] =>
  context.quieted!.uncut.map(snapshot => ({
    resource: snapshot,
    event: 'snapshot.guestQuieted',
    data: { instance: resource },
  }))
const failImage = ({ context, event }: Now): Tell => {
  const { code, message } = (event as Named<'stopFailed'>).data
  return { resource: context.quieted!.image, event: 'image.captureFailed', data: { code, message } }
}
/** Images that are not complete have nobody to be made of. */
export const orphanImages = ({ context, event: { resource } }: Now): Tell[] =>
  (context.captures ?? []).map(image => ({
    resource: image,
    event: 'image.instanceTerminated',
    data: { instance: resource },
  }))

const quietByForce = ({ context }: Now): Ask => ({ ...want.forceOff({ context } as Now), supersedes: false })
const patience: Arm = { event: 'instance.captureTimedOut', afterMs: PATIENCE_MS }
const done: Disarm = { event: 'instance.captureTimedOut' }

// How it goes

const unknownImage = ignore('it knows no such image')
const noCut = ignore('no guest is off for that snapshot')

/** Whatever else goes on, an image that is complete or has failed is forgotten. */
export const forgettingImages = {
  'instance.captureEnded': [{ guard: 'capturing', actions: 'captureEnded' }, unknownImage],
} as const

/** Both ways of taking an image of what is off. */
const whileOff = {
  guard: needs('rootIsVolume', 'rootAttached', 'stopConfirmed', 'vmSnapshotIdle'),
  actions: ['capturing', { type: 'tell', params: captureOff }],
} as const
export const capturableWhileOff = {
  'instance.captureProposed': whileOff,
  'instance.quietCaptureProposed': whileOff,
} as const
export const capturableWhileRunning = {
  'instance.captureProposed': {
    guard: needs('rootIsVolume', 'rootAttached', 'notCapturing', 'vmSnapshotIdle'),
    actions: ['capturing', { type: 'tell', params: captureLive }],
  },
  'instance.quietCaptureProposed': {
    guard: needs(
      'stateful',
      'preserved',
      'rootIsVolume',
      'rootAttached',
      'notCapturing',
      'connectionsSettled',
      'vmSnapshotIdle',
    ),
    target: '.capturing',
    actions: ['capturing', 'quieting', { type: 'tell', params: captureHeld }],
  },
} as const

const otherLaunch = { guard: 'otherLaunch', ...ignore('it speaks of another launch') } as const
const abandoned = { target: '#steady', actions: [{ type: 'tell', params: failImage }, 'awake'] } as const
const whenOff = [
  otherLaunch,
  { guard: 'nothingToCut', target: 'poweringOn', actions: 'relaunched' },
  { target: 'cutting', actions: { type: 'tell', params: quietedSnapshots } },
] as const
const imageEndsEarly = {
  'instance.captureEnded': [
    { guard: 'quietedFor', actions: ['captureEnded', 'nothingToCut'] },
    { guard: 'capturing', actions: 'captureEnded' },
    unknownImage,
  ],
} as const
const onPurpose = {
  'instance.poweredOff': ignore('it is being turned off for an image'),
  'instance.started': ignore('it is being turned off for an image'),
} as const

export const capturing = {
  initial: 'quieting',
  entry: { type: 'arm', params: patience },
  exit: ['answered', { type: 'disarm', params: done }],
  states: {
    quieting: {
      tags: 'working',
      entry: { type: 'ask', params: want.askOff },
      on: {
        'instance.stopped': whenOff,
        'instance.stopFailed': [{ guard: 'askingUnsupported', target: 'forcing' }, abandoned],
        ...imageEndsEarly,
        ...onPurpose,
        'instance.snapshotCut': noCut,
      },
    },
    forcing: {
      tags: 'working',
      entry: { type: 'ask', params: quietByForce },
      on: {
        'instance.stopped': whenOff,
        'instance.stopFailed': abandoned,
        ...imageEndsEarly,
        ...onPurpose,
        'instance.snapshotCut': noCut,
      },
    },
    cutting: {
      tags: 'working',
      meta: { awaits: (context: InstanceContext) => context.quieted!.uncut },
      on: {
        'instance.snapshotCut': [
          { guard: 'lastCut', target: 'poweringOn', actions: ['cut', 'relaunched'] },
          { guard: 'awaitedCut', actions: 'cut' },
          noCut,
        ],
        'instance.captureEnded': [
          { guard: 'quietedFor', target: 'poweringOn', actions: ['captureEnded', 'nothingToCut', 'relaunched'] },
          { guard: 'capturing', actions: 'captureEnded' },
          unknownImage,
        ],
        ...onPurpose,
        'instance.stopped': ignore('it is off already'),
        'instance.stopFailed': ignore('it is off already'),
      },
    },
    poweringOn: {
      tags: 'working',
      entry: { type: 'ask', params: want.powerOn },
      on: {
        'instance.started': [otherLaunch, { target: '#steady', actions: ['cameUp', 'awake'] }],
        'instance.startFailed': { target: '#stopping', actions: 'failed' },
        ...forgettingImages,
        'instance.snapshotCut': noCut,
      },
    },
  },
  on: {
    'instance.captureTimedOut': { actions: 'overdue' },
    // Left here, its image would wait for a guest that nobody turns off.
    'instance.externallySuspended': ignore(
      'it is turned off and on for an image: the open call says what became of it',
    ),
    ...late.steady,
  },
} as const
