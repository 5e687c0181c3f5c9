/** What an instance shows of its VM snapshots: the lineage it keeps, read from what it told them. */
import type { Envelope } from '../machines/grammar.ts'
import * as tree from '../machines/lineage.ts'
import { type Attributes, defined } from './inventory.row.ts'

type Told = (lineage: tree.Lineage, id: string) => tree.Lineage
const changes: Readonly<Record<string, Told>> = {
  'vm-snapshot.kept': tree.kept,
  'vm-snapshot.keepFailed': tree.failed,
  'vm-snapshot.reverted': tree.reverted,
  'vm-snapshot.hidden': tree.hidden,
  'vm-snapshot.removed': tree.removed,
  'vm-snapshot.instanceGone': tree.removed,
}

export function lineageOf(attributes: Attributes, { type, data, wants = [] }: Envelope): Attributes {
  const before: tree.Lineage = attributes.lineage ?? tree.unbranched
  let lineage = before
  if (type === 'instance.vmSnapshotProposed') {
    const { snapshot, name, memory } = data as { snapshot: string; name: string; memory: boolean }
    lineage = tree.begun(lineage, snapshot, name, memory)
  }
  for (const want of wants) {
    const change = want.want === 'tell' ? changes[want.event] : undefined
    if (want.want === 'tell' && change) lineage = change(lineage, want.resource)
  }
  if (lineage === before) return attributes
  return defined({ ...attributes, lineage: Object.keys(lineage.nodes).length ? lineage : undefined })
}
