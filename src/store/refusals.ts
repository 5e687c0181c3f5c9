/**
 * The contract of a journal of refusals: what was said no to, for people who look for a reason. It is bounded and lossy,
 * no part of the log, and no decision is ever made on it. (design: contract point 2; docs/decisions/0012.)
 */
import type { Json } from '../../machines/grammar.ts'

/** One refused command. Secrets are left out of it, and long texts are cut. */
export interface RefusalEntry {
  /** Milliseconds since 1970: the time the command's event would have had. */
  readonly at: number
  /** Last position of the log when it was decided. */
  readonly position: number
  /** Who asked, and where. */
  readonly account: string
  readonly actor: string
  readonly region: string
  /** `<kind>.<command>`, and its place in its submit. */
  readonly command: string
  readonly index: number
  /** The resource that said no, the state its readers see, its last version, and the digest of its last event. */
  readonly resource: string
  readonly kind: string
  readonly state: string
  readonly version: number
  readonly digest: string
  readonly reasons: readonly { readonly requirement: string; readonly code: string; readonly sentence: string }[]
  /** The caller's idempotency token. */
  readonly token?: string
  /** What was asked, as the command's input was parsed. */
  readonly input?: Json
  /** The event that was offered to the machine, if it came to that, with the number of its shape. */
  readonly event?: { readonly type: string; readonly schema: number; readonly data: Json }
  readonly facts?: Json
  /** Something of it was too long, or secret, and is left out: it cannot be decided again. */
  readonly isCut?: boolean
}

export interface RefusalQuery {
  readonly resource?: string
  readonly account?: string
  /** Not before this time (ms since 1970). */
  readonly since?: number
  readonly limit: number
}

/** What a journal keeps at most; the oldest go first. */
export interface RefusalLimits {
  readonly entriesMax?: number
  /** Of the entries' texts. */
  readonly bytesMax?: number
}

export interface RefusalJournal {
  /** Adds entries. Whatever it throws, they are lost and counted, and nobody else hears of it. */
  append(entries: readonly RefusalEntry[]): Promise<void>
  /** The newest entries that match, newest last: by time, and within a millisecond as they came. */
  read(query: RefusalQuery): Promise<RefusalEntry[]>
  /** `entries` and `bytes`, and whatever else it can say about itself. */
  measures(): Promise<Record<string, number>>
  close(): Promise<void>
}

const ENTRIES_MAX = 1_000
const BYTES_MAX = 4 * 2 ** 20

/** A journal in memory: gone with the process. Default: 1 000 entries, 4 MiB. */
export function memoryRefusals({ entriesMax = ENTRIES_MAX, bytesMax = BYTES_MAX }: RefusalLimits = {}): RefusalJournal {
  const kept: { readonly entry: RefusalEntry; readonly bytes: number }[] = []
  let bytes = 0
  return {
    async append(entries) {
      for (const entry of entries) {
        const size = JSON.stringify(entry).length
        kept.push({ entry, bytes: size })
        bytes += size
      }
      let first = 0
      while (first < kept.length && (kept.length - first > entriesMax || bytes > bytesMax)) {
        bytes -= kept[first]!.bytes
        first += 1
      }
      kept.splice(0, first)
    },
    async read(query) {
      const found = kept.map(({ entry }) => entry).filter(entry => matches(entry, query))
      return found.sort((a, b) => a.at - b.at).slice(-query.limit)
    },
    measures: async () => ({ entries: kept.length, bytes }),
    async close() {},
  }
}

const matches = (entry: RefusalEntry, { resource, account, since }: RefusalQuery): boolean =>
  (resource === undefined || entry.resource === resource) &&
  (account === undefined || entry.account === account) &&
  (since === undefined || entry.at >= since)
