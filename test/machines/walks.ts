/** Random lives of a few instances and volumes: what is done to them, and what they came to want. */
import fc from 'fast-check'
import { kinds } from '../../machines/index.ts'
import { type ImageDeed, imageAct, imageDeeds } from './image-walks.ts'
import { type KeepingDeed, keepingAct, keepingDeeds } from './keeping-walks.ts'
import { type RecoveryDeed, recoveryAct, recoveryDeeds } from './recovery-walks.ts'
import { type VmSnapshotDeed, vmSnapshotAct, vmSnapshotDeeds } from './vm-snapshot-walks.ts'
import { able, furnished, GiB, type KindName, Refused, type Resource, type World } from './world.ts'

type Input = Record<string, unknown>
/** One thing done to the world; `pick` and `other` choose among what exists. */
export interface Deed {
  readonly what: (typeof deeds)[number] | typeof surrender
  readonly pick: number
  readonly other: number
}
const deeds = [
  'launch',
  'start',
  'stop',
  'forceStop',
  'reboot',
  'suspend',
  'resume',
  'markStopped',
  'hang',
  'loseMemory',
  'beginOutside',
  'suspendOutside',
  'confirmStopped',
  'terminate',
  'protect',
  'unprotect',
  'keepDisks',
  'growType',
  'createVolume',
  'cloneImage',
  'launchOn',
  'attach',
  'detach',
  'detach',
  'resize',
  'retype',
  'optimize',
  'tag',
  'untag',
  'annotate',
  'lose',
  'deleteVolume',
  'answer',
  'createdStopped',
  'reject',
  'reject',
  'reject',
  'fire',
  'powerOff',
  'vanish',
  'recover',
  'stall',
  'goOn',
  'echo',
  ...imageDeeds,
  ...keepingDeeds,
  ...vmSnapshotDeeds,
  ...recoveryDeeds,
] as const
/** What only an operator does: it ends what others expect to be cleaned up. */
const surrender = 'abandon'

export const deed: fc.Arbitrary<Deed> = fc.record({
  // Most of what happens is an answer, or nothing would ever come to be.
  what: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...deeds) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...([
          'launch',
          'createVolume',
          'cloneImage',
          'launchOn',
          'attach',
          'attach',
          'start',
          'suspend',
          'quietImage',
          'keepMachine',
          'revertMachine',
          'snapshot',
          'terminate',
          'quietImage',
          'makeSchedule',
          'runSchedule',
          'runSchedule',
        ] as const),
      ),
    },
    { weight: 4, arbitrary: fc.constant('answer' as const) },
  ),
  pick: fc.nat(7),
  other: fc.nat(7),
})

export const deedOrSurrender: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 12, arbitrary: deed },
  { weight: 1, arbitrary: fc.record({ what: fc.constant(surrender), pick: fc.nat(7), other: fc.nat(7) }) },
)

const among = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)]

const echoes = [
  'started',
  'stopped',
  'poweredOff',
  'vanished',
  'suspended',
  'memoryLost',
  'externallyStarted',
  'externallySuspended',
  'stalled',
  'recovered',
]
/** Its provider shows it, with this status and of the launch that is known. */
export function show(world: World, instance: string, status: string, said: Input = {}): string | undefined {
  const { state, context } = world.get(instance)
  const facts = { status, ...said } as { readonly [key: string]: string }
  const asked = (world.asks.get(instance) ?? []).length > 0
  const seen = { exists: 'yes', facts, generation: context.generation, asked } as const
  const news = kinds.instance.observed(seen, context, state)
  if (news) world.report(instance, `instance.${news.event}`, news.data)
  return news?.event
}

/** Does one deed; a refusal is an outcome like any other. Returns what was reported, if anything. */
export function act(world: World, image: string, { what, pick, other }: Deed): { echo: string } | undefined {
  if (imageDeeds.includes(what as ImageDeed)) {
    imageAct(world, what as ImageDeed, pick, other)
    return
  }
  if (keepingDeeds.includes(what as KeepingDeed)) {
    keepingAct(world, what as KeepingDeed, pick, other)
    return
  }
  if (vmSnapshotDeeds.includes(what as VmSnapshotDeed)) {
    vmSnapshotAct(world, what as VmSnapshotDeed, pick, other)
    return
  }
  if (recoveryDeeds.includes(what as RecoveryDeed)) {
    recoveryAct(world, what as RecoveryDeed, pick, other)
    return
  }
  const instance = among(world.idsOf('instance'), pick)
  const volume = among(world.idsOf('volume'), other)
  const ask = (kind: KindName, name: string, id: string | undefined, input: Input = {}) => {
    try {
      world.request(kind, name, id, input)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
    }
  }
  const asked = among(
    [...world.asks].filter(([, open]) => open.length).map(([id]) => id),
    pick + other,
  )
  const generation = instance ? world.get(instance).context.generation : 0
  if (what === 'launch' && world.idsOf('instance').length < 4) {
    const shutdownBehaviour = other % 2 ? 'stop' : 'terminate'
    const less = [{ device: '/dev/sdb', noDevice: true }]
    const blockDevices = other > 3 ? [{ device: 'sdc', sizeBytes: GiB }] : other === 3 ? less : []
    const mode = pick > 5 ? 'stateless' : 'auto'
    const how = mode === 'auto' ? { shutdownBehaviour } : { onMismatch: other % 2 ? 'warn' : 'refuse' }
    ask('instance', 'launch', undefined, { image, type: 'small', blockDevices, mode, ...how })
  }
  if (what === 'createVolume' && world.idsOf('volume').length < 12)
    ask('volume', 'create', undefined, { sizeBytes: GiB, zone: pick === 7 ? 'b' : 'a' })
  if (what === 'cloneImage' && world.idsOf('volume').length < 12) ask('volume', 'create', undefined, { image })
  if (what === 'launchOn' && volume && world.idsOf('instance').length < 4)
    ask('instance', 'launch', undefined, { rootVolume: volume, type: 'small', ...(pick > 5 && { image }) })
  if (what === 'answer' && asked) world.answer(asked, 'done')
  if (what === 'createdStopped' && asked) world.answer(asked, 'done', { status: 'stopped' })
  if (what === 'reject' && asked) world.answer(asked, 'rejected')
  if (what === surrender) {
    const ending = [...world.resources].filter(
      ([, { kind, state }]) => kind !== 'snapshot-group' && /^(shutting|deleting|creating|pending\.ab)/.test(state),
    )
    const [id, resource] = among(ending, pick) ?? []
    const items = [id, ...(resource?.context.owed ?? []).map((each: { id: string }) => each.id)]
    const input = resource?.kind === 'instance' ? { item: among(items, other) } : {}
    if (resource && resource.kind !== 'vm-snapshot') ask(resource.kind as KindName, 'abandonCleanup', id, input)
  }
  const timer = among([...world.timers], pick + other)
  if (what === 'fire' && timer) world.fire(timer)
  if (volume && what === 'retype') ask('volume', 'modify', volume, { volumeType: among(['gp2', 'gp3'], pick) })
  if (what === 'optimize' && asked && world.asks.get(asked)![0]!.verb === 'volumeResize')
    world.answer(asked, 'done', { optimizing: true })
  if (what === 'lose' && asked) world.answer(asked, 'rejected', {}, 'notFound')
  const tagged = among(
    [...world.resources].filter(([, { kind }]) => kind === 'instance' || kind === 'volume'),
    pick,
  )
  const tag = { key: `key${other % 3}`, value: `value${pick % 2}` }
  if (tagged && what === 'tag') ask(tagged[1].kind as KindName, 'tag', tagged[0], { tags: { [tag.key]: tag.value } })
  if (tagged && what === 'untag') ask(tagged[1].kind as KindName, 'untag', tagged[0], { tags: [tag] })
  if (volume && what === 'resize') ask('volume', 'modify', volume, { sizeBytes: (pick + 1) * 2 * GiB })
  if (volume && what === 'deleteVolume') ask('volume', 'delete', volume)
  if (volume && what === 'detach') ask('volume', 'detach', volume, pick > 5 ? { force: true } : {})
  if (!instance) return
  if (volume && what === 'attach')
    ask('volume', 'attach', volume, { instance, device: among(['sdf', 'sdg', 'sda1'], other) })
  if (['start', 'stop', 'reboot', 'suspend', 'resume', 'terminate'].includes(what)) ask('instance', what, instance)
  if (what === 'markStopped') ask('instance', 'forceStop', instance)
  if (what === 'hang')
    for (let due = 0; due < 3 && world.timers.has(`${instance} instance.stopRetryDue`); due++)
      world.fire(`${instance} instance.stopRetryDue`)
  if (what === 'forceStop') ask('instance', 'stop', instance, { force: true })
  if (what === 'protect') ask('instance', 'modify', instance, { terminationProtection: true })
  if (what === 'unprotect') ask('instance', 'modify', instance, { terminationProtection: false })
  if (what === 'annotate')
    ask('instance', 'modify', instance, { annotations: { [tag.key]: pick > 5 ? null : tag.value } })
  if (what === 'growType') ask('instance', 'modify', instance, { type: 'large' })
  if (what === 'keepDisks')
    ask('instance', 'modify', instance, { deleteOnTermination: { '/dev/sda1': other % 2 === 0 } })
  const ran = /^(running|pending\.(creating|starting|restarting))/.test(world.get(instance).state)
  if (what === 'powerOff' && ran) world.report(instance, 'instance.poweredOff', { generation })
  if (what === 'vanish' && (ran || world.visible(instance) === 'suspended'))
    world.report(instance, 'instance.vanished', { generation })
  if (what === 'recover' && ['running', 'suspended'].includes(world.visible(instance)))
    world.report(instance, world.visible(instance) === 'running' ? 'instance.started' : 'instance.suspended', {
      generation,
    })
  const shown = {
    loseMemory: 'stopped',
    beginOutside: 'running',
    suspendOutside: 'suspended',
    confirmStopped: 'stopped',
  }
  const status = shown[what as keyof typeof shown]
  if (status && !(what === 'confirmStopped' && world.get(instance).state !== 'stopped')) show(world, instance, status)
  if (what === 'stall') show(world, instance, 'paused', { pauseReason: 'io-error', pauseMessage: 'no space is left' })
  if (what === 'goOn') show(world, instance, 'running')
  if (what === 'echo') {
    const echoed = among(echoes, other + pick)!
    const words = echoed === 'stalled' ? { code: 'io-error', message: 'no space is left' } : {}
    world.report(instance, `instance.${echoed}`, { generation: generation - 1, ...words })
    return { echo: instance }
  }
  return
}

/** What is done, and whether the provider destroys only what is off. */
export interface Life {
  readonly deeds: readonly Deed[]
  readonly careful: boolean
}
export const lives: fc.Arbitrary<Life> = fc.record({
  deeds: fc.array(deed, { minLength: 10, maxLength: 80 }),
  careful: fc.boolean(),
})
/** Runs a life and checks after every deed. */
export function live({ deeds, careful }: Life, check: (world: World, echo: string | undefined) => void): World {
  const { world, image } = furnished(careful ? { ...able, destroyFrom: ['stopped'] } : able)
  for (const each of deeds) check(world, act(world, image, each)?.echo)
  return world
}
export const all = (world: World, kind: string): [string, Resource][] =>
  [...world.resources].filter(([, each]) => each.kind === kind)
