/**
 * The life of one engine, and how it ends. A crash can come at every seam: before a continuation runs, before and after
 * a driver is called and answers, before and after every SQL statement. What the dead engine still tries is counted and
 * comes to nothing: its promises never settle, as after the death of a process.
 */

/** Places where a life may end. */
export type Seam = 'run' | 'call' | 'called' | 'answer' | 'sql' | 'sqlDone'

/** Thrown out of a SQL statement that the process did not survive; nothing outlives it to see it. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

/** What a promise of a dead process does. */
export const never = <T>(): Promise<T> => new Promise<T>(() => {})

export class Life {
  isOver = false
  /** Seams passed so far, by sort. */
  readonly passed: Record<Seam, number> = { run: 0, call: 0, called: 0, answer: 0, sql: 0, sqlDone: 0 }
  /** What was tried after the end. */
  afterwards = 0
  /** Where the last seam was, in words. */
  where = ''
  #endsAt = Number.POSITIVE_INFINITY
  #endsOn: ReadonlySet<Seam> | undefined
  #count = 0

  /** The life ends at the `nth` seam (from 1, counted from now) of these sorts; of any, if none is named. */
  endAt(nth: number, on?: readonly Seam[]): void {
    this.#count = 0
    this.#endsAt = nth
    this.#endsOn = on && new Set(on)
  }

  end(): void {
    this.isOver = true
  }

  /** Passes a seam. True if this is where the life ends, or if it has ended. */
  pass(seam: Seam, where: string): boolean {
    if (this.isOver) {
      this.afterwards += 1
      return true
    }
    this.passed[seam] += 1
    if (this.#endsOn && !this.#endsOn.has(seam)) return false
    this.#count += 1
    if (this.#count < this.#endsAt) return false
    this.isOver = true
    this.where = `${seam} ${where}`
    return true
  }

  /** Whether a handle is used after the end; counted. */
  touch(_handle: string): boolean {
    if (this.isOver) this.afterwards += 1
    return this.isOver
  }
}
