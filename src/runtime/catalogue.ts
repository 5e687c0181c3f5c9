/** The kinds of an engine, compiled once: evaluator, requirements by event, who an id belongs to. */
import type { Command, Envelope, EventSpec, Json, Kind, MachineEvent } from '../../machines/grammar.ts'
import type { Chart } from './chart.ts'
import { type Evaluator, evaluator } from './evolve.ts'
import { BrokenRule, InvalidRequest } from './refusal.ts'

export class CompiledKind {
  readonly kind: Kind
  readonly evaluator: Evaluator
  /** Every requirement any state's transition on this event names, in order of first mention. */
  readonly #requirements = new Map<string, readonly string[]>()
  /** By full type: a part of a text is a new text, which every event would make and look up. */
  readonly #specs: ReadonlyMap<string, EventSpec>

  constructor(kind: Kind) {
    this.kind = kind
    this.evaluator = evaluator(kind)
    this.#specs = new Map(Object.entries(kind.events.specs).map(([name, spec]) => [`${kind.name}.${name}`, spec]))
    checkEnds(kind.name, this.evaluator.chart)
    for (const leaf of this.evaluator.chart.leaves.values())
      for (const [type, transitions] of leaf.on)
        this.#requirements.set(type, [
          ...new Set([...(this.#requirements.get(type) ?? []), ...transitions.flatMap(each => each.requires)]),
        ])
  }

  spec(type: string): EventSpec {
    const found = this.#specs.get(type)
    if (!found) throw new BrokenRule(`kind ${this.kind.name} has no event ${type}`)
    return found
  }

  requirements(type: string): readonly string[] {
    return this.#requirements.get(type) ?? []
  }

  /** Commands whose event has an entry in this state. */
  allowed(state: string): string[] {
    const on = this.evaluator.chart.leaves.get(state)?.on
    return Object.entries(this.kind.commands)
      .filter(([, command]) => !command.creates && on?.has(`${this.kind.name}.${command.event}`))
      .map(([name]) => name)
  }

  is(state: string, tag: 'settled' | 'working' | 'terminal'): boolean {
    return this.evaluator.chart.leaves.get(state)?.tags.has(tag) ?? false
  }

  /** Whether this event ended the resource: it led into a terminal state out of another. */
  isEnd({ before, state }: Pick<Envelope, 'before' | 'state'>): boolean {
    return before !== state && this.is(state, 'terminal') && !this.is(before, 'terminal')
  }

  machineEvent({ type, resource, version, account, at, data, facts }: Envelope): MachineEvent {
    return { type, resource, version, account, at, data, facts: facts ?? {} }
  }

  /** The event with its data in the shape of today. */
  upcast(event: Envelope): Envelope {
    if (event.schema === this.spec(event.type).schema) return event
    return { ...event, data: this.shaped(event.type, event.schema, event.data) }
  }

  /** Brings data of an older schema to today's, step by step. Throws BrokenRule where a step is missing. */
  shaped(type: string, from: number, data: Json): Json {
    const { schema, upcasts } = this.spec(type)
    let now = data
    for (let version = from; version < schema; version += 1) {
      const upcast = upcasts[version]
      if (!upcast) throw new BrokenRule(`${type} has no upcast from schema ${version}`)
      now = upcast(now)
    }
    return now
  }
}

/** An end is an end: what has ended is forgotten one day, and could not come back from that. Throws BrokenRule. */
function checkEnds(kind: string, { leaves }: Chart): void {
  for (const leaf of leaves.values()) {
    if (!leaf.tags.has('terminal')) continue
    for (const [type, transitions] of leaf.on)
      for (const { target } of transitions)
        if (target !== undefined && !leaves.get(target)?.tags.has('terminal'))
          throw new BrokenRule(`kind ${kind}: '${leaf.path}' is terminal, and ${type} leads from it to '${target}'`)
  }
}

export class Catalogue {
  readonly kinds: ReadonlyMap<string, CompiledKind>
  readonly #byPrefix = new Map<string, CompiledKind>()

  /** Throws BrokenRule if two kinds share a name or an id prefix, or an end of one is none. */
  constructor(kinds: Iterable<Kind>) {
    const compiled = new Map<string, CompiledKind>()
    for (const kind of kinds) {
      const each = new CompiledKind(kind)
      if (compiled.has(kind.name)) throw new BrokenRule(`two kinds are called ${kind.name}`)
      compiled.set(kind.name, each)
      for (const prefix of [`${kind.idPrefix}-`, `${kind.name}/`]) {
        if (this.#byPrefix.has(prefix)) throw new BrokenRule(`two kinds have ids that begin with ${prefix}`)
        this.#byPrefix.set(prefix, each)
      }
    }
    this.kinds = compiled
  }

  /** Throws InvalidRequest unknownKind. */
  kind(name: string): CompiledKind {
    const found = this.kinds.get(name)
    if (found) return found
    throw new InvalidRequest(
      'unknownKind',
      'kind',
      `There is no kind '${name}'; known: ${[...this.kinds.keys()].join(', ')}.`,
    )
  }

  /** The command and its kind. Throws InvalidRequest unknownKind or unknownCommand. */
  command(kind: string, name: string): { compiled: CompiledKind; command: Command } {
    const compiled = this.kind(kind)
    const { commands } = compiled.kind
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command) return { compiled, command }
    const known = Object.keys(commands).join(', ')
    throw new InvalidRequest('unknownCommand', 'command', `${kind} has no command '${name}'; known: ${known}.`)
  }

  /** The kind whose ids look like this one, if any. */
  ofId(id: string): CompiledKind | undefined {
    const end = id.search(/[-/]/)
    return end < 0 ? undefined : this.#byPrefix.get(id.slice(0, end + 1))
  }

  /** Whether a deadline ends something. One of a kind that is gone does not: firing it says what is wrong. */
  ends(type: string): boolean {
    const dot = type.indexOf('.')
    return this.kinds.get(type.slice(0, dot))?.kind.events.specs[type.slice(dot + 1)]?.ends ?? false
  }

  ofEvent(type: string): CompiledKind {
    const found = this.kinds.get(type.slice(0, type.indexOf('.')))
    if (found) return found
    throw new BrokenRule(`no kind has an event ${type}`)
  }
}
