/**
 * News of machines: whoever watches is told to look when a machine says something, or when its connection ends. What it
 * is told is looked up then, because what a machine says while nobody listens is lost.
 */
import type { Observation } from '../driver.ts'
import { runFiles } from './command-line.ts'
import type { Host } from './host.ts'
import { Qmp } from './qmp.ts'
import { observed } from './views.ts'

/** Events after which an instance may be another than before. */
const telling = new Set(['SHUTDOWN', 'STOP', 'RESUME', 'RESET', 'GUEST_PANICKED', 'BLOCK_IO_ERROR'])

/** When a machine is listened to again, or looked at, that is there and does not say so: later and later. */
const againAfterMs = 250
const againAfterMaxMs = 30_000

interface Reader {
  readonly waiting: Observation[]
  wake: () => void
}

export class Watcher {
  readonly #host: Host
  readonly #followed = new Map<string, Qmp | 'connecting'>()
  readonly #readers = new Set<Reader>()
  readonly #later = new Map<string, NodeJS.Timeout>()
  #isClosed = false

  constructor(host: Host) {
    this.#host = host
  }

  /**
   * Listens to a machine until it ends, if anybody watches. One that has ended without us is news. Never throws: news are
   * extra.
   */
  async follow(instance: string, againMs = againAfterMs): Promise<void> {
    if (this.#isClosed || this.#readers.size === 0 || this.#followed.has(instance)) return
    this.#followed.set(instance, 'connecting')
    let wasHeard = false
    try {
      const qmp = await Qmp.connect(runFiles(this.#host.pool.run(instance)).events)
      wasHeard = true
      this.#followed.set(instance, qmp)
      qmp.listen(({ event }) => telling.has(event) && void this.#tell(instance))
      if (this.#isClosed || this.#readers.size === 0) qmp.close()
      // What it said before somebody listened is lost: a guest may have ended by now.
      else void this.#tell(instance, status => status !== 'running')
      await qmp.closed
    } catch {
      // There is none, or it does not answer.
    }
    this.#followed.delete(instance)
    const record = this.#host.records.get('instance', instance)
    const isExpected = record !== undefined && !record.isOff && record.launched === record.generation
    if (!wasHeard && !isExpected) return
    const isOver = await this.#tell(instance)
    if (!isOver) this.#followLater(instance, wasHeard ? againAfterMs : againMs)
  }

  /** It is another process by now, or the line was lost, or it is ending and does not answer any more. */
  #followLater(instance: string, afterMs: number): void {
    if (this.#isClosed || this.#readers.size === 0 || this.#later.has(instance)) return
    const timer = setTimeout(() => {
      this.#later.delete(instance)
      void this.follow(instance, Math.min(afterMs * 2, againAfterMaxMs))
    }, afterMs)
    this.#later.set(instance, timer.unref())
  }

  /** Watches from now on, not from when it is first asked for news. */
  watch(signal: AbortSignal): AsyncGenerator<Observation> {
    const reader: Reader = { waiting: [], wake: () => {} }
    this.#readers.add(reader)
    for (const { id } of this.#host.records.all('instance')) void this.follow(id)
    const end = () => {
      this.#readers.delete(reader)
      reader.wake()
      if (this.#readers.size === 0) this.#leave()
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
    return this.#read(reader, end)
  }

  async *#read(reader: Reader, end: () => void): AsyncGenerator<Observation> {
    try {
      while (this.#readers.has(reader)) {
        const next = reader.waiting.shift()
        if (next !== undefined) yield next
        else {
          await new Promise<void>(resolve => {
            reader.wake = resolve
          })
        }
      }
    } finally {
      end()
    }
  }

  close(): void {
    this.#isClosed = true
    for (const reader of this.#readers) {
      this.#readers.delete(reader)
      reader.wake()
    }
    this.#leave()
  }

  #leave(): void {
    for (const qmp of this.#followed.values()) if (qmp !== 'connecting') qmp.close()
    for (const timer of this.#later.values()) clearTimeout(timer)
    this.#later.clear()
  }

  /** Tells what can be said. True where it is certain that no guest is there to be listened to. */
  async #tell(instance: string, isNews: (status: unknown) => boolean = () => true): Promise<boolean> {
    if (this.#readers.size === 0) return true
    const news = await observed(this.#host, 'instance', instance).catch(() => undefined)
    if (news === undefined || news.exists === 'unknown') return false
    const { status } = news.facts
    for (const reader of isNews(status) ? this.#readers : []) {
      reader.waiting.push(news)
      reader.wake()
    }
    return news.exists === 'no' || status === 'stopped' || status === 'suspended'
  }
}
