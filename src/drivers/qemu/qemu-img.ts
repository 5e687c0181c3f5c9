/**
 * What is done to disks that no machine has open. Every format is said: a guess calls garbage "raw" and follows what the
 * file names. Results go to new private names only. (spec: drivers-and-qemu 2; images-and-rendering S26.)
 */
import { isolated } from './confined.ts'
import { runTool } from './tool.ts'

const qemuImg = (words: readonly string[], signal?: AbortSignal) => isolated('qemu-img', words, signal)
/** What only writes a new file opens no other: there is nothing to keep it from, and a launch waits for it. */
const create = (words: readonly string[], signal?: AbortSignal) =>
  runTool('qemu-img', ['create', '-q', '-f', 'qcow2', ...words], signal)

/** A new disk without contents. */
export const createBlank = (made: string, sizeBytes: number, signal?: AbortSignal) =>
  create(['--', made, String(sizeBytes)], signal)

/**
 * A new disk with the contents of another, which must be there and stay as it is; at least as large. A relative `base` is
 * seen from `made`; it is not opened.
 */
export const createOverlay = (made: string, base: string, sizeBytes: number, signal?: AbortSignal) =>
  create(['-u', '-F', 'qcow2', '-b', base, '--', made, String(sizeBytes)], signal)

/** A copy that stands for itself, whatever layers the first one has; written to the disk, not only to memory. */
export const copyWhole = (made: string, from: string, signal?: AbortSignal) =>
  qemuImg(['convert', '-q', '-t', 'writeback', '-f', 'qcow2', '-O', 'qcow2', '--', from, made], signal)

/** Grows it; QEMU refuses to shrink without being told to, and it is never told to. */
export const growTo = (name: string, sizeBytes: number, signal?: AbortSignal) =>
  qemuImg(['resize', '-q', '-f', 'qcow2', '--', name, String(sizeBytes)], signal)

/** Throws ToolFailed when the image has errors, or a machine has it open. */
export const check = (name: string) => qemuImg(['check', '-q', '-f', 'qcow2', '--', name])

/** `qemu-img snapshot` takes no format but in this way. In QEMU's lists a comma ends a value, and two are one. */
const inside = (what: '-a' | '-c' | '-d', tag: string, name: string) =>
  qemuImg([
    ...['snapshot', '-q', what, tag, '--image-opts'],
    `driver=qcow2,file.driver=file,file.filename=${name.replaceAll(',', ',,')}`,
  ])

/** Keeps the disk inside its own file. A second one of the same name would be made too: look first. */
export const keepInside = (name: string, tag: string) => inside('-c', tag, name)

/** The first one of that name goes. */
export const dropInside = (name: string, tag: string) => inside('-d', tag, name)

/** Takes the disk back to what it keeps under that name, its size too; may be repeated. */
export const goBackInside = (name: string, tag: string) => inside('-a', tag, name)

/** Takes away what a process that was killed in the middle left unused. */
export const repairLeaks = (name: string) => qemuImg(['check', '-q', '-r', 'leaks', '-f', 'qcow2', '--', name])
