/**
 * What Node compiles is kept for the next process and for threads: loading the rules takes half the time then. In a folder
 * of the user's own, for in one that anybody may write anybody could leave something else to be run.
 */
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Begins to keep what is imported from now on. Where it cannot, nothing is kept. */
export function keepCompiled(env: NodeJS.ProcessEnv = process.env): void {
  try {
    const folder = env.XDG_CACHE_HOME || join(homedir(), '.cache')
    enableCompileCache(env.NODE_COMPILE_CACHE || join(folder, 'stemma'))
  } catch {
    // A user without a home: everything is compiled each time.
  }
}
