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

interface Reader {
  readonly waiting: Observation[]
  wake: () => void
}

export class Watcher {
  readonly #host: Host
  readonly #followed = new Map<string, Qmp | 'connecting'>()
  readonly #readers = new Set<Reader>()
  #isClosed = false

  constructor(host: Host) {
    this.#host = host
  }

  /** Listens to a machine, if anybody watches. One that has ended without us is news. Never throws: news are extra. */
  async follow(instance: string): Promise<void> {
    if (this.#isClosed || this.#readers.size === 0 || this.#followed.has(instance)) return
    this.#followed.set(instance, 'connecting')
    try {
      const qmp = await Qmp.connect(runFiles(this.#host.pool.run(instance)).events)
      this.#followed.set(instance, qmp)
      qmp.listen(({ event }) => telling.has(event) && void this.#tell(instance))
      void qmp.closed.then(() => {
        this.#followed.delete(instance)
        return this.#tell(instance)
      })
      if (this.#isClosed || this.#readers.size === 0) qmp.close()
    } catch {
      this.#followed.delete(instance)
      const record = this.#host.records.get('instance', instance)
      if (record !== undefined && !record.isOff && record.launched === record.generation) await this.#tell(instance)
    }
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
  }

  async #tell(instance: string): Promise<void> {
    if (this.#readers.size === 0) return
    const news = await observed(this.#host, 'instance', instance).catch(() => undefined)
    if (news === undefined) return
    for (const reader of this.#readers) {
      reader.waiting.push(news)
      reader.wake()
    }
  }
}
