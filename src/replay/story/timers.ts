/** Timers that events armed, and what became of each. */
import type { Envelope } from '../../../machines/grammar.ts'
import { dueTime } from '../../runtime/snapshot.ts'

export interface StoryTimer {
  readonly event: string
  /** Milliseconds since 1970. */
  readonly dueAt: number
  readonly outcome: 'fired' | 'disarmed' | 'armed again' | 'armed'
  /** Position of the event that ended it. */
  readonly endedBy?: number
}

type Armed = { -readonly [F in keyof StoryTimer]: StoryTimer[F] }

/** By position of the event that armed them. */
export function timersOf(events: readonly Envelope[]): Map<number, StoryTimer[]> {
  const all = new Map<number, Armed[]>()
  const armed = new Map<string, Armed>()
  const end = (event: string, outcome: StoryTimer['outcome'], position: number) => {
    const timer = armed.get(event)
    if (!timer) return
    timer.outcome = outcome
    timer.endedBy = position
    armed.delete(event)
  }
  for (const { type, dueAt, wants = [], position, at } of events) {
    if (dueAt !== undefined) end(type, 'fired', position)
    for (const want of wants)
      if (want.want === 'disarm') end(want.event, 'disarmed', position)
      else if (want.want === 'arm') {
        end(want.event, 'armed again', position)
        const timer: Armed = { event: want.event, dueAt: dueTime(want, at), outcome: 'armed' }
        armed.set(want.event, timer)
        all.set(position, [...(all.get(position) ?? []), timer])
      }
  }
  return all
}
