/** Who listens to an engine. A listener that throws or rejects hurts nobody: its error is heard as a `fault`. */
import { EventEmitter } from 'eventemitter3'
import type { EngineEvents } from './options.ts'

export class Listeners {
  readonly #emitter = new EventEmitter<EngineEvents>()

  /** Returns how to stop listening. */
  on<E extends keyof EngineEvents>(name: E, listener: (...heard: EngineEvents[E]) => void): () => void {
    const failed = (error: unknown) => {
      if (name !== 'fault') this.tell('fault', error, `listener of ${name}`)
    }
    const guarded = (...heard: EngineEvents[E]) => {
      try {
        const result: unknown = listener(...heard)
        // An async one throws later, and a rejection that nobody hears ends the process.
        if (result instanceof Promise) result.catch(failed)
      } catch (error) {
        failed(error)
      }
    }
    this.#emitter.on(name, guarded as never)
    return () => void this.#emitter.off(name, guarded as never)
  }

  hears(name: keyof EngineEvents): boolean {
    return this.#emitter.listenerCount(name) > 0
  }

  tell<E extends keyof EngineEvents>(name: E, ...heard: EngineEvents[E]): void {
    if (this.hears(name)) (this.#emitter.emit as (...all: unknown[]) => boolean).call(this.#emitter, name, ...heard)
  }
}
