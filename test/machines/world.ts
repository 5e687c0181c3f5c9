/**
 * A cloud of machines without an engine: requests, cascades of told and proposed events, open asks in their queues,
 * timers, and a provider that answers when the test says so. Small enough to be obviously right; every context makes a
 * round trip through sorted JSON, as it does through a snapshot, and every event is parsed by its own shape.
 */
import {
  type Ask,
  type Command,
  type Completion,
  Declined,
  type Envelope,
  type FactSource,
  type Json as GrammarJson,
  kinds,
  type MachineEvent,
  type Want,
} from '../../machines/index.ts'
import { clones } from '../../projections/clones.ts'
import type { AnyProjection, ViewRow } from '../../projections/contract.ts'
import { names } from '../../projections/names.ts'
import { capabilities, type DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { type Evaluator, evaluator, type MachineState } from '../../src/runtime/evolve.ts'
import { strings } from '../../src/runtime/facts.ts'
import { catalogue, kindNamed } from './charts.ts'

export type KindName = keyof typeof kinds
type Json = Record<string, unknown>
export interface Resource extends MachineState {
  readonly kind: string
  readonly version: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into contexts of any kind
  readonly context: any
}
export interface Taken {
  readonly resource: string
  readonly type: string
  readonly before: string
  readonly state: string
  readonly decision: string
  readonly event: MachineEvent
  /** It answers an open ask. */
  readonly answers: boolean
  /** The context it was taken in. */
  readonly context: unknown
  readonly wants: readonly Want[]
}
/** A request that was not accepted: `notFound`, `wrongState`, or the requirements that said no, in order. */
export class Refused extends Error {
  readonly reasons: readonly string[]
  constructor(reasons: readonly string[]) {
    super(reasons.join(', '))
    this.reasons = reasons
  }
}

const evaluators = new Map<string, Evaluator>(catalogue.map(kind => [kind.name, evaluator(kind)]))
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : value && typeof value === 'object'
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, each]) => each !== undefined)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, each]) => [key, sorted(each)]),
        )
      : value

export const able: DeclaredCapabilities = {
  zones: ['a', 'b'],
  canCreateVolumeFromImage: true,
  bootFromVolume: true,
  stop: 'preserves',
  stopStyles: ['acpi', 'hard'],
  start: 'both',
  reboot: 'both',
  suspend: 'disk',
  destroyFrom: ['running', 'stopped'],
  volume: { grow: 'online', retype: true, encrypt: true, migrate: 'online' },
  volumeAttach: { hotPlug: true, hotUnplug: true, max: 4 },
  volumeSnapshot: { of: ['available', 'in-use'], live: true, group: true, revert: true, revertRestoresSize: true },
  vmSnapshot: {
    memory: true,
    diskOnly: true,
    live: true,
    quiesce: true,
    tree: true,
    revertWhileRunning: true,
    maxCount: 6,
    maxDepth: 4,
    blocks: ['attach', 'detach', 'resize'],
  },
}
export const GiB = 1024 ** 3

export class World {
  resources = new Map<string, Resource>()
  asks = new Map<string, Ask[]>()
  timers = new Set<string>()
  readonly log: Taken[] = []
  now = 1_000
  /** Rows that claims find, by view and key. */
  claims = new Map<string, unknown>()
  /** Is the account of all callers suspended? */
  suspended = false
  #provider: Json
  #made = 0
  #position = 0

  constructor(declared: DeclaredCapabilities = able) {
    this.#provider = { name: 'lab', capabilities: capabilities(declared) }
  }

  /** The same world once more: what happens in one of them does not in the other. The log begins anew. */
  copy(): World {
    const copy = new World()
    copy.resources = new Map(this.resources)
    copy.asks = new Map([...this.asks].map(([id, open]) => [id, [...open]]))
    copy.timers = new Set(this.timers)
    copy.claims = new Map(this.claims)
    copy.now = this.now
    copy.suspended = this.suspended
    copy.#provider = this.#provider
    copy.#made = this.#made
    copy.#position = this.#position
    return copy
  }

  get(id: string): Resource {
    const found = this.resources.get(id)
    if (!found) throw new Error(`no resource ${id}`)
    return found
  }
  visible = (id: string): string => this.get(id).state.split('.')[0]!
  idsOf = (kind: string): string[] => [...this.resources].filter(([, each]) => each.kind === kind).map(([id]) => id)

  /** A command, all or nothing. Returns the id and what happened; throws Refused. */
  request(kind: KindName, name: string, id: string | undefined, input: Json = {}): { id: string; decision: string } {
    const command = (kinds[kind].commands as Record<string, Command>)[name]!
    const parsed = command.input.parse(input) as Json
    const target = id ?? (command.namedBy ? `${kind}/${parsed[command.namedBy]}` : this.#newId(kind))
    const held = this.resources.get(target) ?? this.#unborn(kind)
    if (held.version === 0 && !command.creates) throw new Refused(['notFound'])
    const facts = Object.fromEntries(
      Object.entries(command.needs).map(([key, from]) => [key, this.#fact(from, parsed, target)]),
    )
    const completion: Completion<Json> = {
      input: parsed,
      facts,
      id: target,
      account: 'acme',
      at: this.now,
      context: held.context,
      state: held.state,
      newId: kindOf => this.#newId(kindOf),
    }
    const data = command.complete(completion)
    if (data instanceof Declined) throw new Refused(this.#noes(held, `${kind}.${command.event}`, data, facts))
    const kept = kindNamed(kind).events.specs[command.event]!.facts.parse(facts)
    const saved = [this.resources, this.asks, this.timers, this.claims, this.log.length] as const
    this.claims = new Map(this.claims)
    this.resources = new Map(this.resources)
    this.asks = new Map([...this.asks].map(([key, open]) => [key, [...open]]))
    this.timers = new Set(this.timers)
    try {
      return { id: target, decision: this.#take(target, `${kind}.${command.event}`, data, kept) }
    } catch (error) {
      ;[this.resources, this.asks, this.timers, this.claims] = saved
      this.log.length = saved[4]
      throw error
    }
  }

  /** A report, a deadline, or what the oldest open ask of a resource came to. Returns the decision. */
  report(resource: string, type: string, data: unknown = {}, answers = false): string {
    return this.#take(resource, type, data, {}, answers)
  }
  answer(
    resource: string,
    kind: 'done' | 'rejected',
    facts: Json = {},
    code = 'exhausted',
  ): { type: string; data: Json } {
    const [ask, ...rest] = this.asks.get(resource)!
    this.asks.set(resource, rest)
    if (ask!.provider === 'engine' && kind === 'done') return this.#give(resource, ask!)
    const answered =
      kind === 'rejected'
        ? { type: ask!.answers.rejected, data: { code, message: 'no room left', retry: 'after-change' } }
        : { type: ask!.answers.done, data: { ...factsOf(ask!, this.get(resource).context), ...facts } }
    this.report(resource, answered.type, answered.data, true)
    return answered
  }
  /** The engine gives a command for a resource, which is accepted or refused. */
  #give(resource: string, { args, answers }: Ask): { type: string; data: Json } {
    const { kind, command, input } = args as { kind: KindName; command: string; input: Json }
    let answered: { type: string; data: Json }
    try {
      answered = { type: answers.done, data: { id: this.request(kind, command, undefined, input).id } }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const gone = Object.values(input).some(each =>
        /^(deleted|terminated)$/.test(this.resources.get(String(each))?.state ?? ''),
      )
      const retry = gone || error.reasons[0] === 'notFound' ? 'never' : 'after-change'
      answered = { type: answers.rejected, data: { code: error.reasons[0]!, message: error.message, retry } }
    }
    this.report(resource, answered.type, answered.data, true)
    return answered
  }
  fire(key: string): void {
    const [resource, event] = key.split(' ') as [string, string]
    this.timers.delete(key)
    this.report(resource, event)
  }
  /** Answers everything that is open, and fires retries, until nothing is left to do. */
  settle(): void {
    for (let round = 0; round < 10_000; round++) {
      const asked = [...this.asks].find(([, open]) => open.length)
      const retry = [...this.timers].find(key => /(Retry|Check)Due$/.test(key))
      if (asked) this.answer(asked[0], 'done')
      else if (retry) this.fire(retry)
      else return
    }
    throw new Error('the world does not settle')
  }

  #newId(kind: string): string {
    return `${kindNamed(kind).idPrefix}-${(++this.#made).toString(16).padStart(17, '0')}`
  }
  #unborn(kind: string): Resource {
    return { kind, version: 0, ...evaluators.get(kind)!.initial }
  }
  #face(id: unknown, optional: boolean | undefined): Json | null {
    const held = this.resources.get(String(id))
    if (!held && optional) return null
    if (!held) throw new Refused(['notFound'])
    const face = kindNamed(held.kind).face(held.context)
    return { id, kind: held.kind, account: 'acme', state: held.state.split('.')[0], ...face }
  }
  #fact(source: FactSource, input: Json, target: string): unknown {
    if (source.from === 'resource' || source.from === 'named') {
      const ids = strings(input as GrammarJson, source.path).map(id =>
        source.from === 'named' ? `${source.kind}/${id}` : id,
      )
      const faces = ids.map(id => this.#face(id, source.optional))
      return source.many ? faces.filter(Boolean) : (faces[0] ?? null)
    }
    if (source.from === 'account') return this.suspended ? { state: 'suspended' } : null
    if (source.from === 'claim') return this.#claimed(source, input, target)
    if (source.from !== 'provider') return null
    const name = source.path && input[source.path]
    return name === undefined ? this.#provider : { ...this.#provider, name }
  }

  #claimed({ view, key, members }: Extract<FactSource, { from: 'claim' }>, input: Json, target: string): unknown {
    const parts = [key].flat().map(part => {
      if (part === 'id') return target
      if (part === 'provider')
        return String(this.resources.get(target)?.context.provider || input.provider || this.#provider.name)
      if (typeof part === 'string') return part === 'account' ? 'acme' : 'here'
      return 'text' in part ? part.text : strings(input as GrammarJson, part.path)[0]
    })
    const found = parts.includes(undefined) ? null : (this.claims.get(`${view} ${parts.join('/')}`) ?? null)
    return members === undefined ? found : (found ?? [])
  }

  /** All that say no to a request that could not be completed, in the declared order. */
  #noes({ kind, state, context }: Resource, type: string, { noes, data }: Declined, facts: unknown): string[] {
    const { chart } = evaluators.get(kind)!
    const here = chart.leaves.get(state)!.on.get(type)
    const asked = here ?? [...chart.leaves.values()].flatMap(leaf => leaf.on.get(type) ?? [])
    const names = [...new Set(asked.flatMap(each => each.requires))]
    const event = { type, data, facts }
    const said = names.filter(
      name => Object.hasOwn(noes, name) || !kindNamed(kind).requirements[name]!({ context, event }),
    )
    return here ? said : ['wrongState', ...said]
  }

  #take(resource: string, type: string, data: unknown, facts: unknown, answers = false): string {
    const [kind, short] = type.split('.') as [string, string]
    const held = this.resources.get(resource) ?? this.#unborn(kind)
    const spec = kindNamed(kind).events.specs[short]
    if (!spec) throw new Error(`${type} is not in the alphabet`)
    const parsed = spec.data.parse(data)
    const event = { type, resource, version: held.version + 1, account: 'acme', at: ++this.now, data: parsed, facts }
    const { chart, step } = evaluators.get(kind)!
    const { next, wants, decision } = step(held, event)
    if (decision === 'undecided' || decision === 'refused') {
      if (spec.origin !== 'requested' && spec.origin !== 'proposed')
        throw new Error(`${held.state} ignores ${type} silently`)
      const names = new Set(
        [...chart.leaves.values()].flatMap(leaf => leaf.on.get(type) ?? []).flatMap(each => each.requires),
      )
      const here = new Set((chart.leaves.get(held.state)!.on.get(type) ?? []).flatMap(each => each.requires))
      const noes = [...names].filter(name => !kindNamed(kind).requirements[name]!({ context: held.context, event }))
      throw new Refused(decision === 'refused' ? noes.filter(name => here.has(name)) : ['wrongState', ...noes])
    }
    const { state: before, context } = held
    this.log.push({ resource, type, before, state: next.state, decision, event, answers, context, wants })
    if (decision !== 'taken') return decision
    this.resources.set(resource, { kind, state: next.state, context: sorted(next.context), version: held.version + 1 })
    this.#claim(event, kind, next.state)
    for (const want of wants) this.#want(resource, want)
    return decision
  }

  /** What the event makes of what commands claim from. */
  #claim({ type, resource, data, at, version }: MachineEvent, kind: string, state: string): void {
    const of = { account: 'acme', region: 'here', resource, kind, type, data, at, version, state, before: state }
    const event = { ...of, position: ++this.#position } as unknown as Envelope
    for (const view of [names, clones] as AnyProjection[])
      for (const key of view.keys(event)) {
        const row = view.fold(this.claims.get(`${view.name} ${key}`) as ViewRow | undefined, event, key)
        if (row) this.claims.set(`${view.name} ${key}`, row)
        else this.claims.delete(`${view.name} ${key}`)
      }
  }

  #want(resource: string, want: Want): void {
    if (want.want === 'tell') this.#take(want.resource, want.event, want.data, {})
    if (want.want === 'arm') this.timers.add(`${resource} ${want.event}`)
    if (want.want === 'disarm') this.timers.delete(`${resource} ${want.event}`)
    if (want.want === 'ask')
      this.asks.set(resource, want.supersedes ? [want] : [...(this.asks.get(resource) ?? []), want])
  }
}

function factsOf({ verb, args }: Ask, context: Json): Json {
  const { sizeBytes, generation, want } = args as Json
  if (verb === 'volumeEnsure' || verb === 'volumeResize') return { sizeBytes }
  if (verb === 'volumeSnapshotEnsure' || verb === 'volumeRevert') return { sizeBytes: context.sizeBytes }
  if (verb === 'volumeSnapshotGroupEnsure') {
    const members = (args as { members: { snapshot: string }[] }).members
    return { members: Object.fromEntries(members.map(each => [each.snapshot, { sizeBytes: GiB }])) }
  }
  if (verb === 'instanceEnsure' || want === 'running') return { status: 'running', generation }
  if (verb === 'vmSnapshotEnsure') return { disks: disksOf(args as Json) }
  if (verb === 'vmSnapshotRevert')
    return { status: (args as Json).run ? 'running' : 'stopped', generation, disks: disksOf(args as Json) }
  if (want === 'suspended') return { status: 'suspended', generation }
  return want === 'off' ? { status: 'stopped', generation } : {}
}

/** All disks are of one size here. */
const disksOf = ({ volumes, devices }: Json) => {
  const names = (volumes ?? (devices as Json[]).map(({ volume }) => volume)) as string[]
  return Object.fromEntries(names.map(name => [name, { sizeBytes: 8 * GiB }]))
}

/** A world with an offering and an image, and the id of the image. */
export function furnished(declared?: DeclaredCapabilities): { world: World; image: string } {
  const world = new World(declared)
  world.request('offering', 'define', undefined, { name: 'small', vcpus: 1, memoryBytes: GiB })
  world.request('offering', 'define', undefined, { name: 'large', vcpus: 4, memoryBytes: 8 * GiB })
  const blockDevices = [{ device: '/dev/sdb', sizeBytes: 2 * GiB, deleteOnTermination: false }]
  const { id } = world.request('image', 'register', undefined, { name: 'debian', sizeBytes: 8 * GiB, blockDevices })
  return { world, image: id }
}
/** What a request came to: its decision, or why it was refused. */
export function outcome(act: () => { decision: string }): string {
  try {
    return act().decision
  } catch (error) {
    if (error instanceof Refused) return error.reasons.join(', ')
    throw error
  }
}

/** A world with one settled resource of a kind in it, made with this input besides what it needs. */
export function sceneOf(kind: 'instance' | 'volume' | 'offering', input: Json = {}): { world: World; id: string } {
  const { world, image } = furnished()
  const needed = {
    instance: { image, type: 'small' },
    volume: { sizeBytes: GiB },
    offering: { name: 'tiny', vcpus: 1, memoryBytes: GiB },
  }
  const command = { instance: 'launch', volume: 'create', offering: 'define' }
  const { id } = world.request(kind, command[kind], undefined, { ...needed[kind], ...input })
  world.settle()
  return { world, id }
}
