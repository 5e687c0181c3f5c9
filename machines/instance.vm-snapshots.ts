/**
 * VM snapshots of an instance: it keeps their lineage, does one thing at a time to it, and asks its provider for that.
 *
 * While something is being done its guest is neither started nor stopped by a caller, and no disk comes or goes; while
 * there is any, none does at all: each keeps the same disks. A guest that turns itself off is obeyed, and what was asked
 * for is answered all the same. Where a call takes the place of every other, because the instance has to stop or to end,
 * what was being done has failed: nobody knows how far it came, and deleting what is left is safe. A forced stop does so
 * at once, so that a call that hangs cannot hold it up; but not of going back, whose answer alone says which disks there
 * are and which launch runs (docs/decisions/0055).
 *
 * Going back begins a launch, with a number of its own, where the guest runs after it: on from its memory, or from a
 * start. Where only disks go back it stays off. What its snapshot governs, its type and size, goes back with the disks:
 * it is part of what the provider is asked for, and counted before a disk is touched. (spec: cloudstack 2; 3a.6.)
 */
import { type Ask, ignore, needs, type Tell } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import { late } from './instance.late.ts'
import { providerRootName } from './instance.root.alphabet.ts'
import * as tree from './lineage.ts'

/** What is being done, to which: in the order in which answers will come. */
export interface VmSnapshotTask {
  readonly kind: 'keep' | 'revert' | 'remove'
  readonly snapshots: readonly string[]
  readonly settings?: { readonly type: string; readonly vcpus: number; readonly memoryBytes: number }
}
/** `vmsnapshot.max` of the original. */
const CLOUDSTACK_MAX = 10

/** What its provider can do, as far as it can keep instances at all. */
export interface VmSnapshotOffers {
  readonly memory?: boolean
  readonly diskOnly?: boolean
  readonly live?: boolean
  readonly quiesce?: boolean
  readonly tree?: boolean
  readonly revertWhileRunning?: boolean
  readonly layered?: boolean
  readonly maxCount: number
  readonly maxDepth: number
}
type Capabilities = Named<'launchRequested'>['facts']['provider']['capabilities']

export function vmSnapshotOffersOf({ vmSnapshot }: Capabilities): VmSnapshotOffers | undefined {
  const { memory, diskOnly, live, quiesce, tree: forks, revertWhileRunning, layered, ...rest } = vmSnapshot
  if (!(memory || diskOnly) || rest.maxCount === 0 || rest.maxDepth === 0) return undefined
  const said = { memory, diskOnly, live, quiesce, tree: forks, revertWhileRunning, layered }
  const offered = Object.fromEntries(Object.entries(said).filter(([, value]) => value))
  return { ...offered, maxCount: rest.maxCount, maxDepth: rest.maxDepth }
}

type Change = Partial<InstanceContext>
type Proposal = Named<'vmSnapshotProposed'>
type Revert = Named<'vmSnapshotRevertProposed'>
type On<E> = { readonly context: InstanceContext; readonly event: E }

const lineageOf = ({ lineage = tree.unbranched }: InstanceContext) => lineage
const offered = ({ offers }: InstanceContext) => offers.vmSnapshots
const isForce = (event: Now['event']) =>
  event.type === 'instance.forceStopRequested' || (event.type === 'instance.stopRequested' && event.data.force === true)
/** Cutting its power takes the place of what is being done, where that is no other word for its end. */
const yields = ({ vmSnapshotTask, offers }: InstanceContext) =>
  vmSnapshotTask?.kind !== 'revert' && offers.preserves === true
const isAfterCloudstack = ({ data: { profile = 'generic' } }: Proposal | Revert) => profile !== 'generic'

// Who may say no

export const vmSnapshotRequirements = {
  noVmSnapshots: ({ context }: Now) => context.lineage === undefined,
  vmSnapshotIdle: ({ context, event }: Now) =>
    context.vmSnapshotTask === undefined || (isForce(event) && yields(context)),
  vmSnapshotsOffered: ({ context }: Now) => offered(context) !== undefined,
  memoryOffered: ({ context, event }: On<Proposal>) =>
    !event.data.memory || !offered(context) || offered(context)?.memory === true,
  disksAloneOffered: ({ context, event }: On<Proposal>) =>
    event.data.memory !== false || !offered(context) || offered(context)?.diskOnly === true,
  disksAloneLive: ({ context, event }: On<Proposal>) =>
    event.data.memory !== false || !offered(context)?.diskOnly || offered(context)?.live === true,
  memoryInUse: ({ event }: On<Proposal>) => !event.data.memory,
  quiesceOffered: ({ context, event }: On<Proposal>) =>
    !event.data.quiesce || !offered(context) || offered(context)?.quiesce === true,
  /** C14, over those in any state. */
  vmSnapshotsFew: ({ context, event }: On<Proposal>) => {
    const { maxCount = Number.POSITIVE_INFINITY } = offered(context) ?? {}
    const most = isAfterCloudstack(event) ? Math.min(maxCount, CLOUDSTACK_MAX) : maxCount
    return Object.keys(lineageOf(context).nodes).length < most
  },
  lineShort: ({ context }: Now) =>
    tree.lineOf(lineageOf(context), lineageOf(context).base).length <
    (offered(context)?.maxDepth ?? Number.POSITIVE_INFINITY),
  /** C7, which the original means to ask and never does. */
  vmSnapshotNameFree: ({ context, event }: On<Proposal>) =>
    isAfterCloudstack(event) || Object.values(lineageOf(context).nodes).every(({ name }) => name !== event.data.name),
  /** Where one platform keeps either disks alone or memory too, and never both for one instance. (2.2.) */
  oneKind: ({ context, event }: On<Proposal>) =>
    event.data.profile !== 'cloudstack-kvm' ||
    Object.values(lineageOf(context).nodes).every(
      ({ memory, status }) => status === 'failed' || memory === event.data.memory,
    ),
  /** R5. */
  stoppedFirst: ({ event }: On<Revert>) => event.data.memory !== false,
  revertLive: ({ context, event }: On<Revert>) => !event.data.memory || offered(context)?.revertWhileRunning === true,
  /** R6, of the original: ours goes on from memory also where nothing runs. */
  startedFirst: ({ event }: { readonly event: Revert }) => !event.data.memory || !isAfterCloudstack(event),
  memoryStartable: ({ context, event }: On<Revert>) => !event.data.memory || context.mode === 'stateful',
  forksOffered: ({ context, event }: On<Revert>) =>
    offered(context)?.tree === true || tree.childrenOf(lineageOf(context), event.data.snapshot).length === 0,
}
export const vmSnapshotChoices = {
  /** Nothing says no, and its guest runs after it. */
  goesOnFromMemory: ({ context, event }: Now) =>
    (event as Revert).data.memory &&
    whileOff.every(name =>
      name === 'stopConfirmed'
        ? !context.unconfirmed
        : vmSnapshotRequirements[name]({ context, event: event as Revert }),
    ),
  /** There is a layer that others are built on, and only that is asked to go. */
  staysHidden: ({ context, event }: Now) => isHiding(context, (event as Named<'vmSnapshotRemovalProposed'>).data),
  expiresHidden: ({ context, event }: Now) =>
    isHiding(context, { ...(event as Named<'vmSnapshotExpired'>).data, subtree: false }),
  vmSnapshotBusy: ({ context }: Now) => context.vmSnapshotTask !== undefined,
  keepingOne: ({ context }: Now) => context.vmSnapshotTask?.kind === 'keep',
  revertingOne: ({ context }: Now) => context.vmSnapshotTask?.kind === 'revert',
  removingOne: ({ context }: Now) => context.vmSnapshotTask?.kind === 'remove',
}
function isHiding(context: InstanceContext, { snapshot, subtree }: { snapshot: string; subtree: boolean }): boolean {
  const lineage = lineageOf(context)
  const isKept = lineage.nodes[snapshot]?.status === 'kept' && context.vmSnapshotTask === undefined
  return isKept && !subtree && offered(context)?.layered === true && tree.dependantsOf(lineage, snapshot) > 1
}

// How its memory changes

const head = ({ context }: Now) => context.vmSnapshotTask!.snapshots[0]!
const lineage = (next: tree.Lineage): Change => ({ lineage: Object.keys(next.nodes).length ? next : undefined })
const proposedOne = ({ event }: Now) => (event as Proposal).data.snapshot

/** All that a removal takes along, each before what it came after. */
const leaving = ({ context, event }: Now): string[] => {
  const { snapshot, subtree = false } = event.data as { snapshot: string; subtree?: boolean }
  return subtree ? tree.subtreeOf(lineageOf(context), snapshot) : [snapshot]
}
/** After one has gone: hidden ones that nothing needs any more go too. */
const afterOne = (now: Now) => {
  const left = tree.removed(lineageOf(now.context), head(now))
  const rest = now.context.vmSnapshotTask!.snapshots.slice(1)
  const more = tree.collapsible(left).filter(each => !rest.includes(each))
  return { left, rest, more }
}
const taskOf = (kind: VmSnapshotTask['kind'], snapshots: readonly string[]): VmSnapshotTask | undefined =>
  snapshots.length ? { kind, snapshots } : undefined

export const vmSnapshotChanges = {
  keepingBegun: (now: Now): Change => {
    const { snapshot, name, memory } = (now.event as Proposal).data
    return {
      ...lineage(tree.begun(lineageOf(now.context), snapshot, name, memory)),
      vmSnapshotTask: { kind: 'keep', snapshots: [snapshot] },
    }
  },
  keptOne: (now: Now): Change => ({
    ...lineage(tree.kept(lineageOf(now.context), head(now))),
    vmSnapshotTask: undefined,
  }),
  keepingFailed: (now: Now): Change => ({
    ...lineage(tree.failed(lineageOf(now.context), head(now))),
    vmSnapshotTask: undefined,
  }),
  revertBegun: ({ event }: Now): Change => {
    const { snapshot, settings } = (event as Revert).data
    return { vmSnapshotTask: { kind: 'revert', snapshots: [snapshot], settings } }
  },
  revertedTo: (now: Now): Change => {
    const after = tree.reverted(lineageOf(now.context), head(now))
    const more = tree.collapsible(after)
    return {
      ...lineage(after),
      generation: (now.event as Named<'vmSnapshotReverted'>).data.generation ?? now.context.generation,
      vmSnapshotTask: taskOf('remove', more),
    }
  },
  settingsRestored: ({ event }: Now): Change => ({ ...(event as Named<'settingsRestored'>).data }),
  revertOver: (): Change => ({ vmSnapshotTask: undefined }),
  hiddenOne: (now: Now): Change => lineage(tree.hidden(lineageOf(now.context), proposedOne(now))),
  removalBegun: (now: Now): Change => ({ vmSnapshotTask: { kind: 'remove', snapshots: leaving(now) } }),
  clearingBegun: ({ context }: Now): Change => ({ vmSnapshotTask: { kind: 'remove', snapshots: everyOne(context) } }),
  removedOne: (now: Now): Change => {
    const { left, rest, more } = afterOne(now)
    return { ...lineage(left), vmSnapshotTask: taskOf('remove', [...rest, ...more]) }
  },
  removalFailed: (now: Now): Change => ({
    vmSnapshotTask: taskOf('remove', now.context.vmSnapshotTask!.snapshots.slice(1)),
  }),
  vmSnapshotTaskLost: ({ context }: Now): Change => {
    if (context.vmSnapshotTask === undefined) return {}
    const [first] = context.vmSnapshotTask.snapshots
    const isKeeping = context.vmSnapshotTask.kind === 'keep'
    return { vmSnapshotTask: undefined, ...(isKeeping && lineage(tree.failed(lineageOf(context), first!))) }
  },
}

// What it asks of its provider

const answers = (done: string, rejected: string) => ({ done: `instance.${done}`, rejected: `instance.${rejected}` })
const volumesOf = ({ devices }: InstanceContext) => Object.values(devices).map(({ volume }) => volume)

const keep = ({ context, event }: Now): Ask => {
  const { provider, generation } = context
  const { snapshot, memory, quiesce } = (event as Proposal).data
  return {
    verb: 'vmSnapshotEnsure',
    provider,
    args: { snapshot, memory, generation, quiesce, volumes: volumesOf(context) },
    answers: answers('vmSnapshotKept', 'vmSnapshotKeepFailed'),
  }
}
const connections = ({ devices }: InstanceContext) =>
  Object.values(devices).map(({ device, volume, root }) => ({ device, volume, root }))
const goBack = (context: InstanceContext, generation: number, run: boolean): Ask => ({
  verb: 'vmSnapshotRevert',
  provider: context.provider,
  args: { snapshot: context.vmSnapshotTask!.snapshots[0]!, generation, run, devices: connections(context) },
  answers: answers('vmSnapshotReverted', 'vmSnapshotRevertFailed'),
})
/** In a launch of its own, which it is in once that is done. */
const revertRunning = ({ context }: Now): Ask => goBack(context, context.generation + 1, true)
/** In the launch that has just been numbered. */
const revertStarting = ({ context }: Now): Ask => goBack(context, context.generation, true)
const revertOff = ({ context, event }: Now): Ask => {
  const { snapshot, settings } = (event as Revert).data
  return goBack(
    { ...context, vmSnapshotTask: { kind: 'revert', snapshots: [snapshot], settings } },
    context.generation,
    false,
  )
}
const remove = ({ provider }: InstanceContext, snapshots: readonly string[]): Ask[] =>
  snapshots.map(snapshot => ({
    verb: 'vmSnapshotDelete',
    provider,
    args: { snapshot },
    answers: answers('vmSnapshotRemoved', 'vmSnapshotRemoveFailed'),
  }))
const removeThem = (now: Now): Ask[] => remove(now.context, leaving(now))
const removeMore = (now: Now): Ask[] => remove(now.context, afterOne(now).more)
const removeSpare = (now: Now): Ask[] =>
  remove(now.context, tree.collapsible(tree.reverted(lineageOf(now.context), head(now))))
/** All of them, each before what it came after. */
const everyOne = (context: InstanceContext): string[] => {
  const { nodes } = lineageOf(context)
  const roots = tree.childrenOf(lineageOf(context), undefined)
  const placed = roots.flatMap(root => tree.subtreeOf(lineageOf(context), root))
  const others = Object.keys(nodes).filter(id => !placed.includes(id))
  return [...others, ...placed]
}
/** Before it is destroyed: a provider may take none of its disks while one keeps them. */
export const removeAll = ({ context }: Now): Ask[] =>
  remove(context, everyOne(context)).map((ask, index) => (index === 0 ? { ...ask, supersedes: true } : ask))

// What it tells them

const tell = (now: Now, event: string, data: object = {}, resource = head(now)): Tell => ({
  resource,
  event: `vm-snapshot.${event}`,
  data: { instance: now.event.resource, ...data },
})
const rootOf = (context: InstanceContext, id: string): string | undefined => {
  const { devices, rootOwner } = context
  if (rootOwner === 'image') return undefined
  if (rootOwner === 'provider') return providerRootName(context, id)
  return Object.values(devices).find(({ root }) => root)?.volume
}
const disksIn = ({ disks = {} }: Named<'vmSnapshotKept' | 'vmSnapshotReverted'>['data']) =>
  Object.entries(disks).map(([volume, { sizeBytes }]) => ({ volume, sizeBytes }))
const tellKept = (now: Now): Tell => {
  const { context, event } = now
  const { base, nodes } = lineageOf(context)
  return tell(now, 'kept', {
    parent: base,
    memoryBytes: nodes[head(now)]!.memory ? context.memoryBytes : 0,
    disks: disksIn((event as Named<'vmSnapshotKept'>).data),
    root: rootOf(context, event.resource),
  })
}
const failureOf = ({ event }: Now) => {
  const { code, message } = (event as Named<'vmSnapshotKeepFailed'>).data
  return { code, message }
}
const tellKeepFailed = (now: Now): Tell => tell(now, 'keepFailed', failureOf(now))
const tellReverted = (now: Now): Tell[] => {
  const spare = tree.collapsible(tree.reverted(lineageOf(now.context), head(now)))
  return [
    tell(now, 'reverted', { disks: disksIn((now.event as Named<'vmSnapshotReverted'>).data) }),
    {
      resource: now.event.resource,
      event: 'instance.settingsRestored',
      data: { ...now.context.vmSnapshotTask!.settings! },
    },
    ...spare.map(each => tell(now, 'removalBegun', {}, each)),
  ]
}
const tellRevertFailed = (now: Now): Tell => tell(now, 'revertFailed', failureOf(now))
const tellHidden = (now: Now): Tell => tell(now, 'hidden', {}, proposedOne(now))
/** The one that was asked for knows it. */
const tellLeaving = (now: Now): Tell[] =>
  leaving(now)
    .filter(each => each !== proposedOne(now))
    .map(each => tell(now, 'removalBegun', {}, each))
const tellDeferred = (now: Now): Tell => tell(now, 'removalDeferred', {}, proposedOne(now))
const tellRemoved = (now: Now): Tell[] => {
  const gone = head(now)
  const { more } = afterOne(now)
  const { nodes } = lineageOf(now.context)
  const children = tree.childrenOf(lineageOf(now.context), gone)
  return [
    tell(now, 'removed'),
    ...children.map(child => tell(now, 'reparented', { parent: nodes[gone]!.parent }, child)),
    ...more.map(each => tell(now, 'removalBegun', {}, each)),
  ]
}
const tellRemoveFailed = (now: Now): Tell => tell(now, 'removeFailed', failureOf(now))
const interrupted = { code: 'interrupted', message: 'its instance was to be stopped or to end, which could not wait' }
const ends = { keep: 'keepFailed', revert: 'revertFailed', remove: 'removeFailed' } as const
/** A call takes the place of the one that was open. */
export const taskLost = (now: Now): Tell[] => {
  const { vmSnapshotTask: task } = now.context
  return task ? task.snapshots.map(each => tell(now, ends[task.kind], interrupted, each)) : []
}
export const lineageGone = (now: Now): Tell[] =>
  Object.keys(lineageOf(now.context).nodes).map(each => tell(now, 'instanceGone', {}, each))

// How it goes

const noTask = ignore('nothing of that kind is being done to its VM snapshots')

/** Whatever it does otherwise: what was asked for is answered. */
export const vmSnapshotsAnswered = {
  'instance.settingsRestored': { actions: 'settingsRestored' },
  'instance.vmSnapshotKept': [
    { guard: 'keepingOne', actions: [{ type: 'tell', params: tellKept }, 'keptOne'] },
    noTask,
  ],
  'instance.vmSnapshotKeepFailed': [
    { guard: 'keepingOne', actions: [{ type: 'tell', params: tellKeepFailed }, 'keepingFailed'] },
    noTask,
  ],
  'instance.vmSnapshotReverted': [
    {
      guard: 'revertingOne',
      actions: [{ type: 'tell', params: tellReverted }, { type: 'ask', params: removeSpare }, 'revertedTo'],
    },
    noTask,
  ],
  'instance.vmSnapshotRevertFailed': [
    { guard: 'revertingOne', actions: [{ type: 'tell', params: tellRevertFailed }, 'revertOver'] },
    noTask,
  ],
  'instance.vmSnapshotRemoved': [
    {
      guard: 'removingOne',
      actions: [{ type: 'tell', params: tellRemoved }, { type: 'ask', params: removeMore }, 'removedOne'],
    },
    noTask,
  ],
  'instance.vmSnapshotRemoveFailed': [
    { guard: 'removingOne', actions: [{ type: 'tell', params: tellRemoveFailed }, 'removalFailed'] },
    noTask,
  ],
} as const

/** It may go whatever the guest does, and does not. */
export const removals = {
  'instance.vmSnapshotRemovalProposed': [
    {
      guard: 'staysHidden',
      actions: [{ type: 'tell', params: tellHidden }, 'hiddenOne'],
    },
    {
      guard: needs('vmSnapshotIdle'),
      actions: [{ type: 'tell', params: tellLeaving }, { type: 'ask', params: removeThem }, 'removalBegun'],
    },
  ],
  'instance.vmSnapshotExpired': [
    { guard: 'expiresHidden', actions: [{ type: 'tell', params: tellHidden }, 'hiddenOne'] },
    { guard: 'vmSnapshotBusy', actions: { type: 'tell', params: tellDeferred } },
    { actions: [{ type: 'ask', params: removeThem }, 'removalBegun'] },
  ],
} as const
/** Where nothing can be asked for now. */
export const expiringLater = {
  'instance.vmSnapshotExpired': { actions: { type: 'tell', params: tellDeferred } },
} as const

const keeping = {
  actions: [{ type: 'ask', params: keep }, 'keepingBegun'],
} as const
const always = ['vmSnapshotsOffered', 'memoryOffered', 'disksAloneOffered', 'quiesceOffered'] as const
const room = ['vmSnapshotsFew', 'lineShort', 'vmSnapshotNameFree', 'oneKind', 'vmSnapshotIdle'] as const

const whileOff = ['startedFirst', 'memoryStartable', 'forksOffered', 'vmSnapshotIdle', 'stopConfirmed'] as const

export const keepableWhileRunning = {
  'instance.vmSnapshotProposed': {
    guard: needs(...always, 'disksAloneLive', 'rootAttached', ...room, 'connectionsSettled', 'notCapturing'),
    ...keeping,
  },
  'instance.vmSnapshotRevertProposed': {
    guard: needs('stoppedFirst', 'revertLive', 'forksOffered', 'vmSnapshotIdle', 'connectionsSettled', 'notCapturing'),
    target: '.reverting',
    actions: 'revertBegun',
  },
  ...removals,
  ...vmSnapshotsAnswered,
} as const
export const keepableWhileOff = {
  'instance.vmSnapshotProposed': {
    guard: needs(...always, 'memoryInUse', 'rootAttached', ...room, 'stopConfirmed'),
    ...keeping,
  },
  'instance.vmSnapshotRevertProposed': [
    { guard: 'goesOnFromMemory', target: 'pending.revertingToMemory', actions: ['restarted', 'revertBegun'] },
    { guard: needs(...whileOff), actions: [{ type: 'ask', params: revertOff }, 'revertBegun'] },
  ],
  ...removals,
  ...vmSnapshotsAnswered,
} as const

/** All of them go, and it waits for each. */
export const clearing = {
  tellBegun: (now: Now): Tell[] => everyOne(now.context).map(each => tell(now, 'removalBegun', {}, each)),
  ask: removeAll,
  removed: [{ type: 'tell', params: tellRemoved }, 'removedOne'],
  failed: [{ type: 'tell', params: tellRemoveFailed }, 'removalFailed'],
} as const

const onPurpose = ignore('it is being taken back: the open call will say what became of it')
/** Within `running`: it goes on from there. */
export const reverting = {
  tags: 'working',
  entry: { type: 'ask', params: revertRunning },
  on: {
    'instance.vmSnapshotReverted': {
      target: 'steady',
      actions: [{ type: 'tell', params: tellReverted }, { type: 'ask', params: removeSpare }, 'revertedTo', 'cameUp'],
    },
    'instance.vmSnapshotRevertFailed': {
      target: 'steady',
      actions: [{ type: 'tell', params: tellRevertFailed }, 'revertOver'],
    },
    'instance.poweredOff': onPurpose,
    'instance.vanished': onPurpose,
    'instance.missingGraceDue': onPurpose,
    'instance.started': onPurpose,
    'instance.externallyStarted': onPurpose,
    'instance.externallySuspended': onPurpose,
    ...late.steady,
  },
} as const
/** Within `pending`: it was off, and goes on from its memory. */
export const revertingToMemory = {
  id: 'revertingToMemory',
  tags: 'working',
  entry: { type: 'ask', params: revertStarting },
  on: {
    'instance.vmSnapshotReverted': {
      target: '#running',
      actions: [{ type: 'tell', params: tellReverted }, { type: 'ask', params: removeSpare }, 'revertedTo', 'cameUp'],
    },
    'instance.vmSnapshotRevertFailed': {
      target: '#stopped',
      actions: [{ type: 'tell', params: tellRevertFailed }, 'revertOver', 'failed'],
    },
    'instance.poweredOff': onPurpose,
  },
} as const
