/** Tells a scenario with a crash at one seam, and finishes it as a caller would: by asking again with the same token. */
import { everyChecker } from './checkers/index.ts'
import type { Seam } from './crash.ts'
import { visibleOf } from './fold.ts'
import type { Chapter, Scenario } from './scenarios.ts'
import { cleanSlate, comeToRest, settle } from './settle.ts'
import { answered, furnish, OPERATOR, type Scenery } from './setup.ts'
import { calm, type Shape } from './shape.ts'
import type { Request, Submission } from './submission.ts'
import { Violation } from './violation.ts'
import { World } from './world.ts'

export interface Telling {
  /** Seams passed while the story was told. */
  readonly seams: number
  readonly crashed: string | undefined
  readonly ending: string
  readonly world: World
}
export interface Place {
  /** Which seam, from 1; undefined: no crash. */
  readonly nth?: number
  readonly on: readonly Seam[]
  /** A second crash, counted from the recovery on. */
  readonly then?: number
}

export const awaits: readonly Seam[] = ['run', 'call', 'called', 'answer']
export const statements: readonly Seam[] = ['sql', 'sqlDone']

async function answeredAtLast(world: World, request: Request): Promise<Submission> {
  // Each try may die once; only one or two lives are cut short.
  for (let tries = 0; tries < 8; tries += 1) {
    if (!world.engine) await world.start()
    if (!world.engine) continue
    const submission = world.submit(request)
    await world.drain()
    if ((await answered(world, submission)).outcome !== 'lost') return submission
  }
  throw new Violation('I1 kept', `${request.token} is never answered`)
}

async function tell(
  world: World,
  scenery: Scenery,
  chapters: readonly Chapter[],
  cast: Record<string, string>,
): Promise<void> {
  for (const { ask, as, atOnce, byOperator } of chapters) {
    const token = `chapter-${world.submissions.filter(each => each.token).length + 1}`
    const who = byOperator ? ({ account: OPERATOR, authority: 'operator' } as const) : { account: 'ant' }
    const { results, error } = await answeredAtLast(world, { ...who, token, commands: [ask(cast, scenery)] })
    if (!results) throw new Violation('model agrees', `the story was refused: ${String(error)}`)
    if (as) cast[as] = results[0]!.id
    if (!atOnce) await settle(world)
  }
}

/** Roots that a provider may have left are looked after where its answer was lost; each is gone by then. */
const roots = ({ log }: World): ReadonlySet<string> =>
  new Set(
    log.filter(({ type, state }) => type === 'volume.rootLeft' && state !== 'absent').map(({ resource }) => resource),
  )

/** What everything came to, without ids: the same whatever crashed. */
const endingOf = (world: World): string =>
  [...world.fold.resources.values()]
    .filter(({ kind }) => ['instance', 'volume', 'snapshot', 'image', 'vm-snapshot'].includes(kind))
    .filter(({ id, state }) => !(state === 'deleted' && roots(world).has(id)))
    .map(({ kind, state }) => `${kind} ${visibleOf(state)}`)
    .sort()
    .join(', ')

export async function tellWithCrash({ before, story, world: other }: Scenario, place: Place): Promise<Telling> {
  const shape: Shape = { ...calm, ...other }
  const world = new World({ seed: 1, shape, checkers: everyChecker() })
  try {
    const scenery = await furnish(world)
    const cast: Record<string, string> = {}
    await tell(world, scenery, before, cast)
    const passed = () => place.on.reduce((sum, seam) => sum + world.life.passed[seam], 0)
    const from = passed()
    const { life } = world
    if (place.nth !== undefined) life.endAt(place.nth, place.on)
    if (place.then !== undefined) world.nextEnd = { nth: place.then, on: place.on }
    await tell(world, scenery, story, cast)
    const seams = passed() - from
    world.nextEnd = undefined
    await comeToRest(world)
    const ending = endingOf(world)
    await cleanSlate(world)
    return { seams, crashed: life.where || undefined, ending, world }
  } catch (error) {
    if (error instanceof Violation) error.message = `${error.message}\n${world.journal.tail()}`
    throw error
  } finally {
    world.close()
  }
}
