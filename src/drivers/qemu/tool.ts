/**
 * Runs a program that ends by itself: words and no shell, an empty environment, nothing to read from. (spec:
 * images-and-rendering S28.)
 */
import { spawn } from 'node:child_process'

export interface ToolResult {
  /** Undefined when it was killed. */
  readonly code: number | undefined
  readonly output: string
  readonly errors: string
}

/** The program said no, could not be started, or was ended before it was done. */
export class ToolFailed extends Error {
  override readonly name = 'ToolFailed'
  readonly result: ToolResult
  constructor(program: string, what: string, result: ToolResult) {
    super(`${program} ${what}: ${result.errors.trim() || `ended with ${result.code ?? 'a signal'}`}`)
    this.result = result
  }
  /** Another process has the image open, or is the same machine, started a moment ago by somebody who was killed. */
  get isLocked(): boolean {
    return /Failed to get .* lock|Cannot lock pid file/.test(this.result.errors)
  }
  /** There is no room, on the disk or in memory. */
  get isFull(): boolean {
    return /No space left on device|Cannot allocate memory/.test(this.result.errors)
  }
}

const textMax = 1024 * 1024
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Gives what it wrote once it ended with 0. `before`: the words of programs that change something of their own process and
 * then become this one. Throws ToolFailed, also when `signal` ends it, or when it is not installed.
 */
export const runTool = (
  program: string,
  words: readonly string[],
  signal?: AbortSignal,
  before: readonly string[] = [],
): Promise<ToolResult> =>
  new Promise((resolve, reject) => {
    const what = words[0] ?? ''
    const [first, ...rest] = [...before, program, ...words]
    const child = spawn(first!, rest, {
      env: { LC_ALL: 'C.UTF-8', PATH: process.env.PATH ?? searchPath },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
    })
    let [output, errors] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < textMax) output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (errors.length < textMax) errors += text
    })
    child.on('error', error =>
      reject(new ToolFailed(program, what, { code: undefined, output, errors: error.message })),
    )
    child.on('close', code => {
      const result = { code: code ?? undefined, output, errors }
      if (code === 0) resolve(result)
      else reject(new ToolFailed(program, what, result))
    })
  })
