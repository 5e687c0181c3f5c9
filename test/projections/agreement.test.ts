/**
 * What views count, they fold from events alone. Here it is counted a second time, from what each machine remembers at
 * the end of any life: whatever the events were, both agree. (spec: cloudstack 3.4 (f), 4.5, 5 L7 to L13.)
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Amounts, AnyProjection } from '../../projections/contract.ts'
import { projections } from '../../projections/index.ts'
import type { UsageRow } from '../../projections/usage.ts'
import { recoveryDeeds } from '../machines/recovery-walks.ts'
import { vmSnapshotDeeds } from '../machines/vm-snapshot-walks.ts'
import { act, type Deed, deedOrSurrender } from '../machines/walks.ts'
import { able, furnished, type Resource, type World } from '../machines/world.ts'
import { Rows } from './capacity-book.ts'
import { history } from './recorded.ts'

/** What was left by a provider that makes roots is only there to be deleted: nobody has it. */
const isLeft = (world: World, id: string) =>
  world.log.some(each => each.resource === id && each.type === 'volume.rootLeft')

/** What could not be made has no bytes, and is there until it is deleted. */
const isUnmade = (world: World, id: string) =>
  world.log.some(({ resource, type, before, decision }) => {
    const isBirth = before === 'creating' || before.startsWith('pending')
    return resource === id && decision === 'taken' && isBirth && failures.has(type)
  })
const failures = new Set(['volume.createFailed', 'snapshot.createFailed', 'snapshot.groupFailed'])

/** It may be recovered, or might have been: until then it has nothing of the limits, and nobody pays for it. (L7, 4.1.) */
const isAside = (world: World, id: string) =>
  world.log.findLast(
    ({ resource, type, state, decision }) =>
      resource === id && decision === 'taken' && (state === 'recoverable' || type === 'instance.recoverRequested'),
  )?.state === 'recoverable'

const isThere = /^(available|reverting|migrating|in-use)/
/** Its instance has it, may be recovered, or might have been, and takes it along. */
function isFated(world: World, volume: string): boolean {
  const holder = world.get(volume).context.attachment?.instance
  if (holder === undefined || !isAside(world, holder)) return false
  const devices = Object.values(world.get(holder).context.devices as Record<string, Held>)
  return devices.some(each => each.volume === volume && each.deleteOnTermination)
}
interface Held {
  readonly volume: string
  readonly deleteOnTermination: boolean
}

const counted: Readonly<Record<string, (resource: Resource) => Amounts | undefined>> = {
  instance: ({ state, context: { vcpus, memoryBytes, vmSnapshotTask, providerRoot } }) =>
    state === 'terminated'
      ? undefined
      : {
          ...{ instances: 1, ...largest([{ vcpus, memoryBytes }, vmSnapshotTask?.settings ?? {}]) },
          ...(providerRoot && { volumes: 1, primaryBytes: providerRoot.sizeBytes }),
        },
  volume: ({ state, context: { sizeBytes, modification, revert } }) => {
    const originalBytes = modification?.original.sizeBytes ?? revert?.originalBytes ?? 0
    return state === 'deleted' ? undefined : { volumes: 1, primaryBytes: Math.max(sizeBytes, originalBytes) }
  },
  snapshot: ({ state, context: { sizeBytes } }) =>
    state === 'deleted' ? undefined : { snapshots: 1, secondaryBytes: sizeBytes },
  'vm-snapshot': ({ state }) => (state === 'deleted' ? undefined : { vmSnapshots: 1 }),
  image: ({ state }) => (state === 'deregistered' ? undefined : { images: 1 }),
}
/** Of what it is and what it is being taken back to: it may be either. */
const largest = (sizes: readonly { vcpus?: number; memoryBytes?: number }[]): Amounts => ({
  vcpus: Math.max(...sizes.map(({ vcpus = 0 }) => vcpus)),
  memoryBytes: Math.max(...sizes.map(({ memoryBytes = 0 }) => memoryBytes)),
})

function recounted(world: World): Amounts {
  const sums: Record<string, number> = {}
  for (const [id, resource] of world.resources) {
    if (isLeft(world, id)) continue
    const { primaryBytes, secondaryBytes, ...rest } = counted[resource.kind]?.(resource) ?? {}
    // Of what is aside only its disk is there.
    const { volumes } = rest
    if (isAside(world, id) && volumes === undefined) continue
    const kept = isAside(world, id) ? { volumes } : rest
    const amounts = isUnmade(world, id) ? kept : { ...kept, primaryBytes, secondaryBytes }
    for (const [name, amount = 0] of Object.entries(amounts)) sums[name] = (sums[name] ?? 0) + amount
  }
  return Object.fromEntries(Object.entries(sums).filter(([, amount]) => amount !== 0))
}

const picked = { pick: fc.nat(20), other: fc.nat(20) }
/** What changes a size, and what comes of it. */
const sized = fc
  .record({
    what: fc.constantFrom('resize', 'resize', 'retype', 'revert', 'revert', 'keepMachine', 'revertMachine', 'growType'),
    outcome: fc.constantFrom('answer', 'reject', 'vanish', 'fire'),
    ...picked,
  })
  .map(({ what, outcome, pick, other }): Deed[] =>
    [what, outcome].map(each => ({ what: each as Deed['what'], pick, other })),
  )
const kept = fc.record({ what: fc.constantFrom(...vmSnapshotDeeds), ...picked }).map((each): Deed[] => [each])
const begun = ['beginOutside', 'suspendOutside', 'loseMemory', 'keepDisks'] as const
const recovered = fc
  .record({ what: fc.constantFrom(...recoveryDeeds, ...begun), ...picked })
  .map((each): Deed[] => [each])
const stopped: Deed[] = (['launch', 'answer', 'answer', 'createVolume', 'answer', 'stop', 'answer'] as const).map(
  what => ({
    ...{ what, pick: 0, other: 0 },
  }),
)
const lives = fc.record({
  deeds: fc
    .array(
      fc.oneof(
        deedOrSurrender.map(each => [each]),
        kept,
        recovered,
        sized,
        sized,
      ),
      { minLength: 10, maxLength: 60 },
    )
    .map(each => [...stopped, ...each.flat()]),
  layered: fc.boolean(),
})
function atTheEnd(check: (world: World) => Promise<void>): Promise<void> {
  return fc.assert(
    fc.asyncProperty(lives, async ({ deeds, layered }) => {
      const { world, image } = furnished({ ...able, vmSnapshot: { ...able.vmSnapshot, layered } })
      for (const each of deeds) act(world, image, each)
      await check(world)
    }),
    { numRuns: 400 },
  )
}
const folded = async (view: AnyProjection, world: World): Promise<Map<string, unknown>> => {
  const rows = new Rows(view)
  await rows.fold(history(world))
  return rows.rows
}

describe('after any life', () => {
  it('an account has used of its limits what its resources are', () =>
    atTheEnd(async world => {
      const rows = await folded(projections.limits, world)
      const used = (rows.get('account/acme') as { used: Amounts } | undefined)?.used ?? {}
      expect(used).toEqual(recounted(world))
    }))

  it('what is metered of a resource is what it is', () =>
    atTheEnd(async world => {
      const rows = await folded(projections.usage, world)
      for (const [id, { kind, state, context }] of world.resources) {
        const row = rows.get(id) as UsageRow | undefined
        if (kind === 'volume') {
          if (state === 'deleted') expect(row).toBeUndefined()
          else expect({ id, size: row?.sizeBytes }).toEqual({ id, size: context.sizeBytes })
          // What could not be made was never there.
          if (isThere.test(state))
            expect({ id, counted: row?.counted }).toEqual({ id, counted: isFated(world, id) ? 0 : 1 })
        }
        if (kind === 'instance' && row) {
          const { vcpus, memoryBytes, offering, running, counted, sizeBytes } = row
          expect({ id, vcpus, memoryBytes, offering, running, counted, sizeBytes }).toEqual({
            sizeBytes: context.providerRoot?.sizeBytes,
            counted: isAside(world, id) ? 0 : 1,
            ...{ id, vcpus: context.vcpus, memoryBytes: context.memoryBytes, offering: context.type },
            running: /^running(\.|$)/.test(state) ? 1 : 0,
          })
        }
      }
    }))

  it('a volume is on its way out, and shown so, exactly while that is what will become of it', () =>
    atTheEnd(async world => {
      const [placed, shown] = [await folded(projections.capacity, world), await folded(projections.inventory, world)]
      for (const [id, { kind, state, context }] of world.resources) {
        if (kind !== 'volume' || !isThere.test(state)) continue
        const { phase } = placed.get(id) as { phase?: string }
        const { attributes } = shown.get(id) as { attributes: Resource['context'] }
        expect({ id, phase, terminated: attributes.attachment?.terminated }).toEqual({
          ...{ id, phase: isFated(world, id) ? 'reclaimable' : 'allocated' },
          terminated: context.attachment?.terminated,
        })
      }
    }))
})
