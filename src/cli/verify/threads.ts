/** Verification over several threads: each runs the resources that fall to it, of one and the same log. */
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { joined, type Share, type Verdict } from '../../index.ts'
import { type PartAsked, type Progress, verifyPart } from './part.ts'

/** What is read is forgotten at once, and what each resource remembers stays: a large nursery keeps the two apart. */
const resourceLimits = { maxYoungGenerationSizeMb: 96 }

type Told = { readonly position: number } | { readonly verdict: Verdict }

/** Parts of the log that are given out, several to each thread. */
const PARTS = 256
/** Events that a thread runs in the time in which another one loads the rules: about a third of a second. */
const HEAD_START = 20_000

/**
 * How the log is shared: the first thread has the rules loaded and is at work while the others load them, so it takes that
 * much more, up to half as much again as each of them.
 */
export function sharesFor(threads: number, events: number): Share[] {
  const lead = Math.min(HEAD_START / Math.max(events, 1), 0.5 / threads)
  const others = (1 - lead) / threads
  const ends = Array.from({ length: threads }, (_, index) => Math.round(PARTS * (lead + others * (index + 1))))
  return ends.map((end, index) => ({ part: ends[index - 1] ?? 0, parts: PARTS, count: end - (ends[index - 1] ?? 0) }))
}

/**
 * @param events in the log
 * @param onProgress hears the position that every thread has passed
 * Throws what a thread throws; the others end then.
 */
export async function verifyInThreads(
  asked: Omit<PartAsked, 'share'>,
  parts: number,
  events: number,
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
  const [first, ...rest] = sharesFor(parts, events) as [Share, ...Share[]]
  const threads = rest.map(share => threadFor({ ...asked, share }))
  try {
    const others = threads.map((thread, index) => verdictOf(thread, position => progress(index + 1, position)))
    const all = [verifyPart({ ...asked, share: first }, own), ...others]
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
