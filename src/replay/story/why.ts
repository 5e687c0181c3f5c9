/** Why a resource is in its state: what led there, what it waits for, and what would be accepted now. */
import type { Envelope, Json } from '../../../machines/grammar.ts'
import type { Action } from '../../runtime/actions.ts'
import { visible } from '../../runtime/decide.ts'
import type { Session } from '../../runtime/session.ts'
import type { RefusalEntry } from '../../store/refusals.ts'
import type { AskRow } from '../../store/store.ts'
import { callOf, type StoryAsk } from './asks.ts'
import { type StoryEngine, StorySource } from './source.ts'
import { stepsOf } from './steps.ts'

export type Awaited =
  | ({ readonly for: 'ask'; readonly token: string; readonly verb: string; readonly sinceMs: number } & {
      readonly provider?: string
      readonly call?: StoryAsk['call']
    })
  | { readonly for: 'timer'; readonly event: string; readonly dueAt: number }
  | { readonly for: 'resource'; readonly id: string; readonly kind?: string; readonly state?: string }

/** An event on the way to where the resource is. */
export interface Link {
  readonly position: number
  readonly at: number
  readonly resource: string
  readonly type: string
  readonly origin: Envelope['origin']
  readonly actor: string
}

export interface Why {
  readonly id: string
  readonly kind: string
  /** The state that readers see, and the dotted path within the machine. */
  readonly state: string
  readonly path: string
  readonly tags: readonly string[]
  /** The event that led into this state, and what it said. */
  readonly since: Link & { readonly data: Json }
  /** From what began the story to that event, by causation. */
  readonly chain: readonly Link[]
  readonly awaits: readonly Awaited[]
  /** Not of a past: what would have been accepted depends on more than the resource remembers. */
  readonly actions?: readonly Action[]
  /** What was refused of it since then, newest last. */
  readonly refused: readonly RefusalEntry[]
}

const CHAIN_MAX = 32
const REFUSED_MAX = 10

// biome-ignore lint/suspicious/noExplicitAny: whatever kinds and views it has
type AnySession = Session<any, any>

export interface WhyOptions {
  /** The session is one of a past. Of its asks the calls are not known: those that are known were made since. */
  readonly isPast?: boolean
}

/** Throws Refused notFound, and what `actions` throws. */
export async function readWhy(
  engine: StoryEngine,
  session: AnySession,
  id: string,
  { isPast = false }: WhyOptions = {},
): Promise<Why> {
  const source = new StorySource(engine, session)
  const { compiled, events } = await source.events(id)
  const { after: now } = [...stepsOf(compiled, events)].at(-1)!
  const leaf = compiled.evaluator.chart.leaves.get(now.state)
  const entered = events.findLast(({ before, state }) => before !== state) ?? events.at(-1)!
  const byToken = new Map<string, Asked>(events.flatMap(asked))
  const open = now.asks.map(({ token }) => ({ token, position: byToken.get(token)?.position ?? 0 }))
  const rows = isPast ? new Map<string, AskRow>() : await source.openAsks(open)
  const asks = now.asks.map(({ token, verb }): Awaited => {
    const row = rows.get(token)
    const provider = row?.provider ?? byToken.get(token)?.provider
    return { for: 'ask', token, verb, provider, sinceMs: byToken.get(token)?.at ?? 0, call: row && callOf(row) }
  })
  const timers = Object.entries(now.timers)
    .sort(([, a], [, b]) => a - b)
    .map(([event, dueAt]): Awaited => ({ for: 'timer', event, dueAt }))
  const others: Awaited[] = []
  for (const other of leaf?.awaits?.(now.context) ?? []) {
    const last = (await source.sees(other)) ? (await source.events(other)).events.at(-1) : undefined
    others.push({ for: 'resource', id: other, kind: last?.kind, state: last?.state })
  }
  const refused = await session.refusals({ resource: id, since: entered.at, limit: REFUSED_MAX })
  return {
    id,
    kind: compiled.kind.name,
    state: visible(now.state),
    path: now.state,
    tags: [...(leaf?.tags ?? [])],
    since: { ...link(entered), data: entered.data },
    chain: await chainTo(entered, source),
    awaits: [...asks, ...others, ...timers],
    ...(!isPast && { actions: await session.actions(id) }),
    refused,
  }
}

async function chainTo(event: Envelope, source: StorySource): Promise<Link[]> {
  const chain = [link(event)]
  let { causation } = event
  while (causation !== undefined && chain.length < CHAIN_MAX) {
    const cause = await source.event(causation)
    if (!cause || cause.position >= chain[0]!.position) break
    chain.unshift(link(cause))
    causation = cause.causation
  }
  return chain
}

interface Asked {
  readonly provider: string
  readonly position: number
  readonly at: number
}

function asked({ wants = [], resource, version, position, at }: Envelope) {
  const asks = wants.flatMap(want => (want.want === 'ask' ? [want] : []))
  return asks.map(
    ({ provider }, index) => [`${resource}.${version}.${index}`, { provider, position, at }] as [string, Asked],
  )
}

const link = ({ position, at, resource, type, origin, actor }: Envelope): Link => ({
  position,
  at,
  resource,
  type,
  origin,
  actor,
})
