/** What guests write to their first serial port: QEMU keeps it in a file, from each launch on. */
import { open } from 'node:fs/promises'
import type { ConsoleOutput } from '../driver.ts'
import { runFiles } from './command-line.ts'
import { hasCode } from './files.ts'
import type { Host } from './host.ts'

const shownBytesMax = 64 * 1024

export async function consoleOf({ pool, records, now }: Host, instance: string): Promise<ConsoleOutput | undefined> {
  if (records.get('instance', instance) === undefined) return undefined
  const file = await open(runFiles(pool.run(instance)).console, 'r').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
  if (file === undefined) return { outputBase64: '', at: now() }
  try {
    const { size, mtimeMs } = await file.stat()
    const shown = Buffer.alloc(Math.min(size, shownBytesMax))
    const { bytesRead } = await file.read(shown, 0, shown.length, size - shown.length)
    return { outputBase64: shown.subarray(0, bytesRead).toString('base64'), at: Math.floor(mtimeMs) }
  } finally {
    await file.close()
  }
}
