/** A call whose caller is killed before it has heard what came of it. */
import { spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { join } from 'node:path'
import type { Verb } from '../../../src/drivers/qemu/work.ts'

/** Asks in a process, which must have the pool to itself and is killed at that moment after it began. */
export async function killedAsking(
  pool: string,
  moment: () => Promise<unknown>,
  verb: Verb,
  id: string,
  spec: object,
  token: string,
): Promise<void> {
  const words = [join(import.meta.dirname, 'caller.ts'), pool, verb, id, JSON.stringify(spec), token]
  const caller = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = event(caller, 'exit')
  try {
    await Promise.race([event(caller.stdout, 'data'), gone])
    await moment()
  } finally {
    caller.kill('SIGKILL')
    await gone
  }
}
