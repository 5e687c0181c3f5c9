/**
 * Canonical stories of one caller, for crashes at every seam: what is asked, in order, each after the last has settled.
 * (spec: reliability R2, R3.)
 */
import { capabilities } from '../../src/drivers/capabilities.ts'
import type { CommandInput } from '../../src/runtime/request.ts'
import { type ProviderClass, providerClasses, providerClassNames } from './provider.ts'
import type { Scenery } from './setup.ts'
import { GIB, type Shape } from './shape.ts'

/** Ids of what the story has made so far, by the name it gave them. */
export type Cast = Readonly<Record<string, string>>
export interface Chapter {
  /** What is asked, given who is there already. */
  readonly ask: (cast: Cast, scenery: Scenery) => CommandInput
  /** Name under which the result's id is known afterwards. */
  readonly as?: string
  /** The next chapter begins at once, not after everything has settled. */
  readonly atOnce?: boolean
  /** Who asks is an operator. */
  readonly byOperator?: boolean
}
export interface Scenario {
  readonly name: string
  /** Of the seams around statements, only each so many-th. */
  readonly every?: number
  /** What is otherwise than calm in the world it is told in. */
  readonly world?: Partial<Shape>
  /** Told without crashes. */
  readonly before: readonly Chapter[]
  /** Told with a crash somewhere. */
  readonly story: readonly Chapter[]
}

const account = 'ant'
const of = (kind: string, command: string, name: string, input?: (cast: Cast) => unknown): Chapter => ({
  ask: cast => ({ kind, command, id: cast[name]!, input: input?.(cast) }),
})
const launch: Chapter = {
  as: 'instance',
  ask: (_, { images }) => ({ kind: 'instance', command: 'launch', input: { image: images[account]!, type: 'small' } }),
}
const create: Chapter = { as: 'volume', ask: () => ({ kind: 'volume', command: 'create', input: { sizeBytes: GIB } }) }
const halt = of('instance', 'stop', 'instance')
const start = of('instance', 'start', 'instance')
const suspend = of('instance', 'suspend', 'instance')
const resume = of('instance', 'resume', 'instance')
const reboot = of('instance', 'reboot', 'instance')
const terminate = of('instance', 'terminate', 'instance')
const keepable = of('instance', 'modify', 'instance', () => ({ recoverableForMs: 3_600_000 }))
const recover = of('instance', 'recover', 'instance')
const expunge = of('instance', 'terminate', 'instance', () => ({ expunge: true }))
const attach = of('volume', 'attach', 'volume', ({ instance }) => ({ instance, device: '/dev/sdf' }))
const detach = of('volume', 'detach', 'volume')
const resize = of('volume', 'modify', 'volume', () => ({ sizeBytes: 2 * GIB }))
const retype = of('volume', 'modify', 'volume', () => ({ volumeType: 'gp3' }))
const remove = of('volume', 'delete', 'volume')
const image: Chapter = {
  as: 'image',
  ask: ({ instance }) => ({ kind: 'image', command: 'create', input: { instance, name: 'golden' } }),
}
const snapshot: Chapter = {
  as: 'snapshot',
  ask: ({ volume }) => ({ kind: 'snapshot', command: 'create', input: { volume } }),
}
const revert = of('volume', 'revert', 'volume', ({ snapshot }) => ({ snapshot }))
const migrate: Chapter = { ...of('volume', 'migrate', 'volume', () => ({})), byOperator: true }
const group: Chapter = {
  as: 'group',
  ask: ({ instance }) => ({ kind: 'snapshot-group', command: 'create', input: { instance } }),
}
const schedule: Chapter = {
  as: 'schedule',
  ask: ({ volume }) => ({
    kind: 'schedule',
    command: 'create',
    input: { target: { kind: 'volume', volume }, when: { every: 'day', hour: 3, minute: 0 }, keep: { count: 1 } },
  }),
}
const run = of('schedule', 'run', 'schedule')
const endSchedule = of('schedule', 'delete', 'schedule')
const copy: Chapter = {
  as: 'copy',
  ask: ({ image }) => ({ kind: 'image', command: 'copy', input: { image, name: 'copy' } }),
}
const deregister = of('image', 'deregister', 'image')
const keep = (as: string): Chapter => ({
  as,
  ask: ({ instance }) => ({ kind: 'vm-snapshot', command: 'create', input: { instance, memory: true } }),
})
const goBack = of('vm-snapshot', 'revert', 'first')
const forget = of('vm-snapshot', 'delete', 'first')
const forgetAll = of('vm-snapshot', 'delete', 'first', () => ({ subtree: true }))
const atOnce = (chapter: Chapter): Chapter => ({ ...chapter, atOnce: true })

/** Lives of instances. */
export const instanceStories: readonly Scenario[] = [
  { name: 'launch', before: [], story: [launch] },
  { name: 'stop', before: [launch], story: [halt] },
  { name: 'start', before: [launch, halt], story: [start] },
  { name: 'suspend', before: [launch], story: [suspend] },
  { name: 'resume', before: [launch, suspend], story: [resume] },
  { name: 'restart by stopping and starting', world: { reboot: false }, before: [launch], story: [reboot] },
  { name: 'terminate', before: [launch], story: [terminate] },
  { name: 'terminate while suspending', before: [launch], story: [atOnce(suspend), terminate] },
  {
    name: 'terminate what is suspended and must be off first',
    world: { careful: true },
    before: [launch, suspend],
    story: [terminate],
  },
  { name: 'terminate what must be off first', world: { careful: true }, before: [launch], story: [terminate] },
  { name: 'terminate while launching', before: [], story: [atOnce(launch), terminate] },
  { name: 'terminate while stopping', before: [launch], story: [atOnce(halt), terminate] },
  { name: 'terminate and recover', before: [launch, keepable], story: [terminate, recover, start] },
  {
    name: 'terminate what keeps VM snapshots, and expunge it',
    before: [launch, keepable, keep('first')],
    story: [terminate, expunge],
  },
]

/** Volumes, and the snapshots that are taken of them. */
export const volumeStories: readonly Scenario[] = [
  { name: 'create and delete a volume', before: [], story: [create, remove] },
  { name: 'attach', before: [launch, create], story: [attach] },
  { name: 'detach', before: [launch, create, attach], story: [detach] },
  { name: 'delete a volume of which a snapshot is taken', before: [create], story: [atOnce(snapshot), remove] },
  { name: 'resize', before: [create], story: [resize] },
  { name: 'take a volume back', before: [create, snapshot, resize], story: [revert] },
  { name: 'delete a volume that is taken back', before: [create, snapshot], story: [atOnce(revert), remove] },
  {
    name: 'take a volume of a stopped instance back',
    before: [launch, create, attach, snapshot, halt],
    story: [revert],
  },
  { name: 'move a volume', world: { pooled: true }, before: [create], story: [migrate] },
  {
    name: 'delete a volume that is moved',
    world: { pooled: true },
    before: [create],
    story: [atOnce(migrate), remove],
  },
  {
    name: 'terminate while a volume is moved',
    world: { pooled: true },
    before: [launch, create, attach],
    story: [atOnce(migrate), terminate],
  },
  {
    name: 'start what is off for a volume that is moved',
    world: { pooled: true, migrate: 'offline' },
    before: [launch, create, attach, halt],
    story: [migrate, start],
  },
  { name: 'snapshots at one moment', before: [launch, create, attach], story: [group] },
  {
    name: 'a run of a schedule that lets the one before go',
    before: [create, schedule, run],
    story: [run, endSchedule],
  },
  { name: 'change of type', world: { optimizeMs: 90_000 }, before: [create], story: [retype] },
]

/** What is taken of whole instances: images, and VM snapshots. */
export const imageStories: readonly Scenario[] = [
  { name: 'image of a running guest', before: [launch, create, attach], story: [image] },
  { name: 'terminate while an image is made', before: [launch], story: [atOnce(image), terminate] },
  { name: 'copy of an image that goes', before: [launch, halt, image], story: [atOnce(copy), deregister] },
  { name: 'VM snapshot', before: [launch, create, attach], story: [keep('first')] },
  { name: 'fork of VM snapshots', before: [launch, keep('first'), keep('second')], story: [goBack, forget] },
  { name: 'end of a subtree', before: [launch, keep('first'), keep('second')], story: [forgetAll] },
  {
    name: 'terminate while a VM snapshot is taken',
    before: [launch, keep('first')],
    story: [atOnce(keep('second')), terminate],
  },
]

const classStory = (providerClass: ProviderClass): readonly Chapter[] => {
  const { stop } = capabilities(providerClasses[providerClass])
  return stop === 'preserves' ? [launch, halt, start, terminate] : [launch, terminate]
}
/** A life at each class of provider: whoever makes the root, the same comes of it. */
export const classStories: readonly Scenario[] = providerClassNames.map(providerClass => ({
  name: `a life at class ${providerClass}`,
  world: { providerClass },
  every: 7,
  before: [],
  story: classStory(providerClass),
}))
