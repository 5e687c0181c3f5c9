/**
 * How large a volume is has one answer: that of its own machine. Random histories of every event that the machine takes
 * are folded by the shared rule and by each view that counts bytes of volumes, and held against the machine's memory.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Envelope, Json } from '../../machines/grammar.ts'
import type { VolumeContext } from '../../machines/volume.alphabet.ts'
import type { AnyProjection, ViewRow } from '../../projections/contract.ts'
import { projections } from '../../projections/index.ts'
import { sizeAfter, type VolumeSize } from '../../projections/volume.size.ts'
import { evaluator } from '../../src/runtime/evolve.ts'
import { kindNamed } from '../machines/charts.ts'

const volume = 'vol-1'
const { specs } = kindNamed('volume').events
const names = Object.keys(specs)
const machine = evaluator(kindNamed('volume'))

/** What happens next: the first event after this one in the alphabet that the machine takes. */
interface Deed {
  readonly pick: number
  readonly sizeBytes: number
  readonly other: number
}
const history = fc.array(
  fc.record({
    pick: fc.integer({ min: 0, max: names.length - 1 }),
    sizeBytes: fc.integer({ min: 1, max: 6 }),
    other: fc.integer({ min: 0, max: 11 }),
  }),
  { maxLength: 60, size: 'max' },
)
/** What ends a life, or holds it up: seldom, or little would ever happen. */
const seldom = new Set([
  'deleteRequested',
  'instanceGone',
  'vanished',
  'createFailed',
  'rootLeft',
  'deleted',
  'tagRequested',
  'untagRequested',
])

/** Whatever the events of a volume say; each takes what its shape names. */
const wordsOf = ({ sizeBytes, other }: Deed): Record<string, Json> => ({
  sizeBytes,
  allocatedBytes: sizeBytes,
  optimizing: other % 3 === 0,
  instance: 'i-1',
  device: '/dev/sdb',
  deleteOnTermination: other === 0,
  volumeType: ['gp2', 'gp3'][other % 2]!,
  zone: 'a',
  provider: 'lab',
  pool: ['pool/ssd', 'pool/hdd'][other % 2]!,
  offers: {
    minBytes: 1,
    maxBytes: 9,
    stepBytes: 1,
    grow: 'online',
    retype: true,
    encrypt: true,
    snapshotOf: ['available', 'in-use'],
    revert: true,
    group: true,
    migrate: 'online',
  },
  from: { kind: 'image', id: 'img-1' },
  pinsImage: true,
  image: 'img-1',
  snapshot: `snap-${other % 2}`,
  group: 'snapgroup-1',
  covers: other % 2 === 0,
  own: true,
  plainMemory: false,
  live: true,
  held: false,
  tags: { role: 'disk' },
  code: 'exhausted',
  message: 'no room',
  retry: 'later',
  token: 't',
  kind: 'volume',
  id: volume,
})
const facts = {
  account: null,
  image: null,
  snapshot: null,
  provider: { name: 'lab' },
  instance: { id: 'i-1', zone: 'a', provider: 'lab' },
}

function dataOf(name: string, deed: Deed): Json {
  const shape = specs[name]!.data.shape as Record<string, unknown>
  const words = Object.entries(wordsOf(deed)).filter(([word]) => Object.hasOwn(shape, word))
  const data = Object.fromEntries(words)
  return specs[name]!.data.parse(name === 'untagRequested' ? { tags: [{ key: 'role' }] } : data) as Json
}

/** The envelopes of all that the machine takes, each with what it remembers then. */
function* lived(deeds: readonly Deed[]): Generator<[Envelope, VolumeContext]> {
  let from = machine.initial
  let version = 0
  for (const deed of deeds) {
    const { modification, revert, sizeBytes: had } = from.context as VolumeContext
    const of = { resource: volume, version: version + 1, account: 'acme', at: version + 1, facts }
    for (const name of [...names.slice(deed.pick), ...names.slice(0, deed.pick)]) {
      // A VM snapshot is gone back to only while nothing else is being done to the volume.
      if (name === 'vmSnapshotEnded' && (modification || revert)) continue
      if (seldom.has(name) && deed.other > 1) continue
      // Until it is answered, it is asked for with the larger of what it has and what it may get.
      const sizeBytes = name === 'revertRequested' ? Math.max(deed.sizeBytes, had) : deed.sizeBytes
      const candidate = { ...of, type: `volume.${name}`, data: dataOf(name, { ...deed, sizeBytes }) }
      const { next, decision } = machine.step(from, candidate)
      if (decision !== 'taken') continue
      version += 1
      const rest = { kind: 'volume', origin: specs[name]!.origin, region: 'here', correlation: 1, position: version }
      const event = { ...candidate, ...rest, before: from.state, state: next.state } as unknown as Envelope
      yield [event, next.context as VolumeContext]
      from = next
      break
    }
  }
}

class Rows {
  readonly #rows = new Map<string, ViewRow | undefined>()
  fold(event: Envelope): void {
    for (const view of Object.values(projections) as AnyProjection[])
      if (['inventory', 'usage', 'limits', 'capacity'].includes(view.name) && view.keys(event).includes(volume))
        this.#rows.set(view.name, view.fold(this.#rows.get(view.name), event, volume))
  }
  of = (name: string) => this.#rows.get(name)
}

it('is what its machine remembers, in every view that counts its bytes, whatever happens to it', () => {
  const taken = new Set<string>()
  fc.assert(
    fc.property(history, told => {
      let size: VolumeSize = {}
      const rows = new Rows()
      for (const [event, { sizeBytes }] of lived(told)) {
        taken.add(event.type)
        size = sizeAfter(size, event)
        rows.fold(event)
        const what = `after ${event.type} in ${event.before}`
        expect(size.sizeBytes, what).toBe(sizeBytes)
        expect(rows.of('inventory')?.attributes.sizeBytes, what).toBe(sizeBytes)
        const [isGone, isMade] = [event.state === 'deleted', rows.of('usage')?.counted === 1]
        if (!isGone) expect(rows.of('usage')?.sizeBytes, what).toBe(sizeBytes)
        const phase = rows.of('capacity')?.phase
        if (phase === 'failed' || isGone) expect(rows.of('capacity')?.sizeBytes, what).toBeUndefined()
        else expect(rows.of('capacity')?.sizeBytes, what).toBe(sizeBytes)
        // One that could not be made has no bytes; what a provider left of an instance is nobody's.
        const used = rows.of('limits')?.used.primaryBytes
        if (isMade && !isGone) expect(used, what).toBe(sizeBytes)
        if (phase === 'failed') expect(used, what).toBeUndefined()
      }
    }),
    { numRuns: 2_000, seed: 1 },
  )
  const never = names.filter(name => !taken.has(`volume.${name}`))
  expect(never).toEqual([])
})
