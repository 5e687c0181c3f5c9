/** The processes of a pool's machines: tests end what they started, each by its pid, and leave nothing behind. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runFiles } from '../../../src/drivers/qemu/command-line.ts'
import { holderOf as holderOfFile } from '../../../src/drivers/qemu/process-lock.ts'

export const pidFileOf = (pool: string, instance: string): string => runFiles(join(pool, 'run', instance)).pid

export const holderOf = (pool: string, instance: string): Promise<number | undefined> =>
  holderOfFile(pidFileOf(pool, instance))

/** As a power cut would: at once, and without a word. */
export async function killMachine(pool: string, instance: string): Promise<void> {
  const pid = await holderOf(pool, instance)
  if (pid === undefined) return
  process.kill(pid, 'SIGKILL')
  while ((await holderOf(pool, instance)) !== undefined) await sleep(5)
}

export async function endAll(pool: string): Promise<void> {
  for (const instance of readdirSync(join(pool, 'run'))) await killMachine(pool, instance)
}
