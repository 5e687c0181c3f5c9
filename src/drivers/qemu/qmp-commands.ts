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
  'blockdev-backup': Command<
    { 'job-id': string; device: string; target: string; sync: 'full'; 'auto-dismiss': false },
    Nothing
  >
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
