/** The arrows of a chart: every way from one state to another, with the events that lead there and their guards. */
import type { Chart, Transition } from '../../runtime/chart.ts'
import type { Way } from './way.ts'

export interface Arrow {
  readonly from: string
  readonly to: string
  readonly events: readonly ArrowEvent[]
}

export interface ArrowEvent {
  readonly type: string
  /** Each a way to take it: the names that must all agree, none where nothing is asked. */
  readonly guards: readonly (readonly string[])[]
  /** How often it was taken. */
  readonly count: number
}

type Types = Map<string, { guards: string[][]; count: number }>
type Targets = Map<string, Types>

/** What changes no state is no arrow. What a history took and the chart has not comes with it: rules change. */
export function arrowsOf({ leaves }: Chart, way?: Way): Arrow[] {
  const from = new Map<string, Targets>()
  const event = (source: string, target: string, type: string) => {
    const targets = known<string, Targets>(from, source, () => new Map())
    const types = known<string, Types>(targets, target, () => new Map())
    return known(types, type, () => ({ guards: [], count: 0 }))
  }
  for (const [path, { on }] of leaves)
    for (const [type, transitions] of on)
      for (const transition of transitions)
        if (transition.target !== undefined && transition.target !== path)
          event(path, transition.target, type).guards.push(guardsOf(transition))
  for (const taken of way?.taken ?? []) event(taken.from, taken.to, taken.type).count += taken.count
  return [...from].flatMap(([source, targets]) =>
    [...targets].map(([to, types]) => ({
      from: source,
      to,
      events: [...types].map(([type, { guards, count }]) => ({ type, guards: distinct(guards), count })),
    })),
  )
}

/** Names of what must agree. */
function guardsOf({ guard, requires }: Transition): string[] {
  if (requires.length > 0 || guard === undefined) return [...requires]
  return [typeof guard === 'string' ? guard : String(guard.type ?? guard.name)]
}

const distinct = (guards: readonly string[][]): string[][] => [
  ...new Map(guards.map(each => [each.join(' '), each])).values(),
]

function known<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
