/** Reading the log: one resource's history, and the whole of it from any position on, live. */
import type { Envelope } from '../../machines/grammar.ts'
import { checkReadable, checkStream, type Store, type StoredEvent } from '../store/store.ts'
import { unseal } from './envelope.ts'

const CHUNK = 500

/**
 * The events of one resource in order. Throws Damaged at an event that cannot be read, and Pruned before it would leave
 * out any that are in an archive which is not at hand.
 */
export async function* readStream(store: Store, resource: string, fromVersion = 1): AsyncGenerator<Envelope> {
  for (let version = fromVersion; ; ) {
    const chunk = await store.stream(resource, version, CHUNK)
    for (const stored of chunk) {
      if (stored.version !== version) await checkStream(store, resource, version)
      yield unseal(stored)
      version = stored.version + 1
    }
    if (chunk.length === CHUNK) continue
    await checkStream(store, resource, version)
    return
  }
}

export interface SubscribeOptions {
  /** Position of the last event already seen; 0 for all. */
  readonly after?: number
  readonly signal?: AbortSignal
}

/** Rings when something was committed, and for the last time when nothing ever will be again. */
export class Bell {
  #waiting: (() => void)[] = []
  isOver = false
  ring(): void {
    if (this.#waiting.length === 0) return
    for (const wake of this.#waiting.splice(0)) wake()
  }
  next(): Promise<void> {
    return this.isOver ? Promise.resolve() : new Promise(resolve => this.#waiting.push(resolve))
  }
  end(): void {
    this.isOver = true
    this.ring()
  }
}

/**
 * Every event after a position, once and in order, for as long as the signal allows and the engine is open: first those
 * in the log, then each as it is committed. A reader that stops remembers the position of the last event it handled and
 * resumes from it. An event that cannot be read is left out here and handed to `onDamaged`, which names its place. Throws
 * Pruned, before the first, where some are in an archive that is not at hand.
 */
export async function* subscribe(
  store: Store,
  bell: Bell,
  { after = 0, signal }: SubscribeOptions,
  onDamaged: (error: unknown) => void,
): AsyncGenerator<Envelope> {
  let position = after
  // Racing against a promise that lives as long as the subscription would leave something behind at every turn.
  const wake = () => bell.ring()
  signal?.addEventListener('abort', wake, { once: true })
  try {
    if (!bell.isOver) await checkReadable(store, after)
    while (!signal?.aborted) {
      const rung = bell.next()
      const chunk = await readLog(store, position, bell)
      for (const stored of chunk) {
        if (signal?.aborted) return
        position = stored.position
        const event = readOr(() => unseal(stored), onDamaged)
        if (event) yield event
      }
      if (chunk.length > 0) continue
      if (bell.isOver) return
      await rung
    }
  } finally {
    signal?.removeEventListener('abort', wake)
  }
}

/** A store that has been closed has no more: a slow reader resumes from its position later. */
async function readLog(store: Store, after: number, bell: Bell): Promise<StoredEvent[]> {
  try {
    return await store.log(after, CHUNK)
  } catch (error) {
    if (bell.isOver) return []
    throw error
  }
}

function readOr(read: () => Envelope, onDamaged: (error: unknown) => void): Envelope | undefined {
  try {
    return read()
  } catch (error) {
    onDamaged(error)
    return undefined
  }
}
