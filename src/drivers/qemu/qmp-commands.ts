/** The commands of QEMU's monitor protocol that this driver uses, with the parts of their arguments and answers it reads. */

/** Run states that matter here; QEMU knows more. */
export type RunState =
  | 'prelaunch'
  | 'running'
  | 'paused'
  | 'shutdown'
  | 'io-error'
  | 'inmigrate'
  | 'postmigrate'
  | 'restore-vm'
  | 'guest-panicked'
  | (string & {})

export interface JobInfo {
  readonly id: string
  readonly type: string
  readonly status: 'created' | 'running' | 'paused' | 'ready' | 'waiting' | 'pending' | 'concluded' | (string & {})
  readonly 'current-progress': number
  readonly 'total-progress': number
  /** Of a concluded job that failed. */
  readonly error?: string
}

export interface BlockNode {
  readonly 'node-name': string
  readonly file: string
  readonly drv: string
  readonly image: { readonly 'virtual-size': number }
}

/** A disk of a machine: whether what its guest wrote could be written. */
export interface BlockDevice {
  readonly inserted?: { readonly 'node-name'?: string }
  readonly 'io-status'?: 'ok' | 'failed' | 'nospace'
}

/** A qcow2 file by its absolute path: the format is always said, never guessed. */
export interface Qcow2Node {
  readonly driver: 'qcow2'
  readonly 'node-name': string
  readonly 'read-only'?: boolean
  readonly discard?: 'unmap'
  readonly file: { readonly driver: 'file'; readonly filename: string }
}

export interface BackupAction {
  readonly type: 'blockdev-backup'
  readonly data: {
    readonly 'job-id': string
    readonly device: string
    readonly target: string
    readonly sync: 'full'
    readonly 'auto-dismiss': false
  }
}
/** Keeps a disk inside its own file. */
export interface SnapshotAction {
  readonly type: 'blockdev-snapshot-internal-sync'
  readonly data: { readonly device: string; readonly name: string }
}
export type MigrationStatus = 'setup' | 'active' | 'completed' | 'failed' | 'cancelled' | (string & {})

type Nothing = Record<string, never>
interface Command<Arguments, Returns> {
  readonly arguments: Arguments
  readonly returns: Returns
}

export interface QmpCommands {
  qmp_capabilities: Command<Nothing, Nothing>
  'query-name': Command<Nothing, { name?: string }>
  'query-status': Command<Nothing, { status: RunState; running: boolean }>
  'query-block': Command<Nothing, BlockDevice[]>
  'query-jobs': Command<Nothing, JobInfo[]>
  'query-named-block-nodes': Command<{ flat?: boolean }, BlockNode[]>
  'qom-list': Command<{ path: string }, { name: string; type: string }[]>
  cont: Command<Nothing, Nothing>
  stop: Command<Nothing, Nothing>
  quit: Command<Nothing, Nothing>
  system_powerdown: Command<Nothing, Nothing>
  system_reset: Command<Nothing, Nothing>
  'blockdev-add': Command<Qcow2Node, Nothing>
  'blockdev-del': Command<{ 'node-name': string }, Nothing>
  block_resize: Command<{ 'node-name': string; size: number }, Nothing>
  /** All of them at one moment, or none. */
  transaction: Command<
    { actions: readonly (BackupAction | SnapshotAction)[]; properties?: { 'completion-mode': 'grouped' } },
    Nothing
  >
  'snapshot-save': Command<{ 'job-id': string; tag: string; vmstate: string; devices: readonly string[] }, Nothing>
  'snapshot-load': Command<{ 'job-id': string; tag: string; vmstate: string; devices: readonly string[] }, Nothing>
  'snapshot-delete': Command<{ 'job-id': string; tag: string; devices: readonly string[] }, Nothing>
  migrate: Command<{ uri: string }, Nothing>
  'migrate-incoming': Command<{ uri: string }, Nothing>
  'query-migrate': Command<Nothing, { status?: MigrationStatus; 'error-desc'?: string }>
  'job-cancel': Command<{ id: string }, Nothing>
  'job-dismiss': Command<{ id: string }, Nothing>
  device_add: Command<
    { driver: 'virtio-blk-pci'; id: string; drive: string; serial: string; bus: string; addr: '0x0' },
    Nothing
  >
  device_del: Command<{ id: string }, Nothing>
}

/** What QEMU tells unasked. It is lost while nobody is connected, so it is a reason to look and nothing more. */
export interface QmpEvent {
  readonly event: string
  readonly data?: { readonly [key: string]: unknown }
  readonly timestamp?: { readonly seconds: number; readonly microseconds: number }
}
