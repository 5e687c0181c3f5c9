/**
 * The chart of a kind as a graph for Graphviz, which lays it out: states within states are clusters, and an arrow that
 * leaves every state of a cluster alike is drawn once, from its border.
 */
import type { Kind } from '../../../machines/grammar.ts'
import { type Chart, readChart } from '../../runtime/chart.ts'
import { type Arrow, type ArrowEvent, arrowsOf } from './arrows.ts'
import { gathered } from './gathered.ts'
import { visitText, type Way } from './way.ts'

type Attributes = Readonly<Record<string, string | number | boolean>>

/** What `render` of `@viz-js/viz` takes. */
export interface Graph {
  readonly name?: string
  readonly directed?: boolean
  readonly graphAttributes?: Attributes
  readonly nodeAttributes?: Attributes
  readonly edgeAttributes?: Attributes
  readonly nodes: readonly { readonly name: string; readonly attributes: Attributes }[]
  readonly edges?: readonly { readonly tail: string; readonly head: string; readonly attributes: Attributes }[]
  readonly subgraphs: readonly Graph[]
}

const FONTS = 'Helvetica,Arial,sans-serif'
const VISITED = { fillcolor: '#d9f2e0', color: '#2f7d4f' }
const TAKEN = { color: '#2f7d4f', fontcolor: '#1d5434', penwidth: 2 }
/** Guards shown of an event; all of them are in what shows when one points at it. */
const GUARDS_SHOWN = 2

/** @param way what is drawn on it */
export function graph(kind: Pick<Kind, 'name' | 'machine'>, way?: Way): Graph {
  const chart = readChart(kind.machine)
  const arrows = arrowsOf(chart, way)
  const paths = [...new Set([...chart.leaves.keys(), ...arrows.flatMap(({ from, to }) => [from, to])])]
  const drawn = gathered(arrows, paths)
  return {
    name: kind.name,
    directed: true,
    graphAttributes: { ...looks.graph, compound: true, tooltip: kind.name },
    nodeAttributes: looks.node,
    edgeAttributes: looks.edge,
    ...within('', paths, chart, way),
    edges: drawn.map(arrow => edge(kind.name, arrow, drawn, paths)),
  }
}

const looks = {
  graph: {
    ...{ rankdir: 'LR', bgcolor: 'white', fontname: FONTS, fontsize: 12, nodesep: 0.3, ranksep: 0.5 },
    // Ranks across all of it: Graphviz's older way draws clusters over each other where many arrows join them.
    newrank: true,
  },
  node: {
    ...{ shape: 'box', style: 'rounded,filled', fillcolor: '#f6f8fa', color: '#57606a' },
    ...{ fontname: FONTS, fontsize: 12 },
  },
  edge: { fontname: FONTS, fontsize: 9, color: '#57606a', arrowsize: 0.7 },
} as const

/** The states directly within a place, and those that have states of their own as clusters. */
function within(place: string, paths: readonly string[], chart: Chart, way: Way | undefined) {
  const depth = place === '' ? 0 : place.split('.').length
  const inside = paths.filter(path => place === '' || path.startsWith(`${place}.`))
  const isDirect = (path: string) => path.split('.').length === depth + 1
  const named = (path: string) =>
    path
      .split('.')
      .slice(0, depth + 1)
      .join('.')
  return {
    nodes: inside.filter(isDirect).map(path => ({ name: path, attributes: node(path, chart, way) })),
    subgraphs: [...new Set(inside.filter(path => !isDirect(path)).map(named))].map(
      (cluster): Graph => ({
        name: `cluster ${cluster}`,
        graphAttributes: {
          ...{ label: cluster.split('.').at(-1)!, style: 'rounded', color: '#8c959f', tooltip: cluster },
        },
        ...within(cluster, paths, chart, way),
      }),
    ),
  }
}

function node(path: string, { initial, leaves }: Chart, way: Way | undefined): Attributes {
  if (path === initial)
    return { shape: 'circle', style: 'filled', fillcolor: '#24292f', label: '', width: 0.2, tooltip: path }
  const visit = way?.visits.get(path)
  const name = path.split('.').at(-1)!
  return {
    label: visit ? `${name}\n${visitText(visit)}` : name,
    tooltip: [path, ...(leaves.get(path)?.tags ?? [])].join(', '),
    ...(leaves.get(path)?.tags.has('terminal') && { peripheries: 2 }),
    ...(visit && VISITED),
  }
}

function edge(kind: string, { from, to, events }: Arrow, arrows: readonly Arrow[], paths: readonly string[]) {
  const isTaken = events.some(({ count }) => count > 0)
  const whole = events.map(each => words(kind, each, Number.POSITIVE_INFINITY)).join('\n')
  const inner = paths.includes(from) ? undefined : innerOf(from, to, arrows, paths)
  return {
    tail: inner ?? from,
    head: to,
    attributes: {
      label: `${events.map(each => `  ${words(kind, each, GUARDS_SHOWN)}`).join('\\l')}\\l`,
      ...{ tooltip: whole, labeltooltip: whole },
      ...(inner !== undefined && { ltail: `cluster ${from}` }),
      ...(isTaken && TAKEN),
    },
  }
}

/** Where an arrow from a cluster's border begins: at a state that has no arrow of its own there, whose words would cover it. */
function innerOf(cluster: string, to: string, arrows: readonly Arrow[], paths: readonly string[]): string {
  const inside = paths.filter(path => path.startsWith(`${cluster}.`))
  return inside.findLast(path => !arrows.some(each => each.from === path && each.to === to)) ?? inside.at(-1)!
}

/** Such as `deleteRequested [unattached, present, +3] ×2`. */
function words(kind: string, { type, guards, count }: ArrowEvent, shown: number): string {
  const ways = guards.map(names => [
    ...names.slice(0, shown),
    ...(names.length > shown ? [`+${names.length - shown}`] : []),
  ])
  const isAlways = ways.length === 0 || ways.some(names => names.length === 0)
  const guarded = isAlways ? '' : ` [${ways.map(names => names.join(', ')).join(' or ')}]`
  return type.slice(kind.length + 1) + guarded + (count > 0 ? ` ×${count}` : '')
}
