/**
 * What the provider of a world can do: one of the classes that providers come in, varied within what can be true of one.
 * (spec: stateful-and-deltacloud 3a.2, 3a.3.)
 */
import { type DeclaredCapabilities, capabilities as filled } from '../../src/drivers/capabilities.ts'
import { contradictionsOf } from '../../src/drivers/contradictions.ts'
import { simulatedClasses } from '../../src/drivers/simulated/index.ts'
import { everyCapability } from '../../src/drivers/simulated/options.ts'
import type { Random } from './random.ts'
import { GIB, type Shape } from './shape.ts'

/** The ways around a provider that has no disks but its own: a volume first, and the instance boots from it. */
const rootVolumes = { canCreateVolumeFromImage: true, bootFromVolume: true } as const

/**
 * `able` can do everything. `D alone` has no clones: whoever launches has the image. `A with volumes` keeps nothing that
 * stops, and yet its volumes outlive what boots from them.
 */
export const providerClasses = {
  able: {},
  A: simulatedClasses.A,
  'A with volumes': { ...simulatedClasses.A, ...rootVolumes, rootOnDestroy: 'byFlag' },
  B: simulatedClasses.B,
  C: simulatedClasses.C,
  D: simulatedClasses.D,
  'D alone': { ...simulatedClasses.D, canCloneImage: false, canDeleteClone: false },
  E: simulatedClasses.E,
  F: simulatedClasses.F,
} as const satisfies Readonly<Record<string, DeclaredCapabilities>>
export type ProviderClass = keyof typeof providerClasses
export const providerClassNames = Object.keys(providerClasses) as ProviderClass[]

/** How long an answer of it is waited for. */
export const PATIENCE_MS = 60_000

const declared = ({ providerClass, variation }: Pick<Shape, 'providerClass' | 'variation'>): DeclaredCapabilities => ({
  ...everyCapability,
  ...providerClasses[providerClass],
  ...variation,
})

/** What a class says of rest and patience is its own; the one that can do everything is drawn. */
const ableAs = ({ stateAfterCreate, suspend, missingGraceMs }: Shape): DeclaredCapabilities => ({
  stateAfterCreate,
  suspend,
  settle: { missingGraceMs },
})

/** Everything that is declared in a world of this shape. */
export function capabilitiesOf(shape: Shape): DeclaredCapabilities {
  const { providerClass, variation } = shape
  const { volume = {}, volumeAttach } = providerClasses[providerClass] as DeclaredCapabilities
  return {
    ...(providerClass === 'able' ? ableAs(shape) : providerClasses[providerClass]),
    ...(shape.careful && providerClass === 'able' ? { destroyFrom: ['stopped', 'pending', 'error'] } : {}),
    ...variation,
    idempotency: { by: shape.idempotency, ttlMs: shape.tokenTtlMs },
    reboot: shape.reboot ? 'both' : 'none',
    canDeleteImage: shape.deletesImages,
    volumeAttach: volumeAttach ?? { hotPlug: shape.hotPlug, hotUnplug: shape.hotPlug, max: 3, identity: 'serial' },
    volume: {
      minBytes: GIB,
      stepBytes: 1,
      maxBytes: 64 * GIB,
      grow: volume.grow ?? 'online',
      retype: shape.retype,
      encrypt: true,
      migrate: shape.migrate,
    },
    limits: { callsInFlightMax: shape.callsInFlightMax },
  }
}

const either = <T>(random: Random, ...values: T[]): T | undefined =>
  random.chance(0.4) ? random.pick(values) : undefined
const keeps = (name: ProviderClass) => filled(declared({ providerClass: name, variation: {} })).stop === 'preserves'

/** What one entry may be instead, each by itself: none of it makes a provider that nobody could use. */
function drawn(random: Random, name: ProviderClass): DeclaredCapabilities {
  const entries: DeclaredCapabilities = {
    cloneKind: either(random, 'full', 'linked', 'cow'),
    stateAfterCreate: either(random, 'running', 'stopped'),
    attachmentsOnDestroy: either(random, 'detaches', 'deletes', 'byFlag'),
    settle: { missingGraceMs: random.pick([0, 0, 30_000]) },
    // What it keeps when it is off has to be destroyable then; what it does not, while it runs.
    destroyFrom: keeps(name)
      ? either(random, ['stopped', 'pending', 'error'], ['running', 'stopped', 'pending', 'error'])
      : either(random, ['running', 'stopped', 'pending', 'error']),
    destroy: name.startsWith('A') ? either(random, 'viaStop') : undefined,
    rootOnDestroy: name === 'A' || name === 'B' || name === 'C' ? either(random, 'deletes', 'byFlag') : undefined,
    vanishesAfterStop: name === 'F' ? either(random, false) : undefined,
  }
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined))
}

/** A class as it is described, half of the time; else with some of its entries otherwise. */
export function variationOf(random: Random, providerClass: ProviderClass): DeclaredCapabilities {
  if (providerClass === 'able' || random.chance(0.5)) return {}
  for (;;) {
    const variation = drawn(random, providerClass)
    if (contradictionsOf(filled(declared({ providerClass, variation }))).length === 0) return variation
  }
}

/** What instances of one image offer less of; nothing, in most worlds. */
export function narrowerOf(random: Random, name: ProviderClass): DeclaredCapabilities {
  if (random.chance(0.6)) return {}
  const ends: DeclaredCapabilities = keeps(name) ? { stop: 'destroys', suspend: 'none' } : {}
  return random.pick<DeclaredCapabilities>([{ suspend: 'none' }, { vmSnapshot: {} }, { volumeSnapshot: {} }, ends])
}
