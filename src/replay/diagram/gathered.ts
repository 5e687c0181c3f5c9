/** Arrows that leave every state within a state alike, gathered into one that leaves the outer state. */
import type { Arrow, ArrowEvent } from './arrows.ts'

interface Single extends ArrowEvent {
  readonly from: string
  readonly to: string
}

/**
 * The same arrows, fewer of them.
 * @param paths every state without states of its own
 */
export function gathered(arrows: readonly Arrow[], paths: readonly string[]): Arrow[] {
  let singles: Single[] = arrows.flatMap(({ from, to, events }) => events.map(each => ({ from, to, ...each })))
  // From the innermost outwards: what has become the arrow of an inner state may be one of all states of an outer one.
  for (const outer of outerStates(paths)) singles = gatheredAt(outer, singles, paths)
  const arrowsBy = new Map<string, { from: string; to: string; events: ArrowEvent[] }>()
  for (const { from, to, ...event } of singles) {
    const key = `${from} ${to}`
    const arrow = arrowsBy.get(key) ?? { from, to, events: [] }
    arrow.events.push(event)
    arrowsBy.set(key, arrow)
  }
  return [...arrowsBy.values()]
}

function outerStates(paths: readonly string[]): string[] {
  const outer = new Set<string>()
  for (const path of paths) {
    const names = path.split('.')
    for (let depth = names.length - 1; depth > 0; depth -= 1) outer.add(names.slice(0, depth).join('.'))
  }
  return [...outer].sort((a, b) => b.split('.').length - a.split('.').length)
}

/** An arrow that ends within the state it would leave cannot be drawn from its border. */
function gatheredAt(outer: string, singles: readonly Single[], paths: readonly string[]): Single[] {
  const depth = outer.split('.').length + 1
  const isInside = (path: string) => path.startsWith(`${outer}.`)
  const children = new Set(paths.filter(isInside).map(path => path.split('.').slice(0, depth).join('.')))
  const likeness = ({ to, type, guards }: Single) => `${to} ${type} ${JSON.stringify(guards)}`
  const alike = new Map<string, Single[]>()
  for (const single of singles)
    if (children.has(single.from) && !isInside(single.to))
      alike.set(likeness(single), [...(alike.get(likeness(single)) ?? []), single])
  const whole = new Set(
    [...alike].filter(([, of]) => children.size > 1 && of.length === children.size).map(([key]) => key),
  )
  const done = new Set<string>()
  return singles.flatMap(single => {
    const key = likeness(single)
    if (!children.has(single.from) || !whole.has(key) || isInside(single.to)) return [single]
    if (done.has(key)) return []
    done.add(key)
    return [{ ...single, from: outer, count: alike.get(key)!.reduce((sum, { count }) => sum + count, 0) }]
  })
}
