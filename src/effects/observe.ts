/**
 * Settling an unknown outcome by looking, for drivers that declare no idempotency: what each call leaves in the world, as
 * seen by `observe`. (design: contract point 5; driver contract.)
 */
import type { Facts, Observation, ResourceKind } from '../drivers/driver.ts'

/** `done`: the effect is there, with these facts. `notDone`: it is not. `unclear`: look again later. */
export type Sighting = { verdict: 'done'; facts: Facts } | { verdict: 'notDone' } | { verdict: 'unclear' }

interface Effect {
  readonly kind: ResourceKind
  readonly settles: (seen: Observation, args: Record<string, unknown>) => boolean
}

const exists: Effect['settles'] = seen => seen.exists === 'yes'
const isGone: Effect['settles'] = seen => seen.exists === 'no'
type Device = { volume: string }
const volumesOf = ({ facts }: Observation) => ((facts.devices ?? []) as unknown as Device[]).map(({ volume }) => volume)

const effects: Readonly<Record<string, Effect>> = {
  volumeEnsure: { kind: 'volume', settles: exists },
  volumeDelete: { kind: 'volume', settles: isGone },
  volumeResize: { kind: 'volume', settles: ({ facts }, { sizeBytes }) => Number(facts.sizeBytes) >= Number(sizeBytes) },
  instanceEnsure: { kind: 'instance', settles: exists },
  instanceDestroy: { kind: 'instance', settles: isGone },
  instancePower: {
    kind: 'instance',
    settles: ({ facts, generation }, { want, generation: wanted }) =>
      generation === wanted && facts.status === (want === 'off' ? 'stopped' : want),
  },
  attach: { kind: 'instance', settles: (seen, { volume }) => volumesOf(seen).includes(String(volume)) },
  detach: { kind: 'instance', settles: (seen, { volume }) => !volumesOf(seen).includes(String(volume)) },
}

/** What an observation says about a call. A reset leaves no trace, so it is done once the instance is there. */
export function sighting(verb: string, args: unknown, seen: Observation): Sighting {
  if (seen.exists === 'unknown') return { verdict: 'unclear' }
  const effect = effects[verb]
  if (!effect) return seen.exists === 'yes' ? { verdict: 'done', facts: seen.facts } : { verdict: 'unclear' }
  if (!effect.settles(seen, args as Record<string, unknown>)) return { verdict: 'notDone' }
  return { verdict: 'done', facts: { ...seen.facts, ...(seen.generation ? { generation: seen.generation } : {}) } }
}

export const observedKind = (verb: string): ResourceKind => effects[verb]?.kind ?? 'instance'
