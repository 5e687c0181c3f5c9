/**
 * What a run is like: drawn once for each seed, options and all (swarm testing). Half of the runs leave out about half of
 * the features, because a fault that is always there hides what happens without it.
 */
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import type { FaultPlan } from '../../src/drivers/simulated/index.ts'
import { narrowerOf, type ProviderClass, providerClassNames, variationOf } from './provider.ts'
import { type Random, streamOf } from './random.ts'

export const actions = [
  'run',
  'wait',
  'submit',
  'retry',
  'repeat',
  'report',
  'crash',
  'crashInside',
  'powerOff',
  'vanish',
  'others',
  'read',
  'rebuild',
  'prune',
  'survey',
] as const
export type Action = (typeof actions)[number]

export interface Shape {
  readonly tenants: number
  /** What sort of provider it is, and in which entries it is another than its class is. */
  readonly providerClass: ProviderClass
  readonly variation: DeclaredCapabilities
  readonly idempotency: 'id' | 'token' | 'none'
  /** How long the provider remembers tokens; undefined: for ever. */
  readonly tokenTtlMs: number | undefined
  readonly stateAfterCreate: 'running' | 'stopped'
  readonly hotPlug: boolean
  readonly reboot: boolean
  readonly suspend: 'none' | 'memory' | 'disk'
  /** How long the provider may leave an instance out. */
  readonly missingGraceMs: number
  /** Does the provider destroy only what is off? */
  readonly careful: boolean
  /** Does it take images away, and what do instances of the image that all may use offer less of? */
  readonly deletesImages: boolean
  readonly narrower: DeclaredCapabilities
  /** Can types and rates of volumes change, and how long are contents moved then? */
  readonly retype: boolean
  readonly optimizeMs: number
  readonly callsInFlightMax: number
  readonly latencyMs: { readonly min: number; readonly max: number }
  readonly delayMs: { readonly min: number; readonly max: number }
  readonly faults: FaultPlan
  /** Bytes of volumes the provider has; undefined: without limit. */
  readonly volumeBytes: number | undefined
  readonly batchMax: number
  readonly asksMax: number
  readonly behindMax: number
  readonly residentMax: number
  readonly consistency: 'behind' | 'strict'
  /** How many of the commands are about snapshots and images, against the others. */
  readonly images: number
  /** How long instances and volumes are found after their end; undefined: as long as their kinds say. */
  readonly retentionMs: number | undefined
  /** Share of steps after which the next follows without waiting for what the first began. */
  readonly bursts: number
  /** May accounts have only so much? */
  readonly limited: boolean
  /** Are there pools, and does the provider move volumes between them? */
  readonly pooled: boolean
  readonly migrate: 'none' | 'offline' | 'online'
  readonly weights: Readonly<Record<Action, number>>
}

/** A quiet world: nothing fails, nothing is small. Canonical scenarios run in it. */
export const calm: Shape = {
  tenants: 1,
  providerClass: 'able',
  variation: {},
  idempotency: 'id',
  tokenTtlMs: undefined,
  stateAfterCreate: 'running',
  hotPlug: true,
  reboot: true,
  suspend: 'disk',
  missingGraceMs: 0,
  careful: false,
  deletesImages: false,
  narrower: {},
  retype: true,
  optimizeMs: 0,
  callsInFlightMax: 64,
  latencyMs: { min: 2, max: 2 },
  delayMs: { min: 10, max: 10 },
  faults: {},
  volumeBytes: undefined,
  batchMax: 64,
  asksMax: 10_000,
  behindMax: 1_024,
  residentMax: 50_000,
  consistency: 'behind',
  images: 1,
  retentionMs: undefined,
  bursts: 0,
  limited: false,
  pooled: false,
  migrate: 'online',
  weights: Object.fromEntries(actions.map(action => [action, 1])) as Record<Action, number>,
}

/** How often each thing happens in most worlds. */
export const usual: Record<Action, number> = {
  run: 60,
  wait: 12,
  submit: 18,
  retry: 3,
  repeat: 2,
  report: 4,
  crash: 1,
  crashInside: 1.5,
  powerOff: 1,
  vanish: 0.5,
  others: 1,
  read: 2,
  rebuild: 0.3,
  prune: 1,
  survey: 1,
}

export const retained = ['instance', 'volume', 'snapshot']
/** What the engine is told of retention; of no kind if the shape leaves it to the rules. */
export const retentionOf = ({ retentionMs }: Shape, kind: string): number | undefined =>
  retained.includes(kind) ? retentionMs : undefined
/** Without these nothing happens at all. */
const essential = new Set<Action>(['run', 'wait', 'submit'])

const changingFaults = [
  'beforeEffect',
  'afterEffect',
  'silence',
  'partial',
  'delay',
  'pending',
  'duplicateAnswer',
  'throws',
  'rejected',
  'lostProcess',
] as const

const verbs = [
  'volumeEnsure',
  'volumeResize',
  'volumeDelete',
  'volumeSnapshotEnsure',
  'volumeSnapshotDelete',
  'volumeSnapshotGroupEnsure',
  'volumeRevert',
  'volumeMigrate',
  'instanceEnsure',
  'instancePower',
  'instanceDestroy',
  'attach',
  'detach',
] as const

/** One call that goes wrong often, so that what follows a failure is not only ever seen once. */
const weakness = (random: Random) => ({
  [random.pick([...verbs, 'volumeSnapshotEnsure'])]: {
    [random.pick(['rejected', 'delay', 'lostProcess', 'beforeEffect'])]: 0.4,
    partial: 0,
  },
})

function faultsOf(
  random: Random,
  omits: () => boolean,
  { idempotency, tokenTtlMs }: Pick<Shape, 'idempotency' | 'tokenTtlMs'>,
): FaultPlan {
  const odds: Record<string, number> = {}
  for (const fault of changingFaults) if (!omits()) odds[fault] = random.pick([0.01, 0.03, 0.08])
  const looks = { beforeEffect: omits() ? 0 : 0.1, throws: omits() ? 0 : 0.1 }
  const stale = idempotency === 'none' && !omits() ? { staleRead: 0.3 } : {}
  return {
    '*': odds,
    poll: looks,
    observe: { ...looks, ...stale },
    list: {},
    probe: {},
    capacity: { throws: 0 },
    ...(random.chance(0.5) ? weakness(random) : {}),
    // Nobody can finish what a provider has half done that tells two calls apart by nothing, or not any more.
    ...(idempotency === 'none' || tokenTtlMs !== undefined
      ? {
          instanceEnsure: { partial: 0 },
          volumeEnsure: { partial: 0 },
          volumeSnapshotEnsure: { partial: 0 },
          volumeSnapshotGroupEnsure: { partial: 0 },
          vmSnapshotEnsure: { partial: 0 },
        }
      : {}),
  }
}

/** Every third world has a provider that can do everything; the others are one of each class in turn. */
export function classOf(seed: number): ProviderClass {
  const [able, ...others] = providerClassNames as [ProviderClass, ...ProviderClass[]]
  return seed % 3 === 0 ? able : others[Math.floor((seed * 2) / 3) % others.length]!
}

export function shapeOf(seed: number, providerClass = classOf(seed)): Shape {
  const random = streamOf(seed, 'shape')
  const isSparse = random.chance(0.5)
  const omits = () => isSparse && random.chance(0.5)
  const idempotency = random.pick(['id', 'id', 'token', 'none'] as const)
  // Of its own stream, as what else was thought of later.
  const ttls = streamOf(seed, 'tokens').pick([undefined, 90_000, 600_000])
  const tokenTtlMs = idempotency === 'token' ? ttls : undefined
  const weights = { ...usual }
  for (const action of actions) {
    if (!essential.has(action) && omits()) weights[action] = 0
    weights[action] *= random.pick([0.5, 1, 1, 2])
  }
  const fast = random.chance(0.3)
  // Of its own stream: what is drawn elsewhere does not depend on it.
  const ofImages = streamOf(seed, 'images')
  return {
    tenants: random.between(1, 3),
    idempotency,
    tokenTtlMs,
    stateAfterCreate: random.pick(['running', 'running', 'stopped']),
    hotPlug: random.chance(0.8),
    reboot: random.chance(0.8),
    callsInFlightMax: random.pick([1, 2, 64]),
    latencyMs: fast ? { min: 0, max: 3 } : { min: 1, max: random.pick([20, 2_000, 120_000]) },
    delayMs: { min: 1, max: random.pick([100, 10_000]) },
    faults: random.chance(0.2) ? {} : faultsOf(random, omits, { idempotency, tokenTtlMs }),
    volumeBytes: random.chance(0.2) ? 12 * GIB : undefined,
    batchMax: random.pick([1, 2, 8, 64]),
    asksMax: random.pick([8, 10_000, 10_000]),
    behindMax: random.pick([1, 8, 1_024]),
    residentMax: random.pick([2, 8, 50_000]),
    consistency: random.chance(0.25) ? 'strict' : 'behind',
    bursts: random.pick([0, 0, 0.3]),
    weights,
    retentionMs: random.pick([undefined, undefined, 0, 1_000, 600_000, Number.POSITIVE_INFINITY]),
    careful: random.chance(0.3),
    deletesImages: ofImages.chance(0.4),
    narrower: narrowerOf(ofImages, providerClass),
    retype: random.chance(0.8),
    optimizeMs: random.pick([0, 0, 90_000]),
    images: random.pick([0.3, 1, 4]),
    suspend: random.pick(['none', 'memory', 'disk']),
    missingGraceMs: random.pick([0, 0, 60_000]),
    limited: random.chance(0.3),
    providerClass,
    variation: variationOf(random, providerClass),
    pooled: random.chance(0.6),
    migrate: random.pick(['none', 'offline', 'online', 'online'] as const),
  }
}

export const GIB = 1024 ** 3
