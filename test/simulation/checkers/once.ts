/** I6: one token, one outcome. The same request is answered the same again; another one with its token is refused. */

import type { CommandResult } from '../../../src/runtime/decide.ts'
import { InvalidRequest } from '../../../src/runtime/refusal.ts'
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'I6 once'

interface Known {
  readonly body: string
  readonly results: readonly CommandResult[]
}

export const once: CheckerMaker = () => {
  const outcomes = new Map<string, Known>()
  /** Who wrote events under a token. */
  const writers = new Map<string, string>()
  return {
    name: NAME,
    event({ token, actor, account, causation, position }, world) {
      if (token === undefined || causation !== undefined) return
      const caller = world.submissionOf(actor)
      const key = `${caller?.account ?? account} ${token}`
      // A command that the engine gives for a resource is one, and is given once.
      if (!caller && writers.has(key)) throw new Violation(NAME, `${actor} gave ${token} twice, at ${position}`)
      const first = writers.get(key) ?? actor
      if (first !== actor)
        throw new Violation(NAME, `token ${key} was carried out for ${first}, and again for ${actor} at ${position}`)
      writers.set(key, actor)
    },
    answered({ account, token, commands, results, outcome, actor, error, dryRun }) {
      if (token === undefined || dryRun) return
      const key = `${account} ${token}`
      const body = JSON.stringify(commands)
      const known = outcomes.get(key)
      if (outcome === 'accepted') {
        if (known && known.body !== body)
          throw new Violation(NAME, `${actor} used token ${key} for another request, and it was accepted`)
        if (known && JSON.stringify(known.results) !== JSON.stringify(results))
          throw new Violation(NAME, `${actor} repeated ${key} and was told something else than before`)
        outcomes.set(key, { body, results: results! })
      } else if (known && known.body === body && outcome !== 'lost')
        throw new Violation(NAME, `${actor} repeated ${key}, which was accepted before: ${outcome}`)
      else if (known && outcome === 'refused')
        throw new Violation(
          NAME,
          `${actor} used token ${key} for another request: refused as ${String(error)}, not as a token reused`,
        )
      else if (outcome === 'invalid' && error instanceof InvalidRequest && error.code === 'tokenReused') {
        const isUsed = known !== undefined || writers.has(key)
        if (known?.body === body)
          throw new Violation(NAME, `${actor} repeated ${key} with the same body: ${error.message}`)
        if (!isUsed) return
      }
    },
  }
}
