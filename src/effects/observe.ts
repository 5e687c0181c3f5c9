/**
 * Settling an unknown outcome by looking, for drivers that declare no idempotency: what each call leaves in the world, as
 * seen by `observe`. Could the world have been so before the call, a look says nothing, and the call is made again.
 * (design: contract point 5; driver contract; docs/decisions/0068.)
 */
import type { Capabilities, Facts, Observation, ResourceKind } from '../drivers/driver.ts'
import { isObservation } from './understood.ts'

/**
 * `done`: the effect is there, with these facts. `notDone`: it is not. `asBefore`: it is, or was before the call; made
 * again, that does no harm, and its answer tells. `unclear`: look again later.
 */
export type Sighting = { verdict: 'done'; facts: Facts } | { verdict: 'notDone' | 'asBefore' | 'unclear' }

type Args = Record<string, unknown>
interface Effect {
  readonly kind: ResourceKind
  /** What to look at, if it is not the resource of the ask. */
  readonly of?: (resource: string, args: Args) => string
  readonly settles: (seen: Observation, args: Args) => boolean
  /** It may have been so before, for another reason. */
  readonly mayBeOlder?: (args: Args) => boolean
}

const exists: Effect['settles'] = seen => seen.exists === 'yes'
const isGone: Effect['settles'] = seen => seen.exists === 'no'
const connection: Effect['of'] = (instance, { volume }) => `${instance}/${volume}`

const effects: Readonly<Record<string, Effect>> = {
  imageDelete: { kind: 'image', settles: isGone },
  volumeEnsure: { kind: 'volume', settles: exists },
  volumeDelete: { kind: 'volume', settles: isGone },
  volumeSnapshotEnsure: { kind: 'volumeSnapshot', settles: exists },
  volumeSnapshotDelete: { kind: 'volumeSnapshot', settles: isGone },
  // Until all are complete there is none of them.
  volumeSnapshotGroupEnsure: {
    kind: 'volumeSnapshot',
    of: (_, { members }) => (members as readonly { snapshot: string }[])[0]!.snapshot,
    settles: exists,
  },
  // One that is only to be of another type has its size already.
  volumeResize: {
    kind: 'volume',
    settles: ({ facts }, { sizeBytes, ...rates }) =>
      Number(facts.sizeBytes) >= Number(sizeBytes) &&
      Object.entries(rates).every(([name, asked]) => asked === undefined || facts[name] === asked),
  },
  volumeMigrate: { kind: 'volume', settles: ({ facts }, { pool }) => facts.pool === pool },
  instanceEnsure: { kind: 'instance', settles: exists },
  instanceDestroy: { kind: 'instance', settles: isGone },
  instancePower: {
    kind: 'instance',
    settles: ({ facts, generation }, { want, generation: wanted }) =>
      generation === wanted && facts.status === (want === 'off' ? 'stopped' : want),
    // A guest that has turned itself off, or never ran, is off and still has its volumes: only the call lets them go.
    mayBeOlder: ({ want }) => want === 'off',
  },
  vmSnapshotEnsure: { kind: 'vmSnapshot', of: (_, { snapshot }) => String(snapshot), settles: exists },
  vmSnapshotDelete: { kind: 'vmSnapshot', of: (_, { snapshot }) => String(snapshot), settles: isGone },
  // Where it runs afterwards, it is in a launch that was not there before.
  vmSnapshotRevert: {
    kind: 'instance',
    settles: ({ facts, generation }, { run, generation: wanted }) =>
      run === true && generation === wanted && facts.status === 'running',
  },
  attach: { kind: 'attachment', of: connection, settles: exists },
  detach: { kind: 'attachment', of: connection, settles: isGone },
}

/** What an observation says about a call. A reset leaves no trace, so it is done once the instance is there. */
export function sighting(verb: string, args: unknown, seen: unknown): Sighting {
  if (!isObservation(seen) || seen.exists === 'unknown') return { verdict: 'unclear' }
  const effect = effects[verb]
  if (!effect) return seen.exists === 'yes' ? { verdict: 'done', facts: seen.facts } : { verdict: 'notDone' }
  if (!effect.settles(seen, args as Args)) return { verdict: 'notDone' }
  if (effect.mayBeOlder?.(args as Args)) return { verdict: 'asBefore' }
  return { verdict: 'done', facts: { ...seen.facts, ...(seen.generation ? { generation: seen.generation } : {}) } }
}

/** Which object shows whether the call has had its effect. */
export function whereToLook(verb: string, resource: string, args: unknown): { kind: ResourceKind; id: string } {
  const { kind = 'instance', of } = effects[verb] ?? {}
  return { kind, id: of?.(resource, args as Args) ?? resource }
}

/**
 * Whether a provider that has heard of a call at this time (ms since 1970) still knows it when it is made once more now,
 * and takes as long as it may to arrive: only then it makes no other thing.
 */
export function knowsAgain({ idempotency, limits }: Capabilities, calledAt: number, now: number): boolean {
  const { by, ttlMs } = idempotency
  if (by !== 'token' || ttlMs === undefined) return by !== 'none'
  return now + limits.callTimeoutMs <= calledAt + ttlMs
}

/** Whether a look can tell that the call was made; a reset leaves no trace. */
export const leavesTrace = (verb: string): boolean => effects[verb] !== undefined

/**
 * Whether making the call twice is the same as making it once, at any provider: what is gone cannot go again, and nobody
 * writes to a volume, or to the disks of an instance that is off, while they are being taken back. What is off cannot be
 * turned off again, and a look would not tell: one that was made and never ran is off, and still has its volumes.
 */
export const isSafeTwice = (verb: string, args: unknown): boolean =>
  effects[verb]?.settles === isGone ||
  verb === 'volumeRevert' ||
  (verb === 'instancePower' && (args as Args).want === 'off' && (args as Args).mode === 'hard') ||
  (verb === 'vmSnapshotRevert' && (args as Args).run === false)
