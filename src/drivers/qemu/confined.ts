/**
 * Runs a tool on something that a stranger may have made: with limits of the kernel on its time, its memory and what it
 * writes. (spec: images-and-rendering S28.)
 */
import { existsSync } from 'node:fs'
import { runTool, type ToolResult } from './tool.ts'

export interface Limits {
  readonly signal?: AbortSignal
  /** The largest file it may write. */
  readonly writtenBytesMax?: number
}

const cpuSecondsMax = 1_800
const memoryBytesMax = 4 * 1024 ** 3
const processesMax = 4_096
/** Of util-linux, which every Debian has. */
const limiter = '/usr/bin/prlimit'

/** As `runTool`. */
export function confined(
  program: string,
  words: readonly string[],
  { signal, writtenBytesMax = 1024 ** 2 }: Limits,
): Promise<ToolResult> {
  if (!existsSync(limiter)) return runTool(program, words, signal)
  const limits = [
    `--cpu=${cpuSecondsMax}`,
    `--as=${memoryBytesMax}`,
    `--fsize=${writtenBytesMax}`,
    `--nproc=${processesMax}`,
  ]
  return runTool(limiter, [...limits, '--', program, ...words], signal)
}
