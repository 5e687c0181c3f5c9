/** Bug class: a refused request, or a refused member of one, leaves a trace. And each refusal says why. */
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'refused leaves no trace'

export const refused: CheckerMaker = () => {
  const silent = new Map<string, string>()
  return {
    name: NAME,
    event({ actor, position, type }) {
      const why = silent.get(actor)
      if (why) throw new Violation(NAME, `${actor} was ${why}, but event ${position} ${type} is its own`)
    },
    answered({ actor, outcome, dryRun, refusals = [], account, token, error, commands, results = [] }, world) {
      if (outcome === 'accepted' && !dryRun) {
        if (results.length !== commands.length)
          throw new Violation(NAME, `${actor} gave ${commands.length} commands and got ${results.length} results`)
        return
      }
      if (outcome === 'lost' || outcome === 'broken') return
      const why = dryRun ? 'only asking' : outcome
      silent.set(actor, why)
      const own = world.log.find(event => event.actor === actor)
      if (own) throw new Violation(NAME, `${actor} was ${why}, but event ${own.position} ${own.type} is its own`)
      if (outcome === 'refused') {
        const mute = refusals.find(
          ({ reasons }) => reasons.length === 0 || reasons.some(({ code, sentence }) => !code || !sentence),
        )
        if (mute)
          throw new Violation(
            NAME,
            `${actor} was refused without a reason: ${mute.command} of ${mute.resource} in ${mute.state}`,
          )
      }
      if (outcome === 'invalid' || token === undefined) return
      const row = world.database
        .prepare('SELECT result FROM tokens WHERE account = ? AND token = ?')
        .pluck()
        .get(account, token)
      if (row !== undefined && !dryRun)
        throw new Violation(NAME, `${actor} was refused (${String(error)}), but its token ${token} is remembered`)
    },
    /** A request whose caller never heard is there in whole or not at all. */
    rest(world) {
      for (const { actor, outcome, commands, from } of world.submissions) {
        if (outcome !== 'lost') continue
        const roots = world.log.slice(from).filter(event => event.actor === actor && event.causation === undefined)
        if (roots.length > commands.length)
          throw new Violation(NAME, `${actor} gave ${commands.length} commands and wrote ${roots.length}`)
      }
    },
  }
}
