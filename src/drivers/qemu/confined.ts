/**
 * Runs tools without a network, and what a stranger may have made with limits of the kernel too: on time, memory and what
 * is written. (spec: images-and-rendering S28.)
 *
 * Disks of the pool's own have no such limits: a copy of a large one takes as long as it takes, its caller can end it, and
 * what it writes is as large as the disk that was asked for. They were made here, name no other file, and go to QEMU by
 * absolute paths, in which it looks for no protocol; that there is no network to reach is in case one of that is wrong.
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
/** Both of util-linux, which every Debian has. */
const limiter = '/usr/bin/prlimit'
const isolator = '/usr/bin/unshare'

/** As root, or as an ordinary user who stays who he is; where the kernel allows neither, it has to do without. */
const isolations: readonly (readonly string[])[] = [
  [isolator, '--net', '--'],
  [isolator, '--map-current-user', '--net', '--'],
]
let isolation: Promise<readonly string[]> | undefined

/** The words that take the network from the program after them; none where that can not be done. */
export const withoutNetwork = (): Promise<readonly string[]> => {
  isolation ??= (async () => {
    for (const [program, ...words] of isolations) {
      const isPossible = await runTool(program!, [...words, 'true']).then(
        () => true,
        () => false,
      )
      if (isPossible) return [program!, ...words]
    }
    return []
  })()
  return isolation
}

/** As `runTool`, without a network. */
export const isolated = async (program: string, words: readonly string[], signal?: AbortSignal): Promise<ToolResult> =>
  runTool(program, words, signal, await withoutNetwork())

/** As `runTool`, without a network and with limits. */
export async function confined(
  program: string,
  words: readonly string[],
  { signal, writtenBytesMax = 1024 ** 2 }: Limits,
): Promise<ToolResult> {
  const limits = [
    `--cpu=${cpuSecondsMax}`,
    `--as=${memoryBytesMax}`,
    `--fsize=${writtenBytesMax}`,
    `--nproc=${processesMax}`,
  ]
  const limited = existsSync(limiter) ? [limiter, ...limits, '--'] : []
  return runTool(program, words, signal, [...(await withoutNetwork()), ...limited])
}
