/** Where QEMU is not installed, what needs it is skipped with what to install; in CI that fails: CI installs it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'vitest'

export interface Tool {
  readonly probe: readonly [file: string, ...words: string[]]
  /** The Debian packages it comes in. */
  readonly packages: string
}
export const qemuImg: Tool = { probe: ['qemu-img', '--version'], packages: 'qemu-utils' }
export const qemuSystem: Tool = {
  probe: ['qemu-system-x86_64', '--version'],
  packages: 'qemu-system-x86 qemu-utils seabios',
}

export const isThere = ({ probe: [file, ...words] }: Tool): boolean => {
  try {
    execFileSync(file, words, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Declares tests that need the tool, or one line that says what to install. */
export function describeWith(tool: Tool, title: string, declare: () => void): void {
  if (isThere(tool)) return void describe(title, declare)
  describe(title, () => {
    it(`needs ${tool.probe[0]}`, (context: TestContext) => {
      const why = `install the Debian packages ${tool.packages} to run this`
      if (process.env.CI) throw new Error(why)
      context.skip(why)
    })
  })
}

/** A folder of its own for what `work` makes; its name stays short, because a socket's path has at most 107 bytes. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'qemu-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
