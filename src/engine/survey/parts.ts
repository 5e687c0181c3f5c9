/** What a survey works with, and what it knows of things and of the resources they belong to. */
import type { Expected, Seen } from '../../../machines/grammar.ts'
import type { Facts, Observation, ResourceKind } from '../../drivers/driver.ts'
import type { RegisteredDriver } from '../../drivers/register.ts'
import type { Questions } from '../../effects/questions.ts'
import type { Catalogue } from '../../runtime/catalogue.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { NewsOutcome } from '../../runtime/news.ts'
import type { Residence } from '../../runtime/residence.ts'
import type { Snapshot } from '../../runtime/snapshot.ts'

export interface SurveyParts {
  readonly catalogue: Catalogue
  readonly residence: Residence
  readonly drivers: ReadonlyMap<string, RegisteredDriver>
  readonly clock: Clock
  readonly questions: Questions
  readonly owner: string
  /** Ids of the resources of a kind that should be at a provider, page by page. */
  readonly known: (provider: string, kind: string) => AsyncIterable<readonly string[]>
  /** Records what is seen of a resource, or of a part of it, if that is news. */
  readonly heard: (provider: string, seen: Observation, resource: string) => Promise<NewsOutcome | 'failed'>
  /** What went wrong, and nobody waits for. */
  readonly failed: (error: unknown, where: string) => void
  /** The same of how much there is of some storage. */
  readonly measured: (provider: string, storage: Snapshot, facts: Facts) => Promise<NewsOutcome | 'failed'>
}

/** The resource that a thing is of, or is part of: a connection and a root have ids that begin with their instance's. */
export const resourceOf = (id: string): string => {
  const end = id.indexOf('/')
  return end < 0 ? id : id.slice(0, end)
}
/** What is seen, as its resource hears it: it itself, or a part of it, and whether it has asked for something meanwhile. */
export const sightOf = (seen: Observation, { resource, asks }: Pick<Snapshot, 'resource' | 'asks'>): Seen => {
  const part = seen.id === resource ? undefined : { kind: seen.kind, id: seen.id }
  return { ...seen, part, asked: asks.length > 0 }
}
/** The resource that asked for it, by the token of that call. */
export const askedBy = (token: string | undefined): string | undefined => /^(.+)\.\d+\.\d+$/.exec(token ?? '')?.[1]

export const isOver = ({ catalogue }: Pick<SurveyParts, 'catalogue'>, { kind, state }: Snapshot): boolean =>
  catalogue.kind(kind).is(state, 'terminal')

/** On its way somewhere, or about to: what is seen of it may be right a moment later. */
export const isMoving = ({ catalogue }: Pick<SurveyParts, 'catalogue'>, { kind, state, asks }: Snapshot): boolean =>
  asks.length > 0 || catalogue.kind(kind).is(state, 'working')

export const expectedOf = (
  { catalogue }: Pick<SurveyParts, 'catalogue'>,
  { kind, resource, context, state }: Snapshot,
): readonly Expected[] => catalogue.kind(kind).kind.presence.of(resource, context, state)

/**
 * How long something may be on its way to be what it should: the longest its provider says that an operation takes, and
 * what it may lag behind. What is younger is neither orphan nor ghost. (spec: drivers-and-qemu 5.)
 */
export const graceMs = ({ capabilities: { limits, settle, consistency } }: RegisteredDriver): number =>
  Math.max(limits.callTimeoutMs, settle.startRetryAfterMs, settle.stopRetryAfterMs) + consistency.lagMs

/** Whether a thing that belongs to nobody here is too young to be an orphan. */
export function isYoung(
  { madeAt }: Observation,
  last: Snapshot | null | undefined,
  provider: RegisteredDriver,
  now: number,
): boolean {
  const since = Math.max(madeAt ?? 0, last?.at ?? 0)
  return since > 0 && now - since < graceMs(provider)
}

export const surveyedKinds = Object.keys({
  image: 0,
  volume: 0,
  volumeSnapshot: 0,
  instance: 0,
  vmSnapshot: 0,
  attachment: 0,
} satisfies Record<ResourceKind, 0>) as ResourceKind[]
