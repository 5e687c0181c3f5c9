/** Surveys in a simulated world: nobody has done anything behind its engine, but for guests and instances that were lost. */
import type { SurveyReport } from '../../src/runtime/survey.ts'
import { wasGivenUp } from './given-up.ts'
import { whileAlive } from './mortal.ts'
import { PATIENCE_MS } from './provider.ts'
import { wentWithGuest } from './taken.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

const NAME = 'a survey is right'
/** Longer than anything is too young for. */
const AGE_MS = 600_000

/** What a provider loses with an instance: its VM snapshots. */
const instanceOf = (world: World, id: string): string | undefined =>
  (world.replay.snapshots.get(id)?.context as { instance?: string } | undefined)?.instance
const isDisturbed = (world: World, id: string) =>
  world.disturbed.has(id) || world.disturbed.has(instanceOf(world, id) ?? '') || wentWithGuest(world, id)

/** Whoever deregisters an image tells its provider nothing: where images are taken away, it is left for a survey. (decisions/0051) */
function isEndedImage(world: World, id: string): boolean {
  const resource = world.fold.resources.get(id)
  return world.options.shape.deletesImages && resource?.kind === 'image' && world.replay.is(id, 'terminal')
}

function check(world: World, { providers }: SurveyReport): void {
  for (const { kinds } of providers)
    for (const { orphan, ghost, drift, foreign } of kinds)
      for (const { class: as, id, resource, sentence } of [orphan, ghost, drift, foreign].flatMap(each => each.listed))
        if (
          as === 'orphan'
            ? !wasGivenUp(world, id) && !isEndedImage(world, id)
            : as === 'foreign' || !isDisturbed(world, resource ?? id)
        )
          world.broke(NAME, `${as} in the midst of it: ${sentence}`)
}

/** Somebody surveys while everything goes on: what is being made or ended is no fault. */
export function survey(world: World): Promise<boolean> {
  const { engine, life } = world
  if (!engine) return Promise.resolve(false)
  return whileAlive(life, () => engine.survey()).then(
    report => {
      check(world, report)
      return report.providers.every(({ reachable }) => reachable)
    },
    error => {
      world.broke(NAME, `surveying: ${String(error)}`, error)
      return false
    },
  )
}

/** The same, with nothing else going on but what it needs. */
async function whole(world: World): Promise<boolean> {
  let isWhole: boolean | undefined
  void survey(world).then(answer => {
    isWhole = answer
  })
  await world.drain()
  while (isWhole === undefined) {
    const [next] = world.time.ready()
    if (next) world.run(next)
    else if (!world.wait()) throw new Violation(NAME, 'a survey never ends')
    await world.drain()
  }
  return isWhole
}

/** When everything is at rest, and old enough to be judged: nothing is found, and all of it was looked at. */
export async function surveyAll(world: World): Promise<void> {
  world.time.now += AGE_MS
  // One that went on already may have looked before what came last, or was given up when that time had passed.
  await whole(world)
  const isWhole = (await whole(world)) || (await whole(world))
  // A provider may take longer to answer than anybody waits.
  const { latencyMs } = world.options.shape
  if (!isWhole && latencyMs.max < PATIENCE_MS)
    throw new Violation(NAME, 'the provider was not seen whole, although nothing fails any more')
}
