/** The second phase: faults are over, the clock runs, and everything has to come to rest within a bound. */

import { givenUp } from './given-up.ts'
import { whileAlive } from './mortal.ts'
import { surveyAll } from './survey.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

/** Continuations that may be run until everything is settled. Retries back off to a minute, so this is hours. */
const STEPS_MAX = 6_000
const ROUNDS_MAX = 6

const open = (world: World) => [...world.fold.resources.values()].filter(({ asks }) => asks.size > 0)
const isSettled = (world: World): boolean =>
  world.engine !== undefined &&
  world.submissions.every(({ outcome }) => outcome !== 'open') &&
  open(world).length === 0 &&
  world.replay.working().length === 0

function stuck(world: World): Violation {
  const working = world.replay.working()
  const named = [...new Set([...working, ...open(world).map(({ id }) => id)])].map(id => {
    const { state, asks, timers } = world.fold.resources.get(id)!
    const asked = [...asks.values()].map(({ token, verb }) => `${verb} ${token}`)
    return `${id} is ${state} [open: ${asked.join(', ') || 'none'}; armed: ${[...timers.keys()].join(', ') || 'none'}]`
  })
  const unanswered = world.submissions.filter(({ outcome }) => outcome === 'open').map(({ actor }) => actor)
  return new Violation('I8 alive', `never settles: ${[...named, ...unanswered].join('; ')}`)
}

/** Runs until nothing works and nothing is asked any more. Throws Violation, naming what does not settle. */
export async function settle(world: World): Promise<void> {
  for (let step = 0; step < STEPS_MAX; step += 1) {
    if (!world.engine) {
      await world.start()
      continue
    }
    const [next] = world.time.ready()
    if (next) world.run(next)
    else if (isSettled(world)) return
    else if (!world.wait()) throw stuck(world)
    await world.drain()
  }
  throw stuck(world)
}

/** Forgets whatever may be forgotten by now, in its own time. */
export function prune(world: World): Promise<unknown> {
  const { engine, life } = world
  if (!engine) return Promise.resolve()
  const failed = (error: unknown) => world.broke('no fault', `pruning: ${String(error)}`, error)
  return whileAlive(life, () => engine.prune()).catch(failed)
}

/** Forgets it before anything else happens. */
async function pruneAll(world: World): Promise<void> {
  let isDone = false
  // One that goes on already may look for less: the second one looks again.
  void prune(world)
    .then(() => prune(world))
    .then(() => {
      isDone = true
    })
  await world.drain()
  while (!isDone) {
    const [next] = world.time.ready()
    if (!next) throw new Violation('I8 alive', 'pruning never ends')
    world.run(next)
    await world.drain()
  }
}

/** Writes what was put off, which needs nothing but the store. */
async function flush(world: World): Promise<void> {
  let isWritten = false
  void world.engine!.flush().then(() => {
    isWritten = true
  })
  await world.drain()
  if (!isWritten) throw new Violation('I8 alive', 'derived rows are never written')
}

/** Faults end, everything settles, derived rows are written, and every checker looks at the world at rest. */
export async function comeToRest(world: World): Promise<void> {
  world.provider.heal()
  world.provider.makeRoom()
  world.life.endAt(Number.POSITIVE_INFINITY)
  if (!world.engine) await world.start()
  // What was given up holds what it had, until somebody takes it away there by hand.
  for (const { kind, id } of givenUp(world)) if (kind === 'instance') world.provider.vanish(id)
  // What a provider lost while it ran stays lost until its owner stops and starts it, or ends it.
  for (const id of world.vanished) end(world, id)
  await settle(world)
  await surveyAll(world)
  await settle(world)
  await flush(world)
  await pruneAll(world)
  for (const checker of world.options.checkers) await checker.rest?.(world)
}

/** Ends an instance whatever protects it. */
function end(world: World, id: string): void {
  const { account } = world.fold.resources.get(id)!
  const give = (command: string, input?: unknown) =>
    world.submit({ account, commands: [{ kind: 'instance', command, id, input }] })
  give('modify', { terminationProtection: false, stopProtection: false })
  give('terminate', { expunge: true })
}

const removal: Readonly<Record<string, string>> = {
  instance: 'terminate',
  volume: 'delete',
  snapshot: 'delete',
  image: 'deregister',
  schedule: 'delete',
  'vm-snapshot': 'delete',
}

/** Every tenant deletes all it has; nothing may be left anywhere. */
export async function cleanSlate(world: World): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const alive = [...world.fold.resources.values()].filter(
      ({ id, kind }) => removal[kind] !== undefined && !world.replay.is(id, 'terminal'),
    )
    if (alive.every(({ kind }) => kind === 'image')) break
    for (const { id, kind, account, state } of alive)
      if (kind === 'instance') end(world, id)
      else if (!state.startsWith('in-use')) world.submit({ account, commands: [{ kind, command: removal[kind]!, id }] })
    await settle(world)
  }
  for (const checker of world.options.checkers) checker.clean?.(world)
}
