/**
 * Whether KVM boots guests on this computer: believed only after it has booted one, and only until the computer is
 * started again. (spec: drivers-and-qemu 0: a device that opens, and firmware that runs, prove nothing.)
 */
import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** `unproven`: there is a device, and nobody has booted a kernel with it yet. */
export type KvmState = 'works' | 'broken' | 'unproven' | 'absent'
export interface KvmVerdict {
  readonly state: KvmState
  /** In words, for people. */
  readonly why: string
}

export const kvmDevice = '/dev/kvm'
export const verdictPath = (folder: string): string => join(folder, 'kvm.json')
/** Another one after each start of the computer. */
export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

/** What a proof leaves in the pool. */
const keptSchema = z.strictObject({
  bootId: z.string(),
  qemuVersion: z.string(),
  state: z.enum(['works', 'broken']),
  why: z.string(),
  at: z.string(),
})
export type KeptVerdict = z.output<typeof keptSchema>

/** Of an earlier proof, if the computer was not started again since. */
export function keptVerdict(folder: string): KeptVerdict | undefined {
  try {
    const kept = keptSchema.parse(JSON.parse(readFileSync(verdictPath(folder), 'utf8')))
    return kept.bootId === bootId() ? kept : undefined
  } catch {
    // None, or one of another version: it is proved anew.
    return undefined
  }
}

/** Without trying anything: what is known of the device, and of earlier proofs in this pool. */
export function knownVerdict(folder?: string): KvmVerdict {
  try {
    accessSync(kvmDevice, constants.R_OK | constants.W_OK)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? { state: 'absent', why: `there is no ${kvmDevice}` }
      : { state: 'absent', why: `${kvmDevice} can not be opened by this user; its group is usually kvm` }
  }
  const kept = folder === undefined ? undefined : keptVerdict(folder)
  return kept
    ? { state: kept.state, why: kept.why }
    : {
        state: 'unproven',
        why: `${kvmDevice} is there, and no kernel has been booted with it since this computer started`,
      }
}

/** KVM was demanded, and has not booted a kernel here. */
export class AcceleratorUnproven extends Error {
  override readonly name = 'AcceleratorUnproven'
  readonly code = 'acceleratorUnproven'
}

/** What machines of this pool run with. Throws AcceleratorUnproven where `kvm` is demanded and not known to work. */
export function acceleratorFor(folder: string, wanted: 'auto' | 'tcg' | 'kvm'): 'tcg' | 'kvm' {
  if (wanted === 'tcg') return 'tcg'
  const { state, why } = knownVerdict(folder)
  if (state === 'works') return 'kvm'
  if (wanted === 'auto') return 'tcg'
  throw new AcceleratorUnproven(`KVM is not used, because it is ${state} here: ${why}; use tcg, or auto`)
}
