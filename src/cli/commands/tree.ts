import type { Command } from 'commander'
import { usage as wrong } from '../failure.ts'
import { print } from '../output.ts'
import { coloured, styled } from '../tables.ts'
import type { Row } from '../target.ts'
import { onTarget, readOptions, type TargetOptions } from '../targets/open.ts'

interface Node {
  readonly id: string
  readonly name: string
  readonly state: string
  /** Of all disks it keeps, and of the memory; none before it is complete. */
  readonly diskBytes?: number
  readonly memoryBytes?: number
  readonly createdAt: number
  /** The disks of the instance come from it. */
  readonly base: boolean
  readonly children: readonly Node[]
}
interface Tree {
  readonly instance: string
  readonly state: string
  readonly base?: string
  readonly current?: string
  readonly roots: readonly Node[]
  /** Those without a place: being taken, or failed. */
  readonly apart: readonly Node[]
}
interface Lineage {
  readonly nodes: Readonly<Record<string, { readonly status: string; readonly parent?: string }>>
  readonly base?: string
  readonly current?: string
}

/** `stemma tree <instance>`: which VM snapshot was taken after which, and which one the disks come from. */
export function treeCommand(program: Command): void {
  readOptions(program.command('tree'))
    .description('Draws the VM snapshots of an instance: sizes, states, and where its disks come from.')
    .argument('<instance>', 'its id')
    .action(async (instance: string, options: TargetOptions) => {
      const tree = await onTarget(options, async target => {
        const row = await target.get(instance)
        if (row.kind !== 'instance') throw wrong(`${instance} is of kind ${row.kind}; name an instance.`, 'instance')
        const lineage = (row.attributes as { lineage?: Lineage }).lineage ?? { nodes: {} }
        const rows = await Promise.all(Object.keys(lineage.nodes).map(id => target.get(id)))
        return treeOf(row, lineage, rows)
      })
      print(tree, options.json, drawn)
    })
}

function treeOf(instance: Row, { nodes, base, current }: Lineage, rows: readonly Row[]): Tree {
  const byId = new Map(rows.map(row => [row.id as string, row]))
  const nodeOf = (id: string): Node => {
    const { name, state, createdAt, attributes } = byId.get(id)!
    const { disks, memoryBytes } = attributes as { disks?: { sizeBytes: number }[]; memoryBytes?: number }
    return {
      id,
      name: (name as string | undefined) ?? id,
      state: state as string,
      ...(disks && { diskBytes: disks.reduce((sum, disk) => sum + disk.sizeBytes, 0) }),
      ...(memoryBytes && { memoryBytes }),
      createdAt: createdAt as number,
      base: id === base,
      children: placed.filter(each => nodes[each]!.parent === id).map(nodeOf),
    }
  }
  const isPlaced = (id: string) => ['kept', 'hidden'].includes(nodes[id]!.status)
  const placed = Object.keys(nodes).filter(isPlaced)
  return {
    instance: instance.id as string,
    state: instance.state as string,
    ...(base !== undefined && { base }),
    ...(current !== undefined && { current }),
    roots: placed.filter(id => nodes[id]!.parent === undefined).map(nodeOf),
    apart: Object.keys(nodes)
      .filter(id => !isPlaced(id))
      .map(nodeOf),
  }
}

const GIB = 1024 ** 3
const sized = (bytes: number) => `${Number((bytes / GIB).toFixed(2))} GiB`

function drawn({ instance, state, roots, apart, base }: Tree): string {
  const heading = `${instance} ${coloured('instance', state)}`
  if (roots.length + apart.length === 0) return `${heading}\n${styled('dim', 'It has no VM snapshots.')}`
  const lines = [heading, ...branches(roots, '', base === undefined)]
  if (base === undefined) lines.push('└─ here')
  return [...lines, ...apart.map(node => styled('dim', `   apart: ${labelOf(node)}`))].join('\n')
}

/** Each node on a line, its children and the live disks under it. `more`: something follows at this level. */
function branches(nodes: readonly Node[], indent: string, more: boolean): string[] {
  return nodes.flatMap((node, index) => {
    const isLast = index === nodes.length - 1 && !more
    const within = `${indent}${isLast ? '   ' : '│  '}`
    return [
      `${indent}${isLast ? '└─ ' : '├─ '}${labelOf(node)}`,
      ...branches(node.children, within, node.base),
      ...(node.base ? [`${within}└─ ${styled('green', 'here')}`] : []),
    ]
  })
}

function labelOf({ id, name, state, diskBytes, memoryBytes, createdAt }: Node): string {
  const sizes = [
    diskBytes !== undefined && `disks ${sized(diskBytes)}`,
    memoryBytes !== undefined && `memory ${sized(memoryBytes)}`,
  ].filter(Boolean)
  const named = name === id ? id : `${name} ${styled('dim', id)}`
  const when = new Date(createdAt).toISOString().slice(0, 19).replace('T', ' ')
  return [named, coloured('vm-snapshot', state), ...sizes, styled('dim', when)].join('  ')
}
