/** What an engine is made of, what its listeners hear, and what it says of its health. */
import type { Envelope } from '../../machines/grammar.ts'
import type { Driver } from '../drivers/driver.ts'
import type { KindMap } from '../runtime/client.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Hash } from '../runtime/envelope.ts'
import type { Ids } from '../runtime/ids.ts'
import type { ViewMap } from '../runtime/listing.ts'
import type { Principal } from '../runtime/principal.ts'
import type { Cleaned, SurveyReport } from '../runtime/survey.ts'
import type { RefusalJournal, RefusalLimits } from '../store/refusals.ts'
import type { Store } from '../store/store.ts'

export interface EngineOptions<K extends KindMap, P extends ViewMap, S extends Store> {
  readonly kinds: K
  /** The views to keep; `get` and `list` read the one called `inventory`. */
  readonly projections: P
  readonly store: S
  /** Provider name to driver; the first is the default of commands that name none. */
  readonly drivers: Readonly<Record<string, Driver>>
  /**
   * What marks this engine's things at providers (default: the name of the store's log, made with it). Another engine's
   * are foreign to it, and never touched.
   */
  readonly owner?: string
  /** Where principals that name no region make things (default `local`). */
  readonly region?: string
  readonly clock?: Clock
  readonly ids?: Ids
  /** sha256 of a text. */
  readonly hash?: Hash
  /** `strict` writes derived rows in the transaction of their events; the default writes them behind. */
  readonly consistency?: 'behind' | 'strict'
  /** Resources kept in memory (default 50 000). */
  readonly residentMax?: number
  /** Members of one transaction (64), and members waiting before callers are turned away (10 000). */
  readonly batchMax?: number
  readonly queueMax?: number
  /** Open asks kept in memory for each provider (10 000); the rest waits in the store. */
  readonly asksMax?: number
  /** Events after which derived rows are written (128), and the longest they wait (200 ms). */
  readonly behindMax?: number
  readonly behindMs?: number
  /** Views are rebuilt in threads of their own, several times as fast (default: in this one, between everything else). */
  readonly threads?: ThreadOptions
  /** Opens it to be read: no ask is called, no timer fires, no command is taken. Views are caught up as always. */
  readonly still?: boolean
  /** Time between two surveys of all providers that nobody asked for (15 minutes, the first soon after the start); 0: none. */
  readonly surveyEveryMs?: number
  /** How long tokens are remembered (25 hours: EC2 clients count on a day). */
  readonly tokenRetentionMs?: number
  /** How long resources are found after their end, by kind, instead of what the kinds declare; `Infinity` is for ever. */
  readonly retentionMs?: { readonly [N in keyof K]?: number }
  /**
   * Where refusals are kept for people who ask why: a journal of your own, or what the one beside the store may hold
   * (default 100 000 entries and 64 MiB in `<data>.refusals`; 1 000 and 4 MiB in memory); `false` keeps none.
   */
  readonly refusals?: RefusalJournal | RefusalLimits | false
}

/** Threads that rebuild views together with this one. */
export interface ThreadOptions {
  /**
   * Address of a module that exports `kinds` and `projections`, the very ones that the engine is given: functions cannot be
   * sent to a thread. `import.meta.resolve('stemma')` for those that come with it.
   */
  readonly module: string | URL
  /** How many take part, the engine's own among them (default: one for each processor, 4 at most). */
  readonly count?: number
  /** Events in a log that is worth the start of others (50 000). */
  readonly eventsMin?: number
}

/** What listeners hear. Events come after commit, in order of position. */
export interface EngineEvents {
  event: [Envelope]
  refused: [error: unknown, principal: Principal]
  /** A survey is over, whoever wanted it. */
  surveyed: [SurveyReport]
  /** An orphan was removed, for this actor. */
  cleaned: [cleaned: Cleaned, actor: string]
  fault: [error: unknown, where: string]
}

/** What `health` says: everything that is not as it should be, by name. */
export interface Health {
  readonly position: number
  readonly contained: readonly { resource: string; position: number; cause: string }[]
  readonly stalledViews: readonly { view: string; cause: string }[]
}
