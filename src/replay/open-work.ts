/** What is open after events: asks without an answer, and armed timers, as rows of a store. */
import type { Envelope } from '../../machines/grammar.ts'
import { askToken, dueTime } from '../runtime/snapshot.ts'
import { canonical } from '../store/canonical.ts'
import type { AskRow, TimerRow } from '../store/store.ts'

export class OpenWork {
  readonly #asks = new Map<string, Map<string, AskRow>>()
  readonly #timers = new Map<string, Map<string, TimerRow>>()

  /** Events of a stream come in order. */
  apply({ resource, version, type, wants = [], answers, dueAt, at, position, correlation }: Envelope): void {
    if (answers !== undefined) this.#asks.get(resource)?.delete(answers)
    if (dueAt !== undefined) this.#timers.get(resource)?.delete(type)
    let index = 0
    for (const want of wants) {
      if (want.want === 'disarm') this.#timers.get(resource)?.delete(want.event)
      else if (want.want === 'arm')
        of(this.#timers, resource).set(want.event, {
          ...{ resource, event: want.event, dueAt: dueTime(want, at), position, correlation },
        })
      else if (want.want === 'ask') {
        const { verb, provider, args, answers: named, supersedes = false } = want
        const asks = of(this.#asks, resource)
        if (supersedes) asks.clear()
        const token = askToken(resource, version, index)
        const row = { token, resource, verb, provider, args: canonical(args), ...named, supersedes }
        asks.set(token, { ...row, position, correlation, attempts: 0, dueAt: at })
        index += 1
      }
    }
  }

  asks(): AskRow[] {
    return [...this.#asks.values()].flatMap(asks => [...asks.values()])
  }

  timers(): TimerRow[] {
    return [...this.#timers.values()].flatMap(timers => [...timers.values()])
  }
}

function of<V>(all: Map<string, Map<string, V>>, resource: string): Map<string, V> {
  const known = all.get(resource)
  if (known) return known
  const made = new Map<string, V>()
  all.set(resource, made)
  return made
}
