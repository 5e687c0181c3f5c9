/**
 * Exports: JSON lines that carry whole histories with their digests. (docs/reference/export.md)
 *
 * The first line says what it is, each of the others is one event, and the last one how many there were. Two chains hold
 * it together: the digests of each stream, as they are in the log, and one through all lines.
 */
import type { Hash } from '../../runtime/envelope.ts'
import { canonical, chained } from '../../store/canonical.ts'
import type { StoredEvent } from '../../store/store.ts'

export const FORMAT = 1

/** What an export holds: everything, an account, or one resource with those it had to do with. */
export type Scope =
  | { readonly of: 'all' }
  | { readonly of: 'account'; readonly account: string }
  | { readonly of: 'resource'; readonly resource: string; readonly resources: readonly string[] }

export interface Header {
  readonly stemma: 'export'
  readonly format: number
  readonly scope: Scope
  /** Names and ids were replaced. */
  readonly anonymized?: boolean
  /** Names of archives that were not at hand: histories that a prune moved there are left out. */
  readonly without?: readonly string[]
}

export interface Footer {
  readonly events: number
  readonly resources: number
  readonly chain: string
  /** Of the chain, which everything before it went into, by whoever keeps a key. */
  readonly signature?: string
}

/** Signs a text with a key that its owner keeps. */
export type Sign = (text: string) => string

/** Writes the lines of an export one by one. */
export class ExportWriter {
  readonly #hash: Hash
  readonly #resources = new Set<string>()
  #chain: string
  #events = 0
  /** The first line. */
  readonly head: string

  constructor(header: Omit<Header, 'stemma' | 'format'>, hash: Hash) {
    this.head = canonical({ stemma: 'export', format: FORMAT, ...header })
    this.#hash = hash
    this.#chain = hash(this.head)
  }

  event({ text, digest, resource }: StoredEvent): string {
    this.#chain = chained(this.#chain, text, digest, this.#hash)
    this.#resources.add(resource)
    this.#events += 1
    return `{"chain":${JSON.stringify(this.#chain)},"digest":${JSON.stringify(digest)},"event":${text}}`
  }

  /** The last line, signed where somebody signs. */
  end(sign?: Sign): string {
    const chain = this.#chain
    return canonical({ events: this.#events, resources: this.#resources.size, chain, signature: sign?.(chain) })
  }
}
