/** What a VM snapshot shows: whose it is, what it keeps, and which one it was taken after. */
import type { Envelope } from '../machines/grammar.ts'
import { type Attributes, defined, type KindView, overdue, sighted } from './inventory.row.ts'

export const vmSnapshotView: KindView = {
  attributes: (before, event) => overdue(sighted(changes(before, event), event), event),
  relations: ({ instance, parent, volumes }) => [
    { role: 'instance', id: instance },
    ...(parent ? [{ role: 'parent', id: parent }] : []),
    ...volumes.map((id: string) => ({ role: 'volume', id })),
  ],
}

function changes(before: Attributes, event: Envelope): Attributes {
  const { version, type, at, before: left, state } = event
  const data = event.data as Attributes
  if (version === 1) {
    const { name: _, provider: __, profile: ___, quiesce: ____, ...asked } = data
    return defined({ ...asked, volumes: data.volumes.map(({ volume }: Attributes) => volume) })
  }
  const moved = left !== state
  switch (type) {
    case 'vm-snapshot.kept':
      return moved ? kept(before, data, at) : before
    case 'vm-snapshot.keepFailed':
    case 'vm-snapshot.revertFailed':
    case 'vm-snapshot.removeFailed':
      return moved ? { ...before, reason: { code: data.code, message: data.message, at } } : before
    case 'vm-snapshot.reverted':
      return moved ? defined({ ...before, reason: undefined }) : before
    case 'vm-snapshot.reparented':
      return defined({ ...before, parent: data.parent })
    default:
      return before
  }
}

function kept(before: Attributes, { disks, memoryBytes, parent }: Attributes, keptAt: number): Attributes {
  const sizeBytes = disks.reduce((sum: number, disk: Attributes) => sum + disk.sizeBytes, 0)
  return defined({ ...before, disks, memoryBytes, parent, sizeBytes, keptAt })
}
