/** The chart of a kind as a Mermaid state diagram, read from its machine; and a history drawn on it. */
import type { Envelope, Kind } from '../../../machines/grammar.ts'
import { type Leaf, readChart } from '../../runtime/chart.ts'

/** How often a resource was in a state, and for how long altogether. */
export interface Visit {
  readonly count: number
  readonly ms: number
}

/**
 * By dotted path of the state.
 * @param untilMs what it is in now lasts until then (ms since 1970)
 */
export function visitsOf(events: readonly Envelope[], untilMs: number): Map<string, Visit> {
  const visits = new Map<string, Visit>()
  const add = (state: string, { count, ms }: Visit) => {
    const known = visits.get(state) ?? { count: 0, ms: 0 }
    visits.set(state, { count: known.count + count, ms: known.ms + ms })
  }
  for (const [index, { before, state, at }] of events.entries()) {
    if (before !== state) add(state, { count: 1, ms: 0 })
    add(state, { count: 0, ms: Math.max(0, (events[index + 1]?.at ?? untilMs) - at) })
  }
  return visits
}

/** The text of the diagram: every state, and every transition from one state to another. What is ignored is not drawn. */
export function mermaid(kind: Pick<Kind, 'name' | 'machine'>, visits: ReadonlyMap<string, Visit> = new Map()): string {
  const { leaves, initial } = readChart(kind.machine)
  const paths = [...leaves.keys()].filter(path => path !== initial)
  const visited = paths.filter(path => visits.has(path)).map(idOf)
  return [
    'stateDiagram-v2',
    ...statesIn(paths, '', visits).map(line => `  ${line}`),
    ...[...leaves.values()].flatMap(leaf => arrows(kind.name, leaf, initial)).map(line => `  ${line}`),
    ...[...leaves.values()].filter(({ tags }) => tags.has('terminal')).map(({ path }) => `  ${idOf(path)} --> [*]`),
    ...(visited.length
      ? ['  classDef visited fill:#d9f2e0,stroke:#2f7d4f', `  class ${visited.join(',')} visited`]
      : []),
  ].join('\n')
}

const idOf = (path: string) => path.replaceAll(/[^A-Za-z0-9]/g, '_')

/** States directly within a place, those within them indented. */
function statesIn(paths: readonly string[], within: string, visits: ReadonlyMap<string, Visit>): string[] {
  const inside = within === '' ? paths : paths.filter(path => path.startsWith(`${within}.`))
  const depth = within === '' ? 0 : within.split('.').length
  const names = [...new Set(inside.map(path => path.split('.')[depth]!))]
  return names.flatMap(name => {
    const path = within === '' ? name : `${within}.${name}`
    if (paths.includes(path)) return [`state "${name}${told(visits.get(path))}" as ${idOf(path)}`]
    return [`state "${name}" as ${idOf(path)} {`, ...statesIn(paths, path, visits).map(line => `  ${line}`), '}']
  })
}

function arrows(kind: string, { path, on }: Leaf, initial: string): string[] {
  const byTarget = new Map<string, Set<string>>()
  for (const [type, transitions] of on)
    for (const { target } of transitions)
      if (target !== undefined && target !== path)
        byTarget.set(target, (byTarget.get(target) ?? new Set()).add(type.slice(kind.length + 1)))
  const from = path === initial ? '[*]' : idOf(path)
  return [...byTarget].map(([target, names]) => `${from} --> ${idOf(target)} : ${[...names].join(', ')}`)
}

const told = (visit: Visit | undefined): string =>
  visit ? ` (${visit.count} ${visit.count === 1 ? 'visit' : 'visits'}, ${duration(visit.ms)})` : ''

function duration(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const
  for (const [unit, size] of units) if (ms >= size) return `${Math.round((ms / size) * 10) / 10} ${unit}`
  return `${ms} ms`
}
