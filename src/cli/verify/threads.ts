/** Verification over several threads: each runs the resources that fall to it, of one and the same log. */
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { joined, type Verdict } from '../../index.ts'
import { type PartAsked, type Progress, verifyPart } from './part.ts'

/** What is read is forgotten at once, and what each resource remembers stays: a large nursery keeps the two apart. */
const resourceLimits = { maxYoungGenerationSizeMb: 96 }

type Told = { readonly position: number } | { readonly verdict: Verdict }

/**
 * The first part is done by this thread, which has the rules loaded: while the others load them it is at work already.
 * @param onProgress hears the position that every thread has passed
 * Throws what a thread throws; the others end then.
 */
export async function verifyInThreads(
  asked: Omit<PartAsked, 'part' | 'parts'>,
  parts: number,
  onProgress: (position: number) => void,
): Promise<Verdict> {
  const positions = new Array<number>(parts).fill(0)
  const progress = (part: number, position: number) => {
    positions[part] = position
    onProgress(Math.min(...positions))
  }
  let failure: { readonly error: unknown } | undefined
  const failed = (error: unknown) => {
    failure ??= { error }
    throw error
  }
  // The others tell how far they are between two chunks of this one.
  const own: Progress = async position => {
    progress(0, position)
    await setImmediate()
    if (failure) throw failure.error
  }
  const threads = Array.from({ length: parts - 1 }, (_, index) => threadFor({ ...asked, part: index + 1, parts }))
  try {
    const others = threads.map((thread, index) => verdictOf(thread, position => progress(index + 1, position)))
    const all = [verifyPart({ ...asked, part: 0, parts }, own), ...others]
    return joined(await Promise.all(all.map(each => each.catch(failed))))
  } finally {
    await Promise.all(threads.map(thread => thread.terminate()))
  }
}

function threadFor(workerData: PartAsked): Worker {
  // The thread's file has the ending of this one: TypeScript in the checkout, JavaScript in the package.
  const file = import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js'
  return new Worker(new URL(file, import.meta.url), { workerData, resourceLimits })
}

const verdictOf = (thread: Worker, onProgress: (position: number) => void) =>
  new Promise<Verdict>((resolve, reject) => {
    thread.on('message', (told: Told) => ('verdict' in told ? resolve(told.verdict) : onProgress(told.position)))
    thread.on('error', reject)
    thread.on('exit', code => reject(new Error(`a thread ended with ${code} before it had a verdict`)))
  })
