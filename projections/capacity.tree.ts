/**
 * The tree of an instance's VM snapshots, and what it takes of storage for each disk. The live disk is a leaf too, under
 * the snapshot it descends from: so a chain takes nothing but memory, and going back to one that has others after it
 * shows at once what may be written twice. (spec: cloudstack 3.3, 3.4.)
 */
import type { Envelope } from '../machines/grammar.ts'
import { type Cause, causeOf, type SnapshotNode, said, summed, type Tree } from './capacity.row.ts'
import type { Amounts } from './contract.ts'

const bare: Tree = { nodes: {} }

type Disks = readonly { readonly volume: string; readonly sizeBytes: number }[]
const sizesOf = (disks: Disks = []) => Object.fromEntries(disks.map(({ volume, sizeBytes }) => [volume, sizeBytes]))

function without(tree: Tree, gone: string): Tree {
  const { nodes, live } = tree
  const { [gone]: removed, ...rest } = nodes
  if (!removed) return tree
  const moved = Object.entries(rest).map(([id, node]) => [
    id,
    node.parent === gone ? { ...node, parent: removed.parent } : node,
  ])
  return { ...tree, nodes: Object.fromEntries(moved), live: live === gone ? removed.parent : live }
}

/** The tree after an event of one of its snapshots; undefined where nothing is left of it. */
export const treeAfter = (tree: Tree = bare, event: Envelope): Tree | undefined => someOf(changed(tree, event))

function changed(tree: Tree, event: Envelope): Tree {
  const { resource: id, type } = event
  const node = tree.nodes[id]
  switch (type) {
    case 'vm-snapshot.kept': {
      const { parent, memoryBytes, disks, root } = said(event)
      const kept: SnapshotNode = {
        ...(parent !== undefined && tree.nodes[parent] && { parent }),
        memoryBytes: memoryBytes ?? 0,
        ...(root !== undefined && { root }),
        disks: sizesOf(disks),
        cause: causeOf(event),
      }
      return { ...tree, nodes: { ...tree.nodes, [id]: kept }, live: id }
    }
    case 'vm-snapshot.reverted':
      return node ? { ...tree, live: id } : tree
    case 'vm-snapshot.hidden':
      return node ? { ...tree, nodes: { ...tree.nodes, [id]: { ...node, hidden: true } } } : tree
    case 'vm-snapshot.removed':
      return without(tree, id)
    case 'vm-snapshot.instanceGone':
      return bare
    default:
      return tree
  }
}

const someOf = (tree: Tree): Tree | undefined =>
  Object.keys(tree.nodes).length || Object.keys(tree.promised ?? {}).length ? tree : undefined

/**
 * The same with what is promised: the memory of a snapshot counts from the request on, and no more if it fails; and so
 * does the branch that going back to one begins.
 */
export function promisedAfter(tree: Tree = bare, event: Envelope): Tree | undefined {
  const { resource: id, type } = event
  if (type === 'vm-snapshot.createRequested') {
    const { memory, settings, volumes = [] } = said(event)
    if (!memory) return someOf(tree)
    const { volume: root } = volumes.find((each: { root: boolean }) => each.root) ?? {}
    const promise = { memoryBytes: settings.memoryBytes, root, cause: causeOf(event) }
    return { ...tree, promised: { ...tree.promised, [id]: promise } }
  }
  if (type === 'vm-snapshot.revertRequested') return someOf(tree.nodes[id] ? { ...tree, going: id } : tree)
  if (tree.going === id) return treeAfter(withoutGoing(tree), event)
  const { [id]: _, ...promised } = tree.promised ?? {}
  const isOver = type === 'vm-snapshot.kept' || type === 'vm-snapshot.keepFailed'
  return treeAfter(isOver && tree.promised ? { ...tree, promised } : tree, event)
}

const withoutGoing = ({ going: _, ...tree }: Tree): Tree => tree

/** What one snapshot takes of one disk. */
export interface Layer {
  readonly snapshot: string
  readonly disk: string
  readonly amounts: Amounts
  readonly cause: Cause
}

/** Every layer that the tree holds. `own`: where memory goes whose snapshot names no root. */
export function layersOf(tree: Tree | undefined, own: string): Layer[] {
  if (!tree) return []
  const { nodes, promised = {} } = tree
  const covered = [...new Set(Object.values(nodes).flatMap(({ disks }) => Object.keys(disks)))]
  const disks = covered.flatMap(disk => {
    const inner = innerOf(tree, disk)
    return Object.entries(nodes).flatMap(([snapshot, { disks, hidden, cause }]): Layer[] => {
      const sizeBytes = disks[disk]
      if (sizeBytes === undefined) return []
      const amounts = {
        snapshotLayers: 1,
        ...(!hidden && { visibleLayers: 1 }),
        frozenBytes: sizeBytes,
        ...(!inner.has(snapshot) && { branchBytes: sizeBytes }),
      }
      return [{ snapshot, disk, amounts, cause }]
    })
  })
  const memory = Object.entries({ ...promised, ...nodes }).flatMap(
    ([snapshot, { memoryBytes, root = own, cause }]): Layer[] =>
      memoryBytes ? [{ snapshot, disk: root, amounts: { memoryBytes }, cause }] : [],
  )
  return [...disks, ...memory]
}

/** Snapshots after which this disk goes on, live or in another snapshot that has it: all but its leaves. */
function innerOf({ nodes, live }: Tree, disk: string): Set<string> {
  const inner = new Set<string>()
  const mark = (from: string | undefined) => {
    for (let id = from; id !== undefined && !inner.has(id); id = nodes[id]?.parent) inner.add(id)
  }
  mark(live)
  for (const { parent, disks } of Object.values(nodes)) if (Object.hasOwn(disks, disk)) mark(parent)
  return inner
}

/** What the tree takes, by disk. */
export function takenOf(tree: Tree | undefined, own: string): Map<string, Amounts> {
  const sums = new Map<string, Amounts>()
  for (const { disk, amounts } of layersOf(tree, own)) sums.set(disk, summed(sums.get(disk), amounts))
  return sums
}

/** The same of a tree with promises: where it is being taken back, the larger of what it takes before and after that. */
export function claimedOf(tree: Tree | undefined, own: string): Map<string, Amounts> {
  const now = takenOf(tree, own)
  if (tree?.going === undefined) return now
  const after = takenOf({ ...tree, live: tree.going }, own)
  return new Map(
    [...now].map(([disk, amounts]) => {
      const branchBytes = Math.max(amounts.branchBytes ?? 0, after.get(disk)?.branchBytes ?? 0)
      return [disk, branchBytes ? { ...amounts, branchBytes } : amounts]
    }),
  )
}
