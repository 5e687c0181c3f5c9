/** The simulation's own fold of the log: which asks are open and which timers armed, from the words of the contract. */
import type { Envelope } from '../../machines/grammar.ts'

export interface FoldedAsk {
  readonly token: string
  readonly verb: string
  readonly position: number
  readonly done: string
  readonly rejected: string
}
export interface Folded {
  readonly id: string
  readonly kind: string
  readonly account: string
  version: number
  position: number
  state: string
  readonly asks: Map<string, FoldedAsk>
  readonly timers: Map<string, number>
}

/** How an ask ended, and at which position. */
export interface Closing {
  readonly how: 'answered' | 'superseded'
  readonly position: number
}

export const visibleOf = (state: string): string => state.split('.')[0]!

export class Fold {
  readonly resources = new Map<string, Folded>()
  readonly closed = new Map<string, Closing>()

  apply(event: Envelope): void {
    const { resource, kind, account, version, position, state } = event
    const known: Folded = this.resources.get(resource) ?? {
      id: resource,
      kind,
      account,
      version,
      position,
      state,
      asks: new Map(),
      timers: new Map(),
    }
    this.resources.set(resource, known)
    known.version = version
    known.position = position
    known.state = state
    if (event.answers !== undefined) this.#close(known, event.answers, 'answered', position)
    if (event.dueAt !== undefined) known.timers.delete(event.type)
    this.#follow(known, event)
  }

  #follow(known: Folded, { wants = [], version, position, at }: Envelope): void {
    let index = 0
    for (const want of wants) {
      if (want.want === 'arm') known.timers.set(want.event, want.dueAt ?? at + (want.afterMs ?? 0))
      else if (want.want === 'disarm') known.timers.delete(want.event)
      else if (want.want === 'ask') {
        const token = `${known.id}.${version}.${index}`
        index += 1
        if (want.supersedes) for (const open of [...known.asks.keys()]) this.#close(known, open, 'superseded', position)
        known.asks.set(token, { token, verb: want.verb, position, ...want.answers })
      }
    }
  }

  #close(known: Folded, token: string, how: Closing['how'], position: number): void {
    known.asks.delete(token)
    if (!this.closed.has(token)) this.closed.set(token, { how, position })
  }
}
