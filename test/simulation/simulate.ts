/** One seed: a world drawn from it, a plan carried out step by step, then faults end and everything must come to rest. */
import { createHash } from 'node:crypto'
import type { Checker } from './checkers/checker.ts'
import { everyChecker } from './checkers/index.ts'
import { foreignIds } from './checkers/tenant.ts'
import { DAWN } from './clock.ts'
import { readAs, repeatAnswer, showAgain } from './news.ts'
import { planOf, streamOf } from './random.ts'
import { cleanSlate, comeToRest, prune } from './settle.ts'
import { furnish, type Scenery, tenants } from './setup.ts'
import { type Action, type Shape, shapeOf } from './shape.ts'
import { survey } from './survey.ts'
import { repeated, running, someRequest, stopped, suspended } from './workload.ts'
import { World, type WorldOptions } from './world.ts'

export interface SimulationOptions extends Pick<WorldOptions, 'kinds' | 'throughStore'> {
  readonly steps?: number
  readonly shape?: Shape
  /** Instead of the plan of the seed: one number for each step. */
  readonly plan?: readonly number[]
  readonly checkers?: () => Checker[]
}
export interface Run {
  readonly seed: number
  readonly plan: readonly number[]
  readonly world: World
  readonly failure: unknown
  /** sha256 over the digests of all events: the same seed has the same one. */
  readonly logHash: string
  readonly days: number
}

export const STEPS = 200

/** Runs one seed to its end, or to its first violation. Never throws: what went wrong is `failure`. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<Run> {
  const {
    steps = STEPS,
    shape = shapeOf(seed),
    plan = planOf(seed, steps),
    checkers = everyChecker,
    ...given
  } = options
  const world = new World({ seed, shape, checkers: checkers(), ...given })
  let failure: unknown
  try {
    const scenery = await furnish(world)
    for (const number of plan) {
      world.step += 1
      await act(world, scenery, shape, number)
    }
    await world.drain()
    await comeToRest(world)
    await cleanSlate(world)
  } catch (error) {
    failure = error
  }
  world.figures.steps = world.step
  const hash = createHash('sha256')
  for (const { digest } of world.log) hash.update(digest)
  world.close()
  return { seed, plan, world, failure, logHash: hash.digest('hex'), days: (world.time.now - DAWN) / 86_400_000 }
}

async function act(world: World, scenery: Scenery, shape: Shape, number: number): Promise<void> {
  const schedule = streamOf(number, 'schedule')
  const random = streamOf(number, 'workload')
  const workload = { world, scenery, random }
  if (!world.engine) {
    // A start may die too, at any of its statements.
    const nth = schedule.chance(0.2) && shape.weights.crashInside > 0 ? schedule.between(1, 40) : undefined
    return world.start(nth === undefined ? undefined : { nth })
  }
  const submitted = (request: Parameters<World['submit']>[0] | undefined) => {
    if (request) world.submit(request)
  }
  const moves: Record<Action, () => Promise<void> | void> = {
    async run() {
      for (let count = schedule.between(1, 4); count > 0 && world.engine; count -= 1) {
        const ready = world.time.ready()
        if (ready.length) world.run(schedule.pick(ready))
        else world.wait()
        if (count > 1) await world.drain()
      }
    },
    wait: () => void world.wait(),
    submit: () => submitted(someRequest(workload, shape.tenants)),
    retry: () => submitted(repeated(workload, true)),
    repeat: () => submitted(repeated(workload, false)),
    report: () => (schedule.chance(0.5) ? repeatAnswer(world, schedule) : showAgain(world, schedule)),
    crash: () => world.crash(),
    // Ten times as likely to hit while something is being written: the next seams are mostly those of a commit.
    crashInside: () => world.life.endAt(schedule.between(1, 25), schedule.chance(0.5) ? ['sql', 'sqlDone'] : undefined),
    powerOff() {
      const asleep = suspended(world)
      if (asleep.length && schedule.chance(0.3)) world.provider.loseHost(schedule.pick(asleep))
      const ids = running(world)
      const id = ids.length ? schedule.pick(ids) : undefined
      if (id === undefined) return
      // Of its own stream: what is drawn elsewhere does not depend on it.
      const fate = streamOf(number, 'stalls')
      if (fate.chance(0.3)) world.provider.makeRoom()
      if (fate.chance(0.4)) world.provider.stallGuest(id)
      else world.provider.powerOffGuest(id)
    },
    vanish() {
      const ids = running(world)
      if (ids.length) world.provider.vanish(schedule.pick(ids))
    },
    others() {
      const { provider } = world
      const { suspend, start } = provider.describe()
      const [off, on] = [stopped(world), running(world)]
      const id = schedule.chance(0.5) ? (off.length ? schedule.pick(off) : undefined) : undefined
      if (id !== undefined) return world.meddle(id, provider.startGuest(id))
      if (on.length === 0 || suspend === 'none' || start === 'none') return
      const awake = schedule.pick(on)
      world.meddle(awake, provider.suspendGuest(awake))
    },
    read() {
      const account = random.pick(tenants.slice(0, shape.tenants))
      const ids = [...world.fold.resources.values()].filter(({ kind }) =>
        ['instance', 'volume', 'snapshot'].includes(kind),
      )
      const id = ids.length ? random.pick(ids).id : undefined
      readAs(world, account, id, told => foreignIds(world, account, '', told))
    },
    // Whatever else goes on. One that the engine's end cuts short leaves everything as it was. (spec: reliability R21)
    rebuild() {
      void world.engine?.rebuild().catch(error => {
        if (error.code !== 'closed') world.broke('no fault', `rebuilding: ${String(error)}`, error)
      })
    },
    prune: () => void prune(world),
    survey: () => void survey(world),
  }
  await moves[schedule.weighted(shape.weights)]()
  if (!schedule.chance(shape.bursts)) await world.drain()
}
