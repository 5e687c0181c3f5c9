/** What is read where VM snapshots are refused, or stand in the way: by an instance, and by its volumes. (spec: cloudstack 2.) */
import type { Refusal, RefusalInput } from './grammar.ts'

type Asked = RefusalInput
const no = (code: string, sentence: Refusal['sentence']): Refusal => ({ code, sentence })

const listed = (nodes: object = {}) => Object.keys(nodes).join(', ')
const doing: Readonly<Record<string, string>> = { keep: 'taken', revert: 'gone back to', remove: 'deleted' }
export const instanceKeeping = {
  noVmSnapshots: no(
    'hasVmSnapshots',
    ({ resource, context }: Asked) =>
      `The instance ${resource} has VM snapshots, which keep the disks it has (${listed(context.lineage?.nodes)}); delete those first.`,
  ),
  vmSnapshotIdle: no('vmSnapshotInProgress', ({ resource, context: { vmSnapshotTask: task } }: Asked) => {
    const isGoingBack = task?.kind === 'revert'
    const wayOut = isGoingBack ? 'or terminate the instance' : 'force the instance to stop, or terminate it'
    return `The VM snapshot ${task?.snapshots[0]} of ${resource} is being ${doing[task?.kind ?? 'keep']}; wait for that, ${wayOut}.`
  }),
  vmSnapshotsOffered: no(
    'vmSnapshotsUnsupported',
    ({ resource }: Asked) =>
      `The provider of ${resource} keeps no instances as a whole; take snapshots of its volumes.`,
  ),
  memoryOffered: no(
    'memoryUnsupported',
    ({ resource }: Asked) => `The provider of ${resource} keeps disks alone; ask without memory.`,
  ),
  disksAloneOffered: no(
    'diskOnlyUnsupported',
    ({ resource }: Asked) => `The provider of ${resource} keeps disks only together with the memory; ask with memory.`,
  ),
  disksAloneLive: no(
    'diskOnlyWhileRunning',
    ({ resource }: Asked) =>
      `The provider of ${resource} keeps disks alone only of what is stopped; stop it first, or ask with memory.`,
  ),
  memoryInUse: no(
    'notRunning',
    ({ resource }: Asked) =>
      `The instance ${resource} does not run, so there is nothing in its memory; ask without memory.`,
  ),
  quiesceOffered: no(
    'quiesceUnsupported',
    ({ resource }: Asked) => `The provider of ${resource} cannot make a guest write out what it holds back.`,
  ),
  vmSnapshotsFew: no(
    'tooManyVmSnapshots',
    ({ resource, context }: Asked) =>
      `The instance ${resource} has ${Object.keys(context.lineage?.nodes ?? {}).length} VM snapshots, counting failed and hidden ones; it may have ${context.offers?.vmSnapshots?.maxCount}. Delete one.`,
  ),
  lineShort: no(
    'vmSnapshotLineTooLong',
    ({ resource, context }: Asked) =>
      `The VM snapshots of ${resource} in one line may be ${context.offers?.vmSnapshots?.maxDepth} at most; delete one of them.`,
  ),
  vmSnapshotNameFree: no(
    'vmSnapshotNameTaken',
    ({ resource, data }: Asked) =>
      `The instance ${resource} has a VM snapshot called ${data.name}; choose another name.`,
  ),
  oneKind: no(
    'vmSnapshotKindsMixed',
    ({ resource }: Asked) =>
      `The VM snapshots of ${resource} are either all with memory or all without; delete those it has, or ask for the same.`,
  ),
  stoppedFirst: no(
    'revertNeedsStop',
    ({ resource }: Asked) => `The VM snapshot has disks alone and ${resource} runs; stop it first.`,
  ),
  revertLive: no(
    'revertWhileRunningUnsupported',
    ({ resource }: Asked) => `The provider takes back only what is stopped; stop ${resource} first.`,
  ),
  startedFirst: no(
    'revertNeedsStart',
    ({ resource }: Asked) => `The VM snapshot has what was in memory and ${resource} is stopped; start it first.`,
  ),
  memoryStartable: no(
    'revertNeedsStateful',
    ({ resource }: Asked) =>
      `The instance ${resource} is stateless: it is not started again, and so not from a memory.`,
  ),
  forksOffered: no(
    'revertPastOthers',
    ({ data }: Asked) =>
      `Others were taken after ${data.snapshot}, and the provider keeps a single line; delete those first.`,
  ),
}

export const volumeKeeping = {
  noSnapshotPending: no(
    'snapshotInProgress',
    ({ resource }: Asked) => `A snapshot of the volume ${resource} is being taken; wait until it is complete.`,
  ),
  noVmSnapshotTask: no(
    'vmSnapshotInProgress',
    ({ resource, context }: Asked) =>
      `The VM snapshot ${context.vmSnapshots?.task} of the volume ${resource} is being taken or gone back to; wait for that.`,
  ),
  sizeUncovered: no(
    'volumeInVmSnapshot',
    ({ resource, context }: Asked) =>
      `VM snapshots keep the volume ${resource} as large as it is (${context.vmSnapshots?.ids.join(', ')}); delete those first.`,
  ),
  notBesideVmSnapshots: no(
    'volumeHasVmSnapshots',
    ({ resource, context }: Asked) =>
      `VM snapshots keep the volume ${resource} (${context.vmSnapshots?.ids.join(', ')}), and by the rules asked for it has no others beside them; delete those first.`,
  ),
  notBesideSnapshots: no(
    'volumeHasSnapshots',
    ({ resource, context }: Asked) =>
      `There are snapshots of the volume ${resource} alone (${context.ownSnapshots ?? 0}), and by the rules asked for VM snapshots are not taken beside them; delete those first.`,
  ),
  memoryUnencrypted: no(
    'memoryOfEncryptedDisk',
    ({ resource }: Asked) =>
      `The root volume ${resource} is encrypted, and what is in memory would not be; take its disks alone, or stop it first.`,
  ),
}
