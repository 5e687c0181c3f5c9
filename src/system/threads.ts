/** Threads of Node: each is given something, answers once, and is over. */
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { availableParallelism } from 'node:os'
import { parentPort, Worker, workerData } from 'node:worker_threads'

/** What is read is forgotten at once, and what is made of it stays: a large nursery keeps the two apart. */
const resourceLimits = { maxYoungGenerationSizeMb: 96 }

interface Given {
  readonly data: unknown
  /** Where this process keeps what Node compiles, if it does. */
  readonly compiledIn: string | undefined
}

export interface Thread<T> {
  /** What it answered. Rejects with what it threw, or if it ended otherwise. */
  readonly answer: Promise<T>
  /** Ends it, wherever it is; an answer that is not there yet rejects. Safe to call twice. */
  end(): Promise<void>
}

/** How many threads run side by side here. */
export const processorCount = (): number => availableParallelism()

/**
 * @param file address of the thread's own module, beside that of the caller, without its ending
 * @param data anything that can be cloned; shared memory is shared
 */
export function startThread<T>(file: string, caller: string, data: unknown): Thread<T> {
  // TypeScript in the checkout, JavaScript in the package.
  const ending = caller.endsWith('.ts') ? 'ts' : 'js'
  const given: Given = { data, compiledIn: getCompileCacheDir() }
  const worker = new Worker(new URL(`${file}.${ending}`, caller), { workerData: given, resourceLimits })
  const answer = new Promise<T>((resolve, reject) => {
    worker.on('message', resolve)
    worker.on('error', reject)
    worker.on('exit', code => reject(new Error(`the thread ended with ${code} before it answered`)))
  })
  return {
    answer,
    async end() {
      await worker.terminate()
    },
  }
}

/** In a thread: does the work, and answers with what it returns. What it throws is the thread's error. */
export async function answerWith<T>(work: (data: T) => Promise<unknown>): Promise<void> {
  const { data, compiledIn } = workerData as Given
  if (compiledIn !== undefined) enableCompileCache(compiledIn)
  parentPort!.postMessage(await work(data as T))
}
