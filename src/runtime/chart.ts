/**
 * A machine read once into tables: its leaves, and for each leaf and event type the transitions in the order XState
 * would try them. Static questions (which requirements, which states, which tags) are answered from here, and the
 * compiled evaluator runs on it.
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate'
import type { StateMeta, StateTag } from '../../machines/grammar.ts'

export interface Transition {
  /** Ordered requirement names, if its guard is `requires`. */
  readonly requires: readonly string[]
  // biome-ignore lint/suspicious/noExplicitAny: XState's own guard type
  readonly guard: any
  /** Undefined when it stays where it is without leaving. */
  readonly target: string | undefined
  /** Exit, transition and entry actions in the order they run. */
  readonly actions: readonly unknown[]
  /** The reason, when it is a decided nothing. */
  readonly ignored: string | undefined
}

export interface Leaf {
  /** Dotted path; its first segment is the state a reader sees. */
  readonly path: string
  readonly tags: ReadonlySet<StateTag>
  readonly awaits: StateMeta['awaits']
  readonly on: ReadonlyMap<string, readonly Transition[]>
}

export interface Chart {
  readonly machine: AnyStateMachine
  readonly initial: string
  readonly leaves: ReadonlyMap<string, Leaf>
  /** Why the compiled evaluator cannot run this machine; undefined if it can. */
  readonly beyondTable: string | undefined
}

/** Reads a machine. Throws if a state is parallel or has history: such machines cannot be persisted as one path. */
export function readChart(machine: AnyStateMachine): Chart {
  const root = machine.root as AnyStateNode
  const leaves = new Map<string, Leaf>()
  let beyondTable: string | undefined
  const visit = (node: AnyStateNode): void => {
    if (node.type === 'parallel' || node.type === 'history')
      throw new TypeError(`machine ${machine.id}: state ${node.id} is ${node.type}; a resource is in exactly one state`)
    if (node.always?.length || node.invoke.length || node.after.length)
      beyondTable = `state ${node.id} uses always, after or invoke`
    const children = Object.values(node.states)
    for (const child of children) visit(child)
    if (children.length > 0) return
    const lineage = ancestry(node)
    const tags = new Set(lineage.flatMap(each => each.tags) as StateTag[])
    const meta = lineage.map(each => each.meta as StateMeta | undefined).find(each => each?.awaits)
    leaves.set(pathOf(node), { path: pathOf(node), tags, awaits: meta?.awaits, on: transitionsOf(lineage) })
  }
  visit(root)
  return { machine, initial: pathOf(initialLeaf(root)), leaves, beyondTable }
}

const pathOf = (node: AnyStateNode): string => node.path.join('.')

/** The node and its ancestors, innermost first. */
function ancestry(node: AnyStateNode): AnyStateNode[] {
  const lineage: AnyStateNode[] = []
  for (let each: AnyStateNode | undefined = node; each; each = each.parent as AnyStateNode | undefined)
    lineage.push(each)
  return lineage
}

function initialLeaf(node: AnyStateNode): AnyStateNode {
  let leaf = node
  while (Object.keys(leaf.states).length) leaf = leaf.initial.target[0] as AnyStateNode
  return leaf
}

function transitionsOf(lineage: readonly AnyStateNode[]): Map<string, Transition[]> {
  const on = new Map<string, Transition[]>()
  for (const node of lineage)
    for (const [type, definitions] of node.transitions) {
      const known = on.get(type) ?? []
      for (const definition of definitions) known.push(readTransition(lineage, definition))
      on.set(type, known)
    }
  return on
}

// biome-ignore lint/suspicious/noExplicitAny: XState's transition definition, read structurally
function readTransition(lineage: readonly AnyStateNode[], definition: any): Transition {
  const guard = definition.guard
  const requires = guard?.type === 'requires' ? (guard.params as readonly string[]) : []
  const ignored = definition.meta?.ignored as string | undefined
  const target = definition.target?.[0] as AnyStateNode | undefined
  if (!target) return { guard, requires, ignored, target: undefined, actions: definition.actions }
  const { left, entered, leaf } = route(lineage, definition, target)
  const actions = [
    ...left.flatMap(node => node.exit as unknown[]),
    ...(definition.actions as unknown[]),
    ...entered.flatMap(node => node.entry as unknown[]),
  ]
  return { guard, requires, ignored, target: pathOf(leaf), actions }
}

/** Which states a transition leaves (innermost first) and enters (outermost first), as XState's algorithm has it. */
function route(
  lineage: readonly AnyStateNode[],
  { source, reenter }: { source: AnyStateNode; reenter: boolean },
  target: AnyStateNode,
) {
  const above = ancestry(target)
  const within = above.includes(source)
  const domain =
    !reenter && within
      ? source
      : (lineage.slice(lineage.indexOf(source) + 1).find(node => above.includes(node) && node !== target) ??
        (lineage.at(-1) as AnyStateNode))
  const left = lineage.slice(0, lineage.indexOf(domain))
  const entered = above.slice(0, above.indexOf(domain)).reverse()
  let leaf = target
  while (Object.keys(leaf.states).length) {
    leaf = leaf.initial.target[0] as AnyStateNode
    entered.push(leaf)
  }
  return { left, entered, leaf }
}
