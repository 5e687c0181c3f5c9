/** What callers ask: commands of all kinds, in batches, with tokens used again, stale versions, and ids of others. */
import type { CommandInput } from '../../src/runtime/request.ts'
import { visibleOf } from './fold.ts'
import type { Random } from './random.ts'
import { OPERATOR, pools, type Scenery, tenants } from './setup.ts'
import { GIB } from './shape.ts'
import type { Request } from './submission.ts'
import { toImage, toKeyPair, toSnapshot } from './workload-images.ts'
import { toSchedule } from './workload-schedules.ts'
import { takenAndMore, toVmSnapshot } from './workload-vm-snapshots.ts'
import type { World } from './world.ts'

export interface Workload {
  readonly world: World
  readonly scenery: Scenery
  readonly random: Random
}

const idsOf = ({ fold }: World, kind: string, account: string): string[] =>
  [...fold.resources.values()].filter(each => each.kind === kind && each.account === account).map(({ id }) => id)

/** What is alive and new is drawn more often, so that a few lives become long and eventful. */
export function someId({ world, random }: Workload, kind: string, account: string): string | undefined {
  const all = idsOf(world, kind, account)
  const alive = all.filter(id => !world.replay.is(id, 'terminal'))
  const ids = alive.length > 0 && random.chance(0.9) ? alive : all
  if (ids.length === 0) return undefined
  return random.chance(0.7) ? ids[Math.max(0, ids.length - 1 - random.below(3))] : random.pick(ids)
}

type Weights = Readonly<Record<string, number>>
/** What suits a state a reader sees; three commands in four are drawn from it, the others from all. */
const suited: Readonly<Record<string, Readonly<Record<string, Weights>>>> = {
  instance: {
    pending: { terminate: 1, stop: 2, modify: 1, tag: 0.2 },
    running: { stop: 5, reboot: 2, suspend: 3, terminate: 1, modify: 2, tag: 0.3, untag: 0.2 },
    suspending: { suspend: 1, terminate: 1, modify: 1 },
    suspended: { resume: 4, start: 2, terminate: 1, modify: 1 },
    stopping: { stop: 3, terminate: 2, modify: 1 },
    stopped: { start: 6, terminate: 1, modify: 2, untag: 0.2 },
    'shutting-down': { terminate: 1, recover: 1 },
    recoverable: { recover: 4, terminate: 1, start: 1 },
  },
  volume: {
    available: { attach: 6, modify: 3, delete: 1, tag: 0.3, untag: 0.2 },
    'in-use': { detach: 5, modify: 4, tag: 0.3 },
    error: { delete: 1, tag: 0.2 },
  },
  snapshot: { pending: { delete: 1, tag: 1 }, completed: { delete: 2, tag: 1, untag: 1 }, error: { delete: 1 } },
  image: {
    pending: { modify: 1, tag: 1 },
    available: { deregister: 2, share: 1, modify: 1, untag: 1 },
    failed: { deregister: 1, tag: 1 },
  },
}
const unsuited = {
  instance: { start: 4, stop: 5, reboot: 2, suspend: 1, resume: 1, terminate: 2, modify: 2, tag: 0.5, untag: 0.5 },
  volume: { attach: 5, detach: 4, modify: 2, delete: 3, tag: 0.5, untag: 0.5 },
  snapshot: { delete: 3, tag: 1, untag: 1 },
  image: { deregister: 2, share: 2, modify: 2, tag: 1, untag: 1 },
}
const tagOf = (random: Random) => ({ key: random.pick(['role', 'stage']), value: random.pick(['', 'test', 'live']) })
export function tagInput(random: Random, command: string): unknown {
  const { key, value } = tagOf(random)
  if (command === 'tag') return { tags: { [key]: value } }
  return { tags: [random.chance(0.5) ? { key } : { key, value }] }
}
export function someVerb({ world, random }: Workload, kind: keyof typeof unsuited, id: string): string {
  const weights = suited[kind]?.[visibleOf(world.fold.resources.get(id)!.state)]
  return random.weighted<string>(weights && random.chance(0.75) ? weights : unsuited[kind])
}

const devices = ['/dev/sdf', 'sdg', 'xvdf', '/dev/sda1', 'nonsense']

/** Nobody may read it anywhere but in the history. */
export const USER_DATA = 'user-data-canary'

function launch(workload: Workload, account: string): CommandInput {
  const { random, scenery } = workload
  const blockDevices = random.chance(0.3)
    ? [
        {
          device: random.pick(['/dev/sdc', '/dev/sdd', '/dev/sda1']),
          sizeBytes: GIB * random.between(1, 3),
          deleteOnTermination: random.chance(0.5),
        },
      ]
    : []
  const input = {
    image: random.pick([
      scenery.publicImage,
      scenery.images[account]!,
      random.pick(scenery.builtFor[account]!),
      someId(workload, 'image', account) ?? 'img-0',
    ]),
    type: random.pick(['small', 'large']),
    blockDevices,
    userData: USER_DATA,
    ...(random.chance(0.4) ? { mode: random.pick(['stateless', 'stateful', 'auto']) } : {}),
    ...(random.chance(0.3) ? { onMismatch: random.pick(['warn', 'warn', 'refuse']) } : {}),
    ...(random.chance(0.1) ? { rootPolicy: 'direct' } : {}),
    ...(random.chance(0.2) ? { shutdownBehaviour: random.pick(['stop', 'terminate']) } : {}),
    ...(random.chance(0.2) ? { tags: { role: 'web' }, volumeTags: { role: 'disk' } } : {}),
    ...(random.chance(0.1) ? { terminationProtection: true } : {}),
    ...(random.chance(0.2) ? { zone: 'b' } : {}),
    ...(random.chance(0.15) ? { recoverableForMs: random.pick([0, 60_000, 3_600_000]) } : {}),
  }
  return { kind: 'instance', command: 'launch', input }
}

/** On a disk of one's own: mostly one that was cloned from an image for that. */
function launchOn(workload: Workload, account: string): CommandInput | undefined {
  const { random, scenery } = workload
  const rootVolume = someId(workload, 'volume', account)
  if (rootVolume === undefined) return undefined
  const image = random.chance(0.3) ? scenery.images[account] : undefined
  const input = { rootVolume, image, type: 'small', ...(random.chance(0.2) ? { zone: 'b' } : {}) }
  return { kind: 'instance', command: 'launch', input }
}

function toInstance(workload: Workload, account: string): CommandInput | undefined {
  const { random } = workload
  const id = someId(workload, 'instance', account)
  if (id === undefined) return undefined
  const command = someVerb(workload, 'instance', id)
  const modify = () =>
    random.pick<object>([
      { terminationProtection: random.chance(0.3) },
      { stopProtection: random.chance(0.2) },
      { shutdownBehaviour: random.pick(['stop', 'terminate']) },
      { recoverableForMs: random.pick([0, 60_000, 3_600_000, 3_600_000]) },
      { recoverableForMs: 86_400_000 },
      { deleteOnTermination: { [random.pick(['/dev/sda1', 'sdb', 'sdf'])]: random.chance(0.5) } },
      { type: random.pick(['small', 'large']) },
      { userData: USER_DATA, ebsOptimized: random.chance(0.5) },
      { annotations: { 'ec2/note': random.pick([null, 'x']) } },
    ])
  if (command === 'tag' || command === 'untag')
    return { kind: 'instance', command, id, input: tagInput(random, command) }
  if (command === 'terminate') return { kind: 'instance', command, id, input: ending(random) }
  const input = command === 'modify' ? modify() : command === 'stop' && random.chance(0.3) ? { force: true } : undefined
  return { kind: 'instance', command, id, input }
}

const ending = (random: Random) => ({
  ...(random.chance(0.2) ? { expunge: true } : {}),
  ...(random.chance(0.3) ? { profile: random.pick(['cloudstack-kvm', 'cloudstack-vmware']) } : {}),
})

function cloneImage(workload: Workload, account: string): CommandInput {
  const { random, scenery } = workload
  const own = someId(workload, 'image', account) ?? scenery.publicImage
  const image = random.pick([scenery.publicImage, scenery.images[account]!, own])
  const sizeBytes = random.chance(0.3) ? GIB * random.between(1, 4) : undefined
  return { kind: 'volume', command: 'create', input: { image, sizeBytes } }
}

function createVolume(workload: Workload, account: string): CommandInput {
  const { random } = workload
  const snapshot = random.chance(0.5) ? someId(workload, 'snapshot', account) : undefined
  const sizeBytes = snapshot === undefined || random.chance(0.5) ? GIB * random.between(1, 4) : undefined
  const volumeType = random.pick([undefined, undefined, 'gp2', 'gp3'])
  const encrypted = random.chance(0.2) ? true : undefined
  if (random.chance(0.3)) return cloneImage(workload, account)
  return { kind: 'volume', command: 'create', input: { sizeBytes, snapshot, volumeType, encrypted } }
}

/** Mostly to a snapshot of its own. */
function takeBack(workload: Workload, account: string): CommandInput | undefined {
  const { world, random } = workload
  const snapshot = someId(workload, 'snapshot', account)
  if (snapshot === undefined) return undefined
  const { volume } = world.replay.snapshots.get(snapshot)!.context as { volume?: string }
  const id = random.chance(0.9) ? volume : someId(workload, 'volume', account)
  const isOurs = id !== undefined && world.fold.resources.get(id)?.account === account
  return isOurs ? { kind: 'volume', command: 'revert', id, input: { snapshot } } : undefined
}

function toVolume(workload: Workload, account: string): CommandInput | undefined {
  const { random } = workload
  if (random.chance(0.3)) return createVolume(workload, account)
  if (random.chance(0.15)) return takeBack(workload, account)
  const id = someId(workload, 'volume', account)
  if (id === undefined) return undefined
  const command = someVerb(workload, 'volume', id)
  const instance = someId(workload, 'instance', account)
  const inputs: Record<string, unknown> = {
    attach: { instance, device: random.pick(devices) },
    detach: random.chance(0.3) ? { force: true } : {},
    modify: random.pick<object>([
      { sizeBytes: GIB * random.between(1, 8) },
      { sizeBytes: GIB * random.between(1, 8) },
      { volumeType: random.pick(['gp2', 'gp3']) },
      { volumeType: 'gp3', iops: random.pick([3000, 4000]), sizeBytes: GIB * random.between(1, 8) },
      { sizeBytes: 65 * GIB },
    ]),
    tag: tagInput(random, 'tag'),
    untag: tagInput(random, 'untag'),
  }
  return command === 'attach' && instance === undefined
    ? undefined
    : { kind: 'volume', command, id, input: inputs[command] }
}

function someCommand(workload: Workload, account: string): CommandInput {
  const { random } = workload
  const count = idsOf(workload.world, 'instance', account).filter(
    id => !workload.world.replay.is(id, 'terminal'),
  ).length
  const { images } = workload.world.options.shape
  const drawn = random.weighted({
    launch: count > 2 ? 0.3 : 3,
    launchOn: count > 2 ? 0.3 : 1.5,
    instance: 6,
    volume: 5,
    snapshot: 1.5 * images,
    image: 3 * images,
    key: 0.3,
    vmSnapshot: 1.5 * images,
    schedule: 0.4 * images,
  })
  const draw = {
    launch,
    launchOn,
    instance: toInstance,
    volume: toVolume,
    snapshot: toSnapshot,
    image: toImage,
    key: toKeyPair,
    vmSnapshot: toVmSnapshot,
    schedule: toSchedule,
  }
  return draw[drawn](workload, account) ?? launch(workload, account)
}

/** A command of another tenant's resource. The answer must be as if it had never existed. */
function trespass(workload: Workload, account: string): CommandInput | undefined {
  const { random, world } = workload
  const other = random.pick(tenants.filter(each => each !== account))
  const theirs = { world, random, scenery: workload.scenery }
  const command = random.pick([toInstance, toVolume, toSnapshot, toImage])(theirs, other) ?? toVolume(theirs, other)
  return command?.id === undefined ? undefined : command
}

/** The next thing a tenant asks. */
export function someRequest(workload: Workload, tenantCount: number): Request {
  const { random, world } = workload
  const account = random.pick(tenants.slice(0, tenantCount))
  const number = world.submissions.length + 1
  const token = random.chance(0.6) ? `token-${number}` : undefined
  const dryRun = random.chance(0.05)
  if (random.chance(0.05)) {
    const command = trespass(workload, account)
    if (command) return { account, commands: [command], token, dryRun }
  }
  if (random.chance(0.03))
    return {
      account: OPERATOR,
      authority: 'operator',
      commands: [random.chance(0.6) ? housekeeping(workload) : someCommand(workload, account)],
      token,
    }
  if (random.chance(0.03)) {
    const id = someId(workload, 'instance', account)
    const forced = { kind: 'instance', command: 'forceStop', id }
    if (id !== undefined) return { account: OPERATOR, authority: 'operator', commands: [forced], token }
  }
  if (random.chance(world.options.shape.pooled ? 0.08 : 0.01)) {
    const command = moveVolume(workload, account)
    if (command) return { account: OPERATOR, authority: 'operator', commands: [command], token }
  }
  if (random.chance(0.04)) {
    const command = givingUp(workload, account)
    if (command) return { account: OPERATOR, authority: 'operator', commands: [command], token }
  }
  if (random.chance(0.03)) {
    const commands = takenAndMore(workload, account)
    if (commands) return { account, commands, token, dryRun }
  }
  const size = random.chance(0.2) ? random.between(2, 4) : 1
  const commands = Array.from({ length: size }, () => versioned(workload, someCommand(workload, account)))
  return { account, commands, token, dryRun }
}

/** To another pool: an operator's word too. */
function moveVolume(workload: Workload, account: string): CommandInput | undefined {
  const { random } = workload
  const id = someId(workload, 'volume', account)
  const input = {
    pool: random.pick([undefined, ...pools, 'nowhere']),
    ...(random.chance(0.2) ? { profile: 'cloudstack-vmware' } : {}),
  }
  return id === undefined ? undefined : { kind: 'volume', command: 'migrate', id, input }
}

/** Something that is being ended and does not go is given up: an instance, what is owed after it, or a thing by itself. */
function givingUp({ world, random }: Workload, account: string): CommandInput | undefined {
  const ending = [...world.fold.resources.values()].filter(
    ({ account: owner, state }) => owner === account && /^(shutting-down|deleting)/.test(state),
  )
  if (ending.length === 0) return undefined
  const { id, kind } = random.pick(ending)
  const { owed = [] } = world.replay.snapshots.get(id)!.context as { owed?: readonly { id: string }[] }
  const item = owed.length > 0 && random.chance(0.9) ? random.pick(owed).id : id
  return { kind, command: 'abandonCleanup', id, ...(kind === 'instance' && { input: { item } }) }
}

/** What only operators do, and what ends for good: rarely, or nothing else would happen. */
function housekeeping({ random, scenery }: Workload): CommandInput {
  const drawn = random.weighted({ suspend: 2, resume: 4, close: 0.3, retire: 0.3, deregister: 0.5 })
  if (drawn === 'retire') return { kind: 'offering', command: 'retire', id: 'offering/large' }
  if (drawn === 'deregister') {
    const images = [scenery.publicImage, ...Object.values(scenery.images)]
    return { kind: 'image', command: 'deregister', id: random.pick(images) }
  }
  return { kind: 'account', command: drawn, id: `account/${random.pick(tenants.slice(0, 2))}` }
}

/** Some callers say which version they have seen; some of those have seen an old one. */
function versioned({ random, world }: Workload, command: CommandInput): CommandInput {
  if (command.id === undefined || !random.chance(0.1)) return command
  const version = world.fold.resources.get(command.id)!.version
  return { ...command, expectedVersion: Math.max(1, version - (random.chance(0.4) ? 1 : 0)) }
}

/** An earlier request with a token once more: the same, or (one time in four) another one under its token. */
export function repeated({ random, world }: Workload, isLost: boolean): Request | undefined {
  const known = world.submissions.filter(({ token, outcome }) => token !== undefined && (!isLost || outcome === 'lost'))
  if (known.length === 0) return undefined
  const { account, authority, commands, token } = known[Math.max(0, known.length - 1 - random.below(6))]!
  const isOther = !isLost && random.chance(0.25)
  return { account, authority, token, commands: isOther ? [...commands, ...commands] : commands }
}

const instancesIn = ({ fold }: World, wanted: string): string[] =>
  [...fold.resources.values()]
    .filter(({ kind, state }) => kind === 'instance' && visibleOf(state) === wanted)
    .map(({ id }) => id)
/** Instances whose guest may end by itself, and those whose memory may be lost. */
export const running = (world: World): string[] => instancesIn(world, 'running')
export const suspended = (world: World): string[] => instancesIn(world, 'suspended')
export const stopped = (world: World): string[] => instancesIn(world, 'stopped')
