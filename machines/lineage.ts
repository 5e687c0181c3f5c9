/**
 * The lineage of an instance's VM snapshots: which was taken after which, and which one its disks come from now.
 *
 * `base` is what the live disks descend from, also when that is hidden; `current` is what its owner sees of it: the
 * nearest one that is not. Taking one makes it a child of the base, and the base. Reverting moves the base and nothing
 * else: that is how forks appear. One that goes leaves its children to its parent, so there may be several roots, and
 * the base to its parent too. One that is `hidden` was deleted, but others come after it: it stays, occupies space,
 * and goes as soon as no more than one does. (spec: cloudstack 2.3, 2.4, 2.6.)
 *
 * One that is being taken, or could not be, has no place yet: it is nobody's parent and never the base.
 */
export interface LineageNode {
  readonly name: string
  readonly memory: boolean
  readonly status: 'creating' | 'kept' | 'hidden' | 'failed'
  readonly parent?: string
}
export interface Lineage {
  readonly nodes: Readonly<Record<string, LineageNode>>
  readonly base?: string
  readonly current?: string
}
export const unbranched: Lineage = { nodes: {} }

const hasPlace = ({ status }: LineageNode) => status === 'kept' || status === 'hidden'

/** Those that come directly after it; of none: the roots. */
export const childrenOf = ({ nodes }: Lineage, id: string | undefined): string[] =>
  Object.keys(nodes).filter(each => hasPlace(nodes[each]!) && nodes[each]!.parent === id)

/** It and all that come after it, each before what it came after. */
export const subtreeOf = (lineage: Lineage, id: string): string[] => [
  ...childrenOf(lineage, id).flatMap(child => subtreeOf(lineage, child)),
  id,
]

/** From it to its root. */
export function lineOf({ nodes }: Lineage, id: string | undefined): string[] {
  const line: string[] = []
  for (let at = id; at !== undefined && nodes[at] !== undefined; at = nodes[at]!.parent) line.push(at)
  return line
}

/** What would be lost with it if its layer went: its children, and the live disks if they come from it. */
export const dependantsOf = (lineage: Lineage, id: string): number =>
  childrenOf(lineage, id).length + (lineage.base === id ? 1 : 0)

/** Hidden ones that may go by now. */
export const collapsible = (lineage: Lineage): string[] =>
  Object.keys(lineage.nodes).filter(id => lineage.nodes[id]!.status === 'hidden' && dependantsOf(lineage, id) <= 1)

function based(nodes: Lineage['nodes'], base: string | undefined): Lineage {
  const current = lineOf({ nodes }, base).find(each => nodes[each]!.status === 'kept')
  return { nodes, ...(base !== undefined && { base }), ...(current !== undefined && { current }) }
}
const without = (nodes: Lineage['nodes'], id: string): Lineage['nodes'] =>
  Object.fromEntries(Object.entries(nodes).filter(([each]) => each !== id))

export const begun = ({ nodes, base }: Lineage, id: string, name: string, memory: boolean): Lineage =>
  based({ ...nodes, [id]: { name, memory, status: 'creating' } }, base)

export function kept({ nodes, base }: Lineage, id: string): Lineage {
  const node: LineageNode = { ...nodes[id]!, status: 'kept', ...(base !== undefined && { parent: base }) }
  return based({ ...nodes, [id]: node }, id)
}
export const failed = ({ nodes, base }: Lineage, id: string): Lineage =>
  based({ ...nodes, [id]: { ...nodes[id]!, status: 'failed' } }, base)

export const reverted = ({ nodes }: Lineage, id: string): Lineage => based(nodes, id)

export const hidden = ({ nodes, base }: Lineage, id: string): Lineage =>
  based({ ...nodes, [id]: { ...nodes[id]!, status: 'hidden' } }, base)

/** Its children and the live disks come from its parent now. */
export function removed({ nodes, base }: Lineage, id: string): Lineage {
  const parent = nodes[id]?.parent
  const moved = Object.entries(without(nodes, id)).map(([each, node]): [string, LineageNode] => {
    if (node.parent !== id) return [each, node]
    const { parent: _, ...rest } = node
    return [each, parent === undefined ? rest : { ...rest, parent }]
  })
  return based(Object.fromEntries(moved), base === id ? parent : base)
}
