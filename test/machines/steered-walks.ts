/**
 * Random lives that are steered to where none has been. What is new in a life is kept as a place, and the next life goes on
 * from a place where few have gone on; each step is aimed at what was done least. What is rare is reached without luck, and
 * without numbers that are tuned for it.
 */
import fc from 'fast-check'
import type { Want } from '../../machines/index.ts'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { classes, classNames } from './classes.ts'
import { act, type Deed, deedOrSurrender } from './walks.ts'
import { able, furnished, Refused, type Taken, type World } from './world.ts'

const layered: DeclaredCapabilities = {
  ...able,
  volume: { ...able.volume, migrate: 'offline' },
  vmSnapshot: { ...able.vmSnapshot, layered: true },
}
/** Every third life is at a provider like most, the others at one of each class in turn. */
const providers: readonly DeclaredCapabilities[] = classNames.flatMap((name, at) =>
  at % 2 ? [classes[name]] : [at % 4 ? layered : able, classes[name]],
)

/** A world in which something has just happened for the first time; `visits`: lives that went on from it. */
interface Place {
  readonly world: World
  readonly image: string
  visits: number
}
type Places = [Place, ...Place[]]
/** Nothing yet, and one instance of each mode that the provider takes. */
function beginnings(declared: DeclaredCapabilities): Places {
  const { world, image } = furnished(declared)
  const launched = ['stateful', 'stateless'].flatMap(mode => {
    const begun = world.copy()
    try {
      begun.request('instance', 'launch', undefined, { image, type: 'small', mode })
    } catch (error) {
      if (error instanceof Refused) return []
      throw error
    }
    begun.settle()
    return [{ world: begun.copy(), image, visits: 0 }]
  })
  return [{ world, image, visits: 0 }, ...launched]
}
/** Where few have gone on, and little stands in the way. */
const cost = ({ visits, world }: Place) => visits * 10 + world.resources.size
const nextOf = (places: Places): Place => places.reduce((next, each) => (cost(each) < cost(next) ? each : next))

/** How often each word was given in each state. */
class Tally {
  readonly #times = new Map<string, number>()

  /** The one that was chosen least, of which there must be one; counted. */
  rarest<T>(choices: readonly (readonly [key: string, choice: T])[]): T {
    const times = ([key]: (typeof choices)[number]) => this.#times.get(key) ?? 0
    const least = choices.reduce((best, each) => (times(each) < times(best) ? each : best))
    this.#times.set(least[0], times(least) + 1)
    return least[1]
  }
}

/** The answers, or the deadlines, that there may be now, if that is what is to be done. */
function outcomes(world: World, what: Deed['what']): [string, () => void][] {
  if (what === 'fire')
    return [...world.timers].map(timer => {
      const [id, event] = timer.split(' ') as [string, string]
      return [`${world.get(id).state} ${event}`, () => world.fire(timer)]
    })
  if (what !== 'answer' && what !== 'reject') return []
  const outcome = what === 'answer' ? 'done' : 'rejected'
  return [...world.asks].flatMap(([id, [ask]]): [string, () => void][] =>
    ask ? [[`${world.get(id).state} ${ask.answers[outcome]}`, () => void world.answer(id, outcome)]] : [],
  )
}
/** The same deed to this and to some others, by the states they are in. */
function aims(world: World, { what, pick, other }: Deed): [string, Deed][] {
  const [instances, volumes] = [world.idsOf('instance'), world.idsOf('volume')]
  const stateOf = (ids: string[], index: number) => ids.length && world.get(ids[index % ids.length]!).state
  return Array.from({ length: 5 }, (_, n) => {
    const deed = { what, pick: (pick + n * 3) % 8, other: (other + n * 5) % 8 }
    return [`${what} ${stateOf(instances, deed.pick)} ${stateOf(volumes, deed.other)}`, deed]
  })
}
/** Three answers of four are the rarest there may be: whoever waited long is heard too. */
function step(world: World, image: string, deed: Deed, tally: Tally, isByChance: boolean): void {
  const possible = isByChance ? [] : outcomes(world, deed.what)
  if (possible.length > 0) tally.rarest(possible)()
  else act(world, image, tally.rarest(aims(world, deed)))
}

const CHUNK = 2_000
/** What is to be done, without end. */
function* deedsOf(seed: number): Generator<Deed, never> {
  for (let chunk = 0; ; chunk++) yield* fc.sample(deedOrSurrender, { numRuns: CHUNK, seed: seed * 10_007 + chunk })
}

const formOf = (want: Want) => (want.want === 'ask' ? want.verb + want.answers.done : want.event)
const sortOf = (value: unknown): string => {
  if (typeof value === 'string') return value.length < 12 && !/[0-9/]/.test(value) ? value : 'text'
  if (typeof value === 'number') return value === 0 ? '0' : 'number'
  return typeof value === 'object' && value ? `${Math.min(2, Object.keys(value).length)}` : String(value)
}
/** What an event shows of the rules: its edge, and of an instance also each thing that is known of it there. */
function* signsOf(world: World, { resource, type, before, state }: Taken): Generator<string> {
  yield `${before} ${type} ${state}`
  const now = world.get(resource)
  if (now.kind !== 'instance') return
  for (const [key, value] of Object.entries(now.context)) yield `${now.state} ${key} ${sortOf(value)}`
}

/** Wants by their form, each with the kind that wanted it. */
export type Wanted = ReadonlyMap<string, readonly [string, Want]>
export interface Walks {
  readonly wants: Wanted
  /** By kind, the contexts that its events were taken in. */
  readonly contexts: ReadonlyMap<string, readonly unknown[]>
  readonly lives: number
}
const STEPS = 20
/** Lives at least; and at most, however much was not reached: many times what it takes. */
const LIVES_MIN = 800
const LIVES_MAX = 20_000

/** Lives until `isAll` there is to want has been wanted. The same seed, the same lives. */
export function walks(seed: number, isAll: (found: Wanted) => boolean): Walks {
  const wants = new Map<string, [string, Want]>()
  const contexts = new Map<string, unknown[]>()
  const known = new Set<string>()
  const tally = new Tally()
  const deeds = deedsOf(seed)
  const atlas = new Map(providers.map(each => [each, beginnings(each)]))
  let lives = 0
  for (; lives < LIVES_MAX && (lives < LIVES_MIN || !isAll(wants)); lives++) {
    const places = atlas.get(providers[lives % providers.length]!)!
    const place = nextOf(places)
    place.visits++
    const world = place.world.copy()
    for (let count = 1; count <= STEPS; count++) {
      step(world, place.image, deeds.next().value, tally, count % 4 === 0)
      const taken = world.log.splice(0)
      const size = known.size
      for (const each of taken) for (const sign of signsOf(world, each)) known.add(sign)
      const isNew = known.size > size
      if (isNew) places.push({ world: world.copy(), image: place.image, visits: 0 })
      for (const { resource, type, context, wants: wanted } of taken) {
        const kind = type.split('.')[0]!
        contexts.set(kind, contexts.get(kind) ?? [])
        // What was seen before differs little, and there is much of it.
        if (isNew || count % 4 === 0) contexts.get(kind)!.push(context)
        for (const want of wanted) wants.set(`${resource.split('-')[0]} ${want.want} ${formOf(want)}`, [kind, want])
      }
    }
  }
  return { wants, contexts, lives }
}
