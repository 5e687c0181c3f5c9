/** What a survey tells: each provider against what is known here, in the four words for what does not agree. */
import type { Json } from '../../machines/grammar.ts'

/**
 * `orphan`: it exists there, marked as ours, and here is nothing that should; `ghost`: the other way round; `drift`: both,
 * but different; `foreign`: not ours, and never touched.
 */
export const findingClasses = ['orphan', 'ghost', 'drift', 'foreign'] as const
export type FindingClass = (typeof findingClasses)[number]

export interface Finding {
  readonly class: FindingClass
  readonly provider: string
  /** As providers call it: `instance`, `volume`, `volumeSnapshot`, `attachment`. */
  readonly kind: string
  readonly id: string
  readonly sentence: string
  /** The resource here that it belongs to, and its state; absent where there never was one. */
  readonly resource?: string
  readonly state?: string
  /** Of drift: what differs, as it is here and there. */
  readonly differences?: readonly { readonly fact: string; readonly here?: Json; readonly there?: Json }[]
  /** Of what is foreign: whose it is, where it says so. */
  readonly owner?: string
  /** When it was made there (ms since 1970), where its provider tells. */
  readonly madeAt?: number
  /** What was learned is in the history of the resource now. */
  readonly recorded?: boolean
}
/** All of a class are counted, and the first thousand listed. */
export interface Found {
  readonly count: number
  readonly listed: readonly Finding[]
}
export interface KindSurvey {
  readonly kind: string
  /** Here and there, and alike. */
  readonly known: number
  /** Being changed, too young, or not seen clearly: no survey judges them. */
  readonly unsettled: number
  readonly orphan: Found
  readonly ghost: Found
  readonly drift: Found
  readonly foreign: Found
}
export interface ProviderSurvey {
  readonly provider: string
  /** When it began and ended (ms since 1970). */
  readonly at: number
  readonly endedAt: number
  /** Whether all of it was seen. If not, `problem` says why, and the kinds are as far as it came. */
  readonly reachable: boolean
  readonly problem?: string
  readonly kinds: readonly KindSurvey[]
}
export interface SurveyReport {
  readonly providers: readonly ProviderSurvey[]
  /** Orphans, ghosts and drift of all of them. */
  readonly found: number
}

/** What names one thing at a provider, such as a finding. */
export interface Thing {
  readonly provider: string
  readonly kind: string
  readonly id: string
}
/** What became of an orphan that was to be cleaned away. */
export interface Cleaned extends Thing {
  /** `absent`: it was gone before. */
  readonly outcome: 'cleaned' | 'absent'
  /** Token of the call. */
  readonly token?: string
  /** Whether the history of the resource it was of says so. */
  readonly recorded: boolean
}

/** The sum of reports. */
export const reportOf = (providers: readonly ProviderSurvey[]): SurveyReport => ({
  providers,
  found: providers
    .flatMap(({ kinds }) => kinds)
    .reduce((sum, { orphan, ghost, drift }) => sum + orphan.count + ghost.count + drift.count, 0),
})
