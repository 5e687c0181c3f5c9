/** I4: versions are 1..n in every stream, positions rise one by one, time never falls, and a reader sees each event once. */
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'I4 gapless'

export const gapless: CheckerMaker = () => {
  const versions = new Map<string, number>()
  let position = 0
  let at = 0
  /** What a subscriber that resumes after each crash has seen. */
  let seen = 0
  let reading: { engine: unknown; stop: AbortController } | undefined

  const read = async (world: World) => {
    const { engine } = world
    if (!engine || reading?.engine === engine) return
    reading?.stop.abort()
    const stop = new AbortController()
    const mine = { engine, stop }
    reading = mine
    for await (const event of engine.subscribe({ after: seen, signal: stop.signal })) {
      if (reading !== mine) return
      if (event.position !== seen + 1) world.broke(NAME, `a reader saw event ${event.position} after ${seen}`)
      seen = event.position
    }
  }
  return {
    name: NAME,
    event({ resource, version, position: next, at: time, causation, correlation }) {
      const expected = (versions.get(resource) ?? 0) + 1
      if (version !== expected) throw new Violation(NAME, `${resource} goes from version ${expected - 1} to ${version}`)
      if (next !== position + 1) throw new Violation(NAME, `the log goes from ${position} to ${next}`)
      if (time < at) throw new Violation(NAME, `event ${next} is older than the one before it`)
      if (correlation > next || (causation ?? 0) >= next)
        throw new Violation(NAME, `event ${next} was caused by a later one`)
      versions.set(resource, version)
      position = next
      at = time
    },
    committed: world => void read(world),
    rest(world) {
      if (reading?.engine === world.engine && seen !== position)
        throw new Violation(NAME, `a reader saw ${seen} of ${position} events`)
    },
  }
}
