/**
 * One step of a machine: (state, event) -> (state, wants). The only place that runs XState.
 *
 * Two evaluators of the same machine object. The compiled one walks the tables of `chart.ts` (about 40 times XState's
 * `transition()`); the reference one is XState's own algorithm on one reused inert scope. A test holds them equal on
 * every kind over random events; machines the tables cannot express (always, combined guards) run on the reference.
 */
import { type AnyStateMachine, createActor } from 'xstate'
import type { Kind, MachineEvent, Want } from '../../machines/grammar.ts'
import { type Chart, readChart, type Transition } from './chart.ts'

export interface MachineState {
  /** Dotted path of the leaf. */
  readonly state: string
  readonly context: unknown
}

/**
 * `taken`: a transition ran. `ignored`: a decided nothing. `unchanged`: an empty transition. `refused`: there are
 * transitions, and every guard said no. `undecided`: this state has no entry for the event.
 */
export type Decision = 'taken' | 'ignored' | 'unchanged' | 'refused' | 'undecided'

export interface Step {
  readonly next: MachineState
  readonly wants: readonly Want[]
  readonly decision: Decision
}

export interface Evaluator {
  readonly chart: Chart
  /** The fold of no events. */
  readonly initial: MachineState
  step(from: MachineState, event: MachineEvent): Step
}

// biome-ignore lint/suspicious/noExplicitAny: XState's implementations are untyped at run time
type Loose = any
const noWants: readonly Want[] = Object.freeze([])

/** The fastest evaluator that can run this kind's machine. Throws if the machine cannot be persisted. */
export function evaluator(kind: Pick<Kind, 'machine'>): Evaluator {
  const chart = readChart(kind.machine)
  const why = chart.beyondTable ?? untabled(chart)
  return why === undefined ? compiled(chart) : reference(kind)
}

/** XState's own algorithm: the measure of the compiled one, and what machines beyond the tables run on. */
export function reference(kind: Pick<Kind, 'machine'>): Evaluator {
  const machine = kind.machine as AnyStateMachine
  const chart = readChart(machine)
  const collected: Want[] = []
  const scope = inertScope(machine, collected)
  const initial = machine.getInitialSnapshot(scope as Loose, undefined as Loose)
  return {
    chart,
    initial: { state: chart.initial, context: initial.context },
    step(from, event) {
      collected.length = 0
      const before = machine.resolveState({ value: stateValueOf(from.state), context: from.context as Loose } as Loose)
      const after = machine.transition(before as Loose, event as Loose, scope as Loose)
      const nothing = after === before && collected.length === 0
      if (nothing) return { next: from, wants: noWants, decision: decisionOfNothing(chart, from, event) }
      const next = { state: pathOfValue(after.value), context: after.context }
      return { next, wants: collected.slice(), decision: 'taken' }
    },
  }
}

function compiled(chart: Chart): Evaluator {
  const { guards, actions } = chart.machine.implementations as Loose
  const initial = { state: chart.initial, context: chart.machine.config.context ?? {} }
  return {
    chart,
    initial,
    step(from, event) {
      const leaf = chart.leaves.get(from.state)
      if (!leaf) throw new TypeError(`machine ${chart.machine.id} has no state ${from.state}`)
      const candidates = leaf.on.get(event.type)
      if (!candidates) return { next: from, wants: noWants, decision: 'undecided' }
      for (const transition of candidates) {
        if (transition.guard !== undefined && !allows(guards, transition, from.context, event)) continue
        if (transition.target === undefined && transition.actions.length === 0)
          return { next: from, wants: noWants, decision: transition.ignored === undefined ? 'unchanged' : 'ignored' }
        return run(actions, transition, from, event)
      }
      return { next: from, wants: noWants, decision: 'refused' }
    },
  }
}

function allows(guards: Loose, { guard }: Transition, context: unknown, event: MachineEvent): boolean {
  if (typeof guard === 'function') return guard({ context, event }, undefined)
  if (typeof guard === 'string') return guards[guard]({ context, event }, undefined)
  const params = typeof guard.params === 'function' ? guard.params({ context, event }) : guard.params
  return guards[guard.type]({ context, event }, params)
}

function run(implementations: Loose, transition: Transition, from: MachineState, event: MachineEvent): Step {
  let context = from.context
  let wants: Want[] | undefined
  for (const action of transition.actions as Loose[]) {
    const type = typeof action === 'string' ? action : action.type
    const own = typeof action === 'function' ? action : implementations[type]
    const params = typeof action?.params === 'function' ? action.params({ context, event }) : action?.params
    if (own?.assignment) context = assigned(own.assignment, context, event, params)
    else if (params !== undefined) {
      wants ??= []
      collect(wants, type, params)
    }
  }
  return { next: { state: transition.target ?? from.state, context }, wants: wants ?? noWants, decision: 'taken' }
}

function assigned(assignment: Loose, context: Loose, event: MachineEvent, params: unknown): unknown {
  if (typeof assignment === 'function') return { ...context, ...assignment({ context, event }, params) }
  const next = { ...context }
  for (const key of Object.keys(assignment)) {
    const value = assignment[key]
    next[key] = typeof value === 'function' ? value({ context, event }, params) : value
  }
  return next
}

function collect(wants: Want[], want: Want['want'], params: object | readonly object[]): void {
  if (Array.isArray(params)) for (const each of params) wants.push({ want, ...each } as Want)
  else wants.push({ want, ...params } as Want)
}

/** Why the tables cannot express this machine's guards and actions; undefined if they can. */
function untabled(chart: Chart): string | undefined {
  const { guards, actions } = chart.machine.implementations as Loose
  for (const leaf of chart.leaves.values())
    for (const [type, transitions] of leaf.on) {
      if (type === '' || type.includes('*')) return `wildcard ${type}`
      for (const { guard, actions: list } of transitions) {
        const check = typeof guard === 'string' ? guards[guard] : typeof guard === 'object' ? guards[guard.type] : guard
        if (guard !== undefined && (typeof check !== 'function' || 'check' in check)) return `guard of ${type}`
        for (const action of list as Loose[]) {
          const own = typeof action === 'function' ? action : actions[action.type ?? action]
          if (own && 'resolve' in own && !own.assignment) return `action ${own.type}`
        }
      }
    }
  return undefined
}

/** What a reused actor scope must offer for `machine.transition`; it collects wants and runs nothing. */
function inertScope(machine: AnyStateMachine, collected: Want[]) {
  const self = createActor(machine) as Loose
  const nothing = () => {}
  return {
    self,
    id: '',
    sessionId: '',
    system: self.system,
    defer: nothing,
    logger: nothing,
    stopChild: nothing,
    emit: nothing,
    actionExecutor: ({ type, params }: { type: string; params: Loose }) => {
      if (params !== undefined) collect(collected, type as Want['want'], params)
    },
  }
}

function decisionOfNothing(chart: Chart, { state, context }: MachineState, event: MachineEvent): Decision {
  const candidates = chart.leaves.get(state)?.on.get(event.type)
  if (!candidates) return 'undecided'
  const { guards } = chart.machine.implementations as Loose
  const taken = candidates.find(each => each.guard === undefined || allows(guards, each, context, event))
  if (!taken) return 'refused'
  return taken.ignored === undefined ? 'unchanged' : 'ignored'
}

/** `a.b` -> `{ a: 'b' }`, XState's way to write a nested state. */
export function stateValueOf(path: string): string | object {
  const names = path.split('.')
  return names.slice(0, -1).reduceRight<string | object>((inner, name) => ({ [name]: inner }), names.at(-1) as string)
}

function pathOfValue(value: unknown): string {
  if (typeof value === 'string') return value
  const [[name, inner]] = Object.entries(value as object) as [[string, unknown]]
  return `${name}.${pathOfValue(inner)}`
}
