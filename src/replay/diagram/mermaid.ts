/** The chart of a kind as a Mermaid state diagram, read from its machine; and a history drawn on it. */
import type { Kind } from '../../../machines/grammar.ts'
import { readChart } from '../../runtime/chart.ts'
import { type Arrow, arrowsOf } from './arrows.ts'
import { visitText, type Way } from './way.ts'

/** The text of the diagram: every state, and every transition from one state to another. What is ignored is not drawn. */
export function mermaid(kind: Pick<Kind, 'name' | 'machine'>, way?: Way): string {
  const chart = readChart(kind.machine)
  const { leaves, initial } = chart
  const arrows = arrowsOf(chart, way)
  const known = new Set([...leaves.keys(), ...arrows.flatMap(({ from, to }) => [from, to])])
  const paths = [...known].filter(path => path !== initial)
  const visited = paths.filter(path => way?.visits.has(path)).map(idOf)
  return [
    'stateDiagram-v2',
    ...statesIn(paths, '', way).map(line => `  ${line}`),
    ...arrows.map(arrow => `  ${line(kind.name, arrow, initial)}`),
    ...[...leaves.values()].filter(({ tags }) => tags.has('terminal')).map(({ path }) => `  ${idOf(path)} --> [*]`),
    ...(visited.length
      ? ['  classDef visited fill:#d9f2e0,stroke:#2f7d4f', `  class ${visited.join(',')} visited`]
      : []),
  ].join('\n')
}

const idOf = (path: string) => path.replaceAll(/[^A-Za-z0-9]/g, '_')

/** States directly within a place, those within them indented. */
function statesIn(paths: readonly string[], within: string, way: Way | undefined): string[] {
  const inside = within === '' ? paths : paths.filter(path => path.startsWith(`${within}.`))
  const depth = within === '' ? 0 : within.split('.').length
  const names = [...new Set(inside.map(path => path.split('.')[depth]!))]
  return names.flatMap(name => {
    const path = within === '' ? name : `${within}.${name}`
    const visit = way?.visits.get(path)
    if (paths.includes(path)) return [`state "${name}${visit ? ` (${visitText(visit)})` : ''}" as ${idOf(path)}`]
    return [`state "${name}" as ${idOf(path)} {`, ...statesIn(paths, path, way).map(line => `  ${line}`), '}']
  })
}

function line(kind: string, { from, to, events }: Arrow, initial: string): string {
  const words = events.map(({ type, count }) => type.slice(kind.length + 1) + (count > 0 ? ` ×${count}` : ''))
  return `${from === initial ? '[*]' : idOf(from)} --> ${idOf(to)} : ${words.join(', ')}`
}
