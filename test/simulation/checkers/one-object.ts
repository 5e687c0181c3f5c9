/** I7: at most one object for each id, and at rest the provider has exactly what the log says exists. */
import type { Envelope } from '../../../machines/grammar.ts'
import type { Observation } from '../../../src/drivers/driver.ts'
import { visibleOf } from '../fold.ts'
import { wasGivenUp } from '../given-up.ts'
import { wentWithGuest } from '../taken.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'I7 one object'
const SURVEY_PATIENCE_MS = 60_000

const made = ['instance', 'volume', 'snapshot']
/** What the provider calls it. */
const shownAs: Readonly<Record<string, string>> = { volumeSnapshot: 'snapshot' }
/** States in which the provider must have the object, and in which it must not; in others either is right. */
const there = new Set(['running', 'suspended', 'stopped', 'available', 'in-use', 'completed'])
const gone = new Set(['terminated', 'deleted', 'absent'])

function checkMade(world: World): void {
  for (const { id, kind } of world.fold.resources.values()) {
    if (!made.includes(kind)) continue
    // What its provider lost, or keeps nowhere while it is off, is made anew by a start.
    const isForgotten = world.disturbed.has(id) && world.provider.describe().vanishesAfterStop
    if (world.vanished.has(id) || isForgotten) continue
    const count = world.provider.made(id)
    if (count > 1) throw new Violation(NAME, `${count} objects were made for ${id}`)
  }
}

/** A root that the provider made is there with its instance, also if the provider lost that: it goes when its end is asked for. */
function isRootThere({ fold, log }: World, id: string): boolean {
  const keeps = ({ data }: Envelope) => (data as { keptRoot?: { volume: string } }).keptRoot?.volume === id
  const named = log.find(event => event.type === 'instance.launchRequested' && keeps(event))
  const instance = fold.resources.get(named?.resource ?? id.replace(/\/root$/, ''))
  return instance !== undefined && !gone.has(visibleOf(instance.state))
}

/** An operator has said that it is stopped, and its provider takes longer to answer than a survey waits. */
function isUnheard({ replay, options }: World, id: string): boolean {
  const { unconfirmed } = (replay.snapshots.get(id)?.context ?? {}) as { unconfirmed?: boolean }
  return unconfirmed === true && options.shape.latencyMs.max >= SURVEY_PATIENCE_MS
}

function checkTruth(world: World): void {
  const objects = new Map<string, Observation>(world.provider.objects().map(seen => [seen.id, seen]))
  for (const { id, kind, state } of world.fold.resources.values()) {
    if (!made.includes(kind)) continue
    const seen = objects.get(id)
    if (gone.has(visibleOf(state)) && seen && !wasGivenUp(world, id))
      throw new Violation(NAME, `orphan: ${id} is ${state}, but the provider still has it`)
    if (there.has(visibleOf(state)) && !seen && !world.disturbed.has(id) && !wentWithGuest(world, id))
      throw new Violation(NAME, `ghost: ${id} is ${state}, but the provider does not have it`)
    if (
      seen &&
      kind === 'instance' &&
      !world.disturbed.has(id) &&
      !isUnheard(world, id) &&
      there.has(visibleOf(state)) &&
      seen.facts.status !== visibleOf(state)
    )
      throw new Violation(NAME, `${id} is ${state}, but the provider says ${seen.facts.status}`)
  }
  for (const { id, kind } of objects.values())
    if (
      made.includes(shownAs[kind] ?? kind) &&
      !world.fold.resources.has(id) &&
      !isRootThere(world, id) &&
      !wasGivenUp(world, id)
    )
      throw new Violation(NAME, `orphan: nobody asked for ${id}`)
}

export const oneObject: CheckerMaker = () => ({
  name: NAME,
  replied: (_, __, world) => checkMade(world),
  rest: checkTruth,
  clean(world) {
    const left = world.provider
      .objects()
      // An image that somebody ran on is known to the provider from then on; it is not the engine's to delete.
      .filter(({ kind, id }) => kind !== 'image' && !isRootThere(world, id) && !wasGivenUp(world, id))
      .map(({ kind, id }) => `${kind} ${id}`)
    if (left.length) throw new Violation(NAME, `left at the provider after everything was deleted: ${left.join(', ')}`)
  },
})
