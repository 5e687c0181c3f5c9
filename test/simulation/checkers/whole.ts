/** I2: events, asks, timers and tokens of one submit are all there or none: the rows are what the events say. */
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'I2 whole'

const differences = (expected: ReadonlySet<string>, found: ReadonlySet<string>): string[] => [
  ...[...expected].filter(each => !found.has(each)).map(each => `${each} is missing`),
  ...[...found].filter(each => !expected.has(each)).map(each => `${each} should not be there`),
]

function compare(world: World, what: string, sql: string, expected: Iterable<string>): void {
  const found = new Set(world.database.prepare(sql).pluck().all() as string[])
  const wrong = differences(new Set(expected), found)
  if (wrong.length) throw new Violation(NAME, `${what}: ${wrong.slice(0, 5).join('; ')}`)
}

/** One that is due and means nothing any more is deleted without an event. */
function wasIgnored(world: World, id: string, [type, dueAt]: [string, number]): boolean {
  if (dueAt > world.time.now) return false
  const rows = world.database.prepare('SELECT count(*) FROM timers WHERE resource = ? AND event = ?').pluck()
  const { kind, account } = world.fold.resources.get(id)!
  const known = world.replay.snapshots.get(id)!
  const event = { type, resource: id, version: 0, account, at: dueAt, data: {}, facts: {} }
  const isNothing = world.catalogue.kind(kind).evaluator.step(known, event).decision === 'ignored'
  return isNothing && rows.get(id, type) === 0
}

/** As long as a token is kept at least. */
const REMEMBERED_MS = 86_400_000

function check(world: World): void {
  const resources = [...world.fold.resources.values()]
  compare(
    world,
    'asks',
    'SELECT token FROM asks',
    resources.flatMap(({ asks }) => [...asks.keys()]),
  )
  compare(
    world,
    'timers',
    "SELECT resource || ' ' || event || ' ' || dueAt FROM timers",
    resources.flatMap(({ id, timers }) =>
      [...timers].filter(timer => !wasIgnored(world, id, timer)).map(([event, dueAt]) => `${id} ${event} ${dueAt}`),
    ),
  )
  const remembered = new Set(
    world.database.prepare("SELECT account || ' ' || token FROM tokens").pluck().all() as string[],
  )
  for (const { token, actor, account, position, at } of world.log)
    if (
      token !== undefined &&
      world.time.now - at < REMEMBERED_MS &&
      !remembered.has(`${world.submissionOf(actor)?.account ?? account} ${token}`)
    )
      throw new Violation(NAME, `event ${position} of ${actor} came with token ${token}, which is not remembered`)
  for (const { actor, commands, from } of world.submissions) {
    const count = world.log.slice(from).filter(event => event.actor === actor && event.causation === undefined).length
    if (count > commands.length)
      throw new Violation(NAME, `${actor} gave ${commands.length} commands, which became ${count} events`)
  }
}

/** I2, seen where it matters: on what a crash left, and at rest. */
export const whole: CheckerMaker = () => ({ name: NAME, crashed: check, rest: check })
