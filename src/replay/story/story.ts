/**
 * The story of one resource: its events with what each asked for and what came of it, what caused it, what it told others,
 * and between them what was refused.
 */
import type { Envelope } from '../../../machines/grammar.ts'
import type { RefusalEntry } from '../../store/refusals.ts'
import { asksOf, type StoryAsk } from './asks.ts'
import { type StoryEngine, type StoryReader, StorySource } from './source.ts'
import { type StoryTimer, timersOf } from './timers.ts'

/** An event of another resource. */
export interface Related {
  readonly position: number
  readonly resource: string
  readonly type: string
}
export type StoryEntry =
  | (Envelope & {
      readonly entry: 'event'
      readonly asks: readonly StoryAsk[]
      readonly timers: readonly StoryTimer[]
      /** What another resource did or told that led to it. */
      readonly causedBy?: Related
      /** What became of others by it. */
      readonly led: readonly Related[]
    })
  | (RefusalEntry & { readonly entry: 'refusal' })

export interface StoryAsked {
  /** The version to begin at (default 1). Refusals before its event are left out. */
  readonly fromVersion?: number
  /** Events at most; refusals between them come along. */
  readonly limit?: number
}
export interface Story {
  readonly entries: readonly StoryEntry[]
  /** `fromVersion` of what comes next; undefined where that is not there yet. */
  readonly next: number | undefined
}

const REFUSALS_MAX = 1_000

/**
 * Reads a story as a principal may: what others did that it may not see is left out. The journal of refusals is bounded,
 * so what was refused long ago is not in it; calls that failed on the way are known of open asks alone. Throws Refused
 * notFound.
 * @param reader a session, or one of a past
 */
export async function readStory(
  engine: StoryEngine,
  reader: StoryReader,
  id: string,
  { fromVersion = 1, limit = Number.POSITIVE_INFINITY }: StoryAsked = {},
): Promise<Story> {
  const source = new StorySource(engine, reader)
  const { events } = await source.events(id)
  const asked = [...asksOf(events, new Map())].flatMap(([position, asks]) =>
    asks.filter(({ outcome }) => outcome === 'open').map(({ token }) => ({ token, position })),
  )
  const asks = asksOf(events, await source.openAsks(asked))
  const timers = timersOf(events)
  const told = events.filter(({ version }) => version >= fromVersion).slice(0, limit)
  const refusals = await reader.refusals({ resource: id, limit: REFUSALS_MAX })
  const [first, last] = [told[0], told.at(-1)]
  const next = last && last !== events.at(-1) ? last.version + 1 : undefined
  const isWithin = ({ version }: RefusalEntry) =>
    version >= (fromVersion === 1 ? 0 : fromVersion) && (next === undefined || version < next)
  const entries: StoryEntry[] = []
  for (const event of told) {
    const { position, causation, resource } = event
    const cause = causation === undefined || causation === position ? undefined : await source.event(causation)
    const isTelling = event.wants?.some(({ want }) => want === 'tell')
    entries.push({
      entry: 'event',
      ...event,
      asks: asks.get(position) ?? [],
      timers: timers.get(position) ?? [],
      ...(cause && cause.resource !== resource && { causedBy: related(cause) }),
      led: isTelling ? (await source.caused(event)).map(related) : [],
    })
  }
  for (const refusal of refusals) if (!first || isWithin(refusal)) entries.push({ entry: 'refusal', ...refusal })
  // A refusal was decided on the event before it, at the same position or later.
  return { entries: entries.sort((a, b) => a.position - b.position || rank(a) - rank(b) || a.at - b.at), next }
}

const rank = ({ entry }: StoryEntry) => (entry === 'event' ? 0 : 1)
const related = ({ position, resource, type }: Envelope): Related => ({ position, resource, type })
