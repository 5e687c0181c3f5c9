/**
 * What is done to disks that no machine has open. Every format is said: a guess calls garbage "raw" and follows what the
 * file names. Results go to new private names only. (spec: drivers-and-qemu 2; images-and-rendering S26.)
 */
import { runTool } from './tool.ts'

const qemuImg = (words: readonly string[], signal?: AbortSignal) => runTool('qemu-img', words, signal)

/** A new disk without contents. */
export const createBlank = (made: string, sizeBytes: number, signal?: AbortSignal) =>
  qemuImg(['create', '-q', '-f', 'qcow2', '--', made, String(sizeBytes)], signal)

/** A new disk with the contents of another, which must stay as it is; at least as large. */
export const createOverlay = (made: string, base: string, sizeBytes: number, signal?: AbortSignal) =>
  qemuImg(['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, '--', made, String(sizeBytes)], signal)

/** A copy that stands for itself, whatever layers the first one has; written to the disk, not only to memory. */
export const copyWhole = (made: string, from: string, signal?: AbortSignal) =>
  qemuImg(['convert', '-q', '-t', 'writeback', '-f', 'qcow2', '-O', 'qcow2', '--', from, made], signal)

/** Grows it; QEMU refuses to shrink without being told to, and it is never told to. */
export const growTo = (name: string, sizeBytes: number, signal?: AbortSignal) =>
  qemuImg(['resize', '-q', '-f', 'qcow2', '--', name, String(sizeBytes)], signal)

/** Throws ToolFailed when the image has errors, or a machine has it open. */
export const check = (name: string) => qemuImg(['check', '-q', '-f', 'qcow2', '--', name])
