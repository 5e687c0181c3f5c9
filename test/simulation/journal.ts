/** One line for each thing that happens, in fixed columns. `docs/simulation.md` explains them. */
import type { Envelope, RecordedWant } from '../../machines/grammar.ts'
import { DAWN } from './clock.ts'

/** Lines shown when a run fails. */
export const TAIL = 40

const column = (text: string, width: number) =>
  text.length > width ? `${text.slice(0, width - 1)}~` : text.padEnd(width)

/** Virtual time since dawn: seconds with milliseconds. */
const timeText = (now: number) => ((now - DAWN) / 1_000).toFixed(3).padStart(12)

const wantText = (want: RecordedWant): string => {
  switch (want.want) {
    case 'ask':
      return `${want.supersedes ? 'ask!' : 'ask'} ${want.verb}`
    case 'tell':
      return `tell ${want.event}`
    default:
      return `${want.want} ${want.event}`
  }
}

export class Journal {
  readonly lines: string[] = []

  /** time, life, step, what, who, resource@version, and the rest in words. */
  note(
    at: { now: number; life: number; step: number },
    what: string,
    who: string,
    subject: string,
    words: string,
  ): void {
    if (this.lines.length > 4 * TAIL) this.lines.splice(0, this.lines.length - TAIL)
    const { now, life, step } = at
    const head = `${timeText(now)} ${String(life).padStart(2)} ${String(step).padStart(4)}`
    this.lines.push(`${head} ${column(what, 8)} ${column(who, 9)} ${column(subject, 26)} ${words}`.trimEnd())
  }

  event(at: { now: number; life: number; step: number }, event: Envelope): void {
    const { resource, version, account, type, before, state, wants = [], position } = event
    const words = `${position} ${type} ${before}>${state} ${wants.map(wantText).join(', ')}`
    this.note(at, 'event', account, `${resource}@${version}`, words)
  }

  tail(): string {
    return this.lines.slice(-TAIL).join('\n')
  }
}
