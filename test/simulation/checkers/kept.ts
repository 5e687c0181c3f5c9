/** I1: what was acknowledged is in the log after any crash, and stays there. */
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'I1 kept'

interface Acknowledged {
  readonly actor: string
  readonly id: string
  readonly version: number
  readonly position: number
}

export const kept: CheckerMaker = () => {
  const acknowledged: Acknowledged[] = []
  const check = ({ log }: World, { actor, id, version, position }: Acknowledged) => {
    const event = log[position - 1]
    if (event?.resource === id && event.position === position && event.version <= version) return
    throw new Violation(
      NAME,
      `${actor} was told that ${id} is at version ${version} by event ${position}; the log has ${event?.type}`,
    )
  }
  return {
    name: NAME,
    answered({ actor, outcome, results = [], dryRun }, world) {
      if (outcome !== 'accepted' || dryRun) return
      for (const { id, version, position } of results) {
        if (position === 0) continue
        const told = { actor, id, version, position }
        check(world, told)
        acknowledged.push(told)
      }
    },
    /** The copy the world keeps must still be what the database holds. */
    crashed(world) {
      const { count } = world.database.prepare('SELECT count(*) AS count FROM events').get() as { count: number }
      if (count !== world.log.length)
        throw new Violation(NAME, `the log had ${world.log.length} events before the crash, and ${count} after it`)
      for (const told of acknowledged) check(world, told)
    },
  }
}
