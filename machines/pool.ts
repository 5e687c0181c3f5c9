/**
 * A pool: storage of a provider in one of its zones, with a size, on which volumes are placed. How far it may be filled
 * is its operator's: by an over-provisioning factor, and by thresholds that refuse only where they are set. What is on it
 * is counted by a view, not here; what its provider measures is told by surveys, and promises nothing. (spec: cloudstack 3.2, 3.4; docs/capacity.md.)
 */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import {
  type EventNamed,
  type EventOf,
  events,
  ignore,
  needs,
  type Observed,
  reported,
  requested,
  requires,
  type StateTag,
  type Untyped,
  wants,
} from './grammar.ts'
import { type Tags, tagChanges, tagChoices, tagEvents, taggable, tagRequirements, tags } from './tags.ts'

export interface PoolContext {
  readonly name: string
  readonly provider: string
  readonly zone: string
  readonly totalBytes: number
  /** How many times its size may be promised. */
  readonly overprovisionFactor: number
  /** Of what may be promised, the part beyond which no new volume or VM snapshot is placed on it. */
  readonly allocationThreshold?: number
  /** The part beyond which none of its volumes grows. */
  readonly resizeThreshold?: number
  /** Types of the volumes it takes; without them, any. */
  readonly volumeTypes?: readonly string[]
  readonly tags?: Tags
  /** What its provider told last. */
  readonly measured?: Measured
}
/** As its provider has it, in bytes: what there is, what is left, what is taken, and what was promised on it. */
export interface Measured {
  readonly totalBytes?: number
  readonly freeBytes?: number
  readonly usedBytes?: number
  readonly provisionedBytes?: number
}
const unborn: PoolContext = { name: '', provider: '', zone: '', totalBytes: 0, overprovisionFactor: 1 }

const factor = z.number().min(1).max(1000)
const threshold = z.number().gt(0).max(1)
const volumeTypes = z.array(z.string().min(1).max(64)).min(1).max(50)
const totalBytes = z.int().positive()
const bytes = z.int().nonnegative()

/** What an operator may say of it. */
export const poolShape = {
  totalBytes,
  overprovisionFactor: factor.default(1),
  allocationThreshold: threshold.optional(),
  resizeThreshold: threshold.optional(),
  volumeTypes: volumeTypes.optional(),
}
/** What may be said anew; null takes it away. */
export const poolChanges = {
  totalBytes: totalBytes.optional(),
  overprovisionFactor: factor.optional(),
  allocationThreshold: threshold.nullable().optional(),
  resizeThreshold: threshold.nullable().optional(),
  volumeTypes: volumeTypes.nullable().optional(),
}

export const poolEvents = events('pool', {
  defineRequested: requested({
    name: z.string(),
    provider: z.string(),
    zone: z.string(),
    ...poolShape,
    overprovisionFactor: factor,
    tags: tags.optional(),
  }),
  modifyRequested: requested(poolChanges),
  enableRequested: requested(),
  disableRequested: requested(),
  retireRequested: requested(
    { provider: z.string() },
    { placed: z.object({ figures: z.record(z.string(), z.number()) }).nullable() },
  ),
  ...tagEvents,

  /** A survey has asked its provider. */
  measured: reported({
    totalBytes: bytes.optional(),
    freeBytes: bytes.optional(),
    usedBytes: bytes.optional(),
    provisionedBytes: bytes.optional(),
  }),
})
export type PoolEvent = EventOf<typeof poolEvents>
type Named<K extends string> = EventNamed<typeof poolEvents, K>

/** Said by the command, which knows the provider. */
const saidByCommand = () => true
export const poolRequirements = {
  ...tagRequirements,
  zoneOffered: saidByCommand,
  unused: ({ event }: { event: Named<'retireRequested'> }) =>
    Object.keys(event.facts.placed?.figures ?? {}).length === 0,
}

type Changes = Named<'modifyRequested'>['data']
const changed = (context: PoolContext, changes: Changes): PoolContext =>
  Object.fromEntries(
    Object.entries({ ...context, ...changes }).filter(([, value]) => value !== null && value !== undefined),
  ) as unknown as PoolContext
const sameSettings = ({ context, event }: { context: PoolContext; event: Untyped }) =>
  JSON.stringify(changed(context, event.data)) === JSON.stringify(changed(context, {}))

const isBytes = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
function measuredBy(facts: Readonly<Record<string, unknown>>): Measured {
  const { totalVolumeBytes: total, freeVolumeBytes, usedVolumeBytes: used, provisionedVolumeBytes } = facts
  const left = isBytes(total) && isBytes(used) ? Math.max(total - used, 0) : undefined
  const free = isBytes(freeVolumeBytes) ? freeVolumeBytes : left
  const all = { totalBytes: total, freeBytes: free, usedBytes: used, provisionedBytes: provisionedVolumeBytes }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => isBytes(value)))
}
/** A hundredth of it is worth an event, and what was not known before. */
const isNews = (before: Measured, now: Measured, of: number) =>
  (Object.keys(now) as (keyof Measured)[]).some(
    name => before[name] === undefined || Math.abs(now[name]! - before[name]) * 100 >= of,
  )
/** What its provider tells of it, if that is new. */
export const poolObserved: Observed = ({ exists, facts }, { measured = {}, totalBytes }: PoolContext) => {
  const data = exists === 'yes' ? measuredBy(facts) : {}
  return isNews(measured, data, data.totalBytes ?? totalBytes) ? { event: 'measured', data: { ...data } } : undefined
}
const measuring = { 'pool.measured': { actions: 'measured' } } as const
const unmeasured = (why: string) => ({ 'pool.measured': ignore(why) })

const tagging = taggable('pool')
const modifying = { 'pool.modifyRequested': [{ guard: 'sameSettings' }, { actions: 'modified' }] } as const
const retiring = { 'pool.retireRequested': { guard: needs('unused'), target: 'retired' } } as const

export const pool = setup({
  types: { context: {} as PoolContext, events: {} as PoolEvent, tags: {} as StateTag },
  actions: {
    ...wants,
    defined: assign(({ event }) => ({ ...(event as Named<'defineRequested'>).data })),
    modified: assign(({ context, event }) => {
      const { data } = event as Named<'modifyRequested'>
      const now = changed(context, data)
      // What was taken away is not there any more.
      return { ...Object.fromEntries(Object.keys(data).map(name => [name, undefined])), ...now }
    }),
    measured: assign(({ event }) => ({ measured: { ...(event as Named<'measured'>).data } })),
    tagged: assign(now => tagChanges.tagged(now)),
    untagged: assign(now => tagChanges.untagged(now)),
  },
  guards: { requires: requires(poolRequirements), sameSettings, ...tagChoices },
}).createMachine({
  id: 'pool',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: {
        'pool.defineRequested': { guard: needs('zoneOffered', 'tagsFew'), target: 'enabled', actions: 'defined' },
        ...unmeasured('it never existed'),
      },
    },
    enabled: {
      tags: 'settled',
      on: {
        'pool.enableRequested': {},
        'pool.disableRequested': 'disabled',
        ...modifying,
        ...retiring,
        ...measuring,
        ...tagging,
      },
    },
    disabled: {
      tags: 'settled',
      on: {
        'pool.enableRequested': 'enabled',
        'pool.disableRequested': {},
        ...modifying,
        ...retiring,
        ...measuring,
        ...tagging,
      },
    },
    retired: {
      tags: ['settled', 'terminal'],
      on: { 'pool.retireRequested': {}, ...tagging, ...unmeasured('nothing is placed on it any more') },
    },
  },
})
