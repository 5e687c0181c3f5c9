/** Unasked news, to everyone who watches. A slow reader loses the oldest first: news are hints, a survey finds the rest. */
import type { Observation } from '../driver.ts'

const waitingMax = 1024

interface Reader {
  readonly waiting: Observation[]
  wake: () => void
  ended: boolean
}

export interface News {
  publish(observation: Observation): void
  watch(signal: AbortSignal): AsyncIterableIterator<Observation>
  /** Ends every watch. */
  close(): void
  /** How many news were lost because a reader was slow. */
  lost(): number
}

export const news = (): News => {
  const readers = new Set<Reader>()
  let lost = 0
  const end = (reader: Reader) => {
    reader.ended = true
    readers.delete(reader)
    reader.wake()
  }

  async function* read(reader: Reader, stop: () => void): AsyncGenerator<Observation, void, undefined> {
    try {
      for (;;) {
        const next = reader.waiting.shift()
        if (next !== undefined) yield next
        else if (reader.ended) return
        else {
          await new Promise<void>(resolve => {
            reader.wake = resolve
          })
        }
      }
    } finally {
      stop()
    }
  }

  return {
    publish: observation => {
      for (const reader of readers) {
        if (reader.waiting.length >= waitingMax) {
          reader.waiting.shift()
          lost++
        }
        reader.waiting.push(observation)
        reader.wake()
      }
    },
    // The reader is known from the call on, not from the first `next`: nothing that happens in between is missed.
    watch: signal => {
      const reader: Reader = { waiting: [], wake: () => {}, ended: signal.aborted }
      const onAbort = () => end(reader)
      if (!signal.aborted) {
        readers.add(reader)
        signal.addEventListener('abort', onAbort, { once: true })
      }
      return read(reader, () => {
        signal.removeEventListener('abort', onAbort)
        end(reader)
      })
    },
    close: () => {
      for (const reader of [...readers]) end(reader)
    },
    lost: () => lost,
  }
}
