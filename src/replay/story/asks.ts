/** What was asked of drivers, and how each ask ended. */
import type { Envelope } from '../../../machines/grammar.ts'
import { askToken } from '../../runtime/snapshot.ts'
import type { AskRow } from '../../store/store.ts'

export interface StoryAsk {
  readonly token: string
  readonly verb: string
  readonly provider: string
  readonly outcome: 'done' | 'rejected' | 'superseded' | 'open'
  /** Position of the event that ended it, and the time it took. */
  readonly ended?: { readonly position: number; readonly type: string; readonly afterMs: number }
  /** Why it was rejected, in the driver's words. */
  readonly error?: { readonly code: string; readonly message: string }
  /** Of an open one: calls begun so far, when the next is due, what went wrong last, and whether the driver is at it. */
  readonly call?: {
    readonly attempts: number
    readonly dueAt: number
    readonly lastError?: string
    readonly isPending: boolean
  }
}

type Open = { -readonly [F in keyof StoryAsk]: StoryAsk[F] } & { done: string; at: number }

/** By position of the event that asked. */
export function asksOf(events: readonly Envelope[], rows: ReadonlyMap<string, AskRow>): Map<number, StoryAsk[]> {
  const asked = new Map<number, StoryAsk[]>()
  const open = new Map<string, Open>()
  const end = (ask: Open, outcome: StoryAsk['outcome'], { position, type, at }: Envelope) => {
    open.delete(ask.token)
    ask.outcome = outcome
    ask.ended = { position, type, afterMs: at - ask.at }
  }
  for (const event of events) {
    const { wants = [], answers, resource, version, position, at, data } = event
    const answered = answers === undefined ? undefined : open.get(answers)
    if (answered) {
      const isDone = event.type === answered.done
      end(answered, isDone ? 'done' : 'rejected', event)
      const { code, message } = data as { code?: string; message?: string }
      if (!isDone && code !== undefined) answered.error = { code, message: message ?? '' }
    }
    let index = 0
    for (const want of wants) {
      if (want.want !== 'ask') continue
      if (want.supersedes) for (const each of [...open.values()]) end(each, 'superseded', event)
      const { verb, provider, answers } = want
      const token = askToken(resource, version, index)
      const ask: Open = { token, verb, provider, outcome: 'open', done: answers.done, at }
      open.set(token, ask)
      asked.set(position, [...(asked.get(position) ?? []), ask])
      index += 1
    }
  }
  for (const [token, ask] of open) {
    const row = rows.get(token)
    if (row) ask.call = callOf(row)
  }
  for (const [position, asks] of asked) asked.set(position, asks.map(plain))
  return asked
}

export const callOf = ({ attempts, dueAt, lastError, handle }: AskRow): NonNullable<StoryAsk['call']> => ({
  attempts,
  dueAt,
  ...(lastError !== undefined && { lastError }),
  isPending: handle !== undefined,
})

const plain = (ask: StoryAsk): StoryAsk => {
  const { done: _, at: __, ...told } = ask as Open
  return told
}
