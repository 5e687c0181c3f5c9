/** Verification over several threads: each runs the resources that fall to it, of one and the same log. */
import { Worker } from 'node:worker_threads'
import { joined, type Verdict } from '../../index.ts'
import { type PartAsked, verifyPart } from './part.ts'

/** What is read is forgotten at once, and what each resource remembers stays: a large nursery keeps the two apart. */
const resourceLimits = { maxYoungGenerationSizeMb: 96 }

type Told = { readonly position: number } | { readonly verdict: Verdict }

/**
 * @param onProgress hears the position that every thread has passed
 * Throws what a thread throws; the others end then.
 */
export async function verifyInThreads(
  asked: Omit<PartAsked, 'part' | 'parts'>,
  parts: number,
  onProgress: (position: number) => void,
): Promise<Verdict> {
  if (parts === 1) return verifyPart({ ...asked, part: 0, parts }, onProgress)
  const positions = new Array<number>(parts).fill(0)
  const progress = (part: number, position: number) => {
    positions[part] = position
    onProgress(Math.min(...positions))
  }
  const threads: Worker[] = []
  const run = (part: number) =>
    new Promise<Verdict>((resolve, reject) => {
      // The thread's file has the ending of this one: TypeScript in the checkout, JavaScript in the package.
      const file = import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js'
      const workerData = { ...asked, part, parts }
      const thread = new Worker(new URL(file, import.meta.url), { workerData, resourceLimits })
      threads.push(thread)
      thread.on('message', (told: Told) => ('verdict' in told ? resolve(told.verdict) : progress(part, told.position)))
      thread.on('error', reject)
      thread.on('exit', code => reject(new Error(`a thread ended with ${code} before it had a verdict`)))
    })
  try {
    return joined(await Promise.all(Array.from({ length: parts }, (_, part) => run(part))))
  } finally {
    await Promise.all(threads.map(thread => thread.terminate()))
  }
}
