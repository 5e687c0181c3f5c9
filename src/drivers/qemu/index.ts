/**
 * Machines of this computer: QEMU itself, over its own monitor, with disks in a folder. Machines are processes of their
 * own and outlive this one; what a driver opened later finds on the pool is all it needs. One process uses a pool.
 */
import {
  type CallContext,
  type Capabilities,
  capabilities,
  type DeclaredCapabilities,
  type Driver,
  type Outcome,
} from '../driver.ts'
import { optionalCalls, promises } from '../optional-calls.ts'
import { rejected } from '../outcomes.ts'
import { attach, detach } from './attachment-calls.ts'
import { capacityOf } from './capacity.ts'
import { portCount } from './command-line.ts'
import { consoleOf } from './console.ts'
import { instanceDestroy } from './destroy-call.ts'
import { Held, type Host } from './host.ts'
import { imageDelete } from './image-calls.ts'
import { instanceEnsure } from './instance-calls.ts'
import { acceleratorFor } from './kvm-verdict.ts'
import { Machines } from './machines.ts'
import { Pool } from './pool.ts'
import { instancePower } from './power-calls.ts'
import { probeComputer } from './probe.ts'
import { Records } from './records.ts'
import { instanceReset } from './reset-call.ts'
import { volumeSnapshotDelete, volumeSnapshotEnsure } from './snapshot-calls.ts'
import { volumeSnapshotGroupEnsure } from './snapshot-groups.ts'
import { listed, observed } from './views.ts'
import { vmSnapshotRevert } from './vm-revert-calls.ts'
import { vmSnapshotDelete, vmSnapshotEnsure } from './vm-snapshot-calls.ts'
import { volumeDelete, volumeEnsure, volumeResize } from './volume-calls.ts'
import { volumeRevert } from './volume-revert-call.ts'
import { Watcher } from './watcher.ts'
import { type Call, type Verb, Work } from './work.ts'

export type { RefusedFile } from './image-folder.ts'
export { type Imported, type ImportOptions, importImages, type NewImage } from './image-import.ts'
export { type KvmProofOptions, proveKvm } from './kvm-proof.ts'
export { AcceleratorUnproven, type KvmState, type KvmVerdict, knownVerdict } from './kvm-verdict.ts'
export { PoolRefused } from './pool.ts'
export { type PoolHolder, PoolInUse, poolHolder } from './pool-lock.ts'
export { probeComputer } from './probe.ts'

export interface QemuOptions {
  /** Folder of disks, records and running machines; made if it is missing. At most 70 characters or so: it holds sockets. */
  readonly pool: string
  /** Whose machines these are, in observations, where whoever asks names nobody. Default `stemma`. */
  readonly owner?: string
  /** The only zone, of every region. Default `local`. */
  readonly zone?: string
  /** The zones of each region, if there are to be several: all of them are this computer. */
  readonly regions?: Readonly<Record<string, readonly string[]>>
  /**
   * Default `tcg`, which every computer has. `auto` launches with KVM where `proveKvm` has booted a kernel with it and
   * kept the verdict in this pool since the computer was started, else with `tcg`; `kvm` is refused where it has not.
   */
  readonly accelerator?: 'auto' | 'tcg' | 'kvm'
  /** How long a guest may take to end by itself when it is asked to, before it is ended. Default 60 000. */
  readonly gracefulMs?: number
  /** Whether disks may be taken from running guests. Their operating system has to let go; without one it never ends. Default true. */
  readonly hotUnplug?: boolean
  /** What takes longer is answered with `pending`. Default 2 000. */
  readonly answerWithinMs?: number
  /** Default: the system's clock, ms since 1970. */
  readonly now?: () => number
}

const declaredBy = ({ zone = 'local', regions, hotUnplug = true }: QemuOptions): DeclaredCapabilities => ({
  zones: regions ? Object.values(regions).flat() : [zone],
  ...(regions
    ? { regions: Object.fromEntries(Object.entries(regions).map(([name, zones]) => [name, [...zones]])) }
    : {}),
  // A disk is a layer over its image, so nothing may write to the image itself.
  runsOnImage: false,
  bootFromVolume: true,
  bootFromSnapshot: true,
  canCreateVolumeFromImage: true,
  cloneKind: 'cow',
  canDeleteImage: true,
  stateAfterCreate: 'stopped',
  stop: 'preserves',
  stopStyles: ['acpi', 'hard'],
  start: 'hard',
  reboot: 'hard',
  suspend: 'disk',
  pause: true,
  graceful: 'reported',
  consoleOutput: true,
  destroyFrom: ['running', 'stopped', 'suspended', 'pending', 'error'],
  volume: { minBytes: 1024 * 1024, stepBytes: 1024 * 1024, maxBytes: 64 * 1024 ** 4, grow: 'online' },
  volumeAttach: { hotPlug: true, hotUnplug, max: portCount, detachNeedsGuest: true, identity: 'serial' },
  volumeSnapshot: { of: ['available', 'in-use'], live: true, group: true, independentOfVolume: true, revert: true },
  vmSnapshot: {
    memory: true,
    diskOnly: true,
    live: true,
    tree: true,
    revertWhileRunning: true,
    maxCount: 16,
    maxDepth: 16,
    // QEMU does nothing else while it writes the memory of a guest.
    stunsVm: true,
    blocks: ['attach', 'detach', 'resize'],
  },
  idempotency: { by: 'id' },
  capacity: 'measured',
  limits: { callsInFlightMax: 16 },
})

const effects: { readonly [V in Verb]: (host: Host, call: Call, signal: AbortSignal) => Promise<Outcome> } = {
  imageDelete: (host, { id }) => imageDelete(host, id),
  volumeEnsure: (host, { id, spec, context }, signal) => volumeEnsure(host, id, spec, context.token, signal),
  volumeResize: (host, { id, spec, context }, signal) => volumeResize(host, id, spec, context.token, signal),
  volumeDelete: (host, { id }) => volumeDelete(host, id),
  volumeSnapshotEnsure,
  volumeSnapshotDelete: (host, { id }) => volumeSnapshotDelete(host, id),
  volumeSnapshotGroupEnsure,
  volumeRevert,
  // It has one pool: its folder. So this is not declared, and nobody asks for it.
  volumeMigrate: async (_, { id }) => rejected('unsupported', `volume ${id}: there is no other pool to move it to`),
  instanceEnsure: (host, { id, spec, context }) => instanceEnsure(host, id, spec, context.token),
  instancePower,
  instanceReset: (host, { id, spec, context }) => instanceReset(host, id, spec, context.token),
  instanceDestroy: (host, { id }) => instanceDestroy(host, id),
  attach: (host, { spec }) => attach(host, spec),
  detach,
  vmSnapshotEnsure,
  vmSnapshotRevert,
  vmSnapshotDelete,
}

const startsProcesses = new Set<Verb>(['instancePower', 'vmSnapshotRevert'])

/**
 * Opens a pool, and keeps other processes out until it is closed or this process ends. Throws PoolRefused for a path that
 * can not be one, PoolInUse where another process has it, AcceleratorUnproven, and what reading its records throws.
 */
export function qemu(options: QemuOptions): Driver {
  const declared: Capabilities = capabilities(declaredBy(options))
  const { owner = 'stemma', gracefulMs = 60_000, answerWithinMs = 2_000, now = Date.now } = options
  const pool = new Pool(options.pool)
  const { accelerator, records } = opened(pool, options, now())
  const machines = new Machines(pool, { accelerator, endWithinMs: 3_000 })
  const host: Host = { pool, records, machines, copied: new Held(), declared, owner, gracefulMs, now }
  const work = new Work((call, signal) => {
    const { owner = host.owner } = call.context
    return effects[call.verb]({ ...host, owner }, call, signal)
  }, answerWithinMs)
  const watcher = new Watcher(host)

  const perform = (verb: Verb) => async (id: string, spec: unknown, context: CallContext) => {
    const outcome = await work.run({ verb, id, spec, context })
    if (outcome.kind === 'done' && startsProcesses.has(verb)) void watcher.follow(id)
    return outcome
  }
  const driver: Driver = {
    describe: () => declared,
    probe: () => probeComputer(pool.folder, machines.accelerator),
    instanceEnsure: perform('instanceEnsure'),
    instanceDestroy: perform('instanceDestroy'),
    poll: (handle, context) => work.poll(handle, context),
    settle: token => work.settle(token),
    observe: (kind, id) => observed(host, kind, id),
    list: (kind, cursor) => listed(host, kind, cursor),
    capacity: () => capacityOf(host),
    consoleOutput: instance => consoleOf(host, instance),
    watch: signal => watcher.watch(signal),
    close: async () => {
      watcher.close()
      await work.close()
      pool.release()
    },
  }
  for (const call of optionalCalls) if (promises[call](declared)) driver[call] = perform(call)
  return driver
}

/** What may say no: then the pool is left to others. */
const opened = (pool: Pool, { accelerator = 'tcg' }: QemuOptions, now: number) => {
  try {
    const first = acceleratorFor(pool.folder, accelerator)
    const next = () => (accelerator === 'auto' ? acceleratorFor(pool.folder, accelerator) : first)
    return { accelerator: next, records: new Records(pool, now) }
  } catch (error) {
    pool.release()
    throw error
  }
}
