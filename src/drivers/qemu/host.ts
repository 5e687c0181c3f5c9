/** What every call of one driver works on. */
import type { Capabilities } from '../driver.ts'
import type { Machines } from './machines.ts'
import { Refusal } from './outcome-of.ts'
import { isName, type Pool } from './pool.ts'
import type { Records } from './records.ts'

export interface Host {
  readonly pool: Pool
  readonly records: Records
  readonly machines: Machines
  /** Volumes that are being copied: nobody may write to them or take them away. */
  readonly copied: Held
  readonly declared: Capabilities
  readonly owner: string
  readonly gracefulMs: number
  readonly now: () => number
}

/** Throws the refusal of an id that can not be a file's name. */
export const namedOnly = (kind: string, id: string): void => {
  if (!isName(id))
    throw new Refusal('invalid', `${kind} ${JSON.stringify(id)}: an id has letters, digits, ".", "_" and "-"`)
}

/** Who is in use by work that only reads. */
export class Held {
  readonly #counts = new Map<string, number>()

  has(id: string): boolean {
    return this.#counts.has(id)
  }
  async during<T>(id: string, work: () => Promise<T>): Promise<T> {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1)
    try {
      return await work()
    } finally {
      const count = this.#counts.get(id)! - 1
      if (count === 0) this.#counts.delete(id)
      else this.#counts.set(id, count)
    }
  }
  /** Throws the refusal of a call that would write to it. */
  freeOnly(verb: string, id: string): void {
    if (this.has(id)) throw new Refusal('busy', `${verb}: volume ${id} is being copied`)
  }
}
