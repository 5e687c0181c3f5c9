/**
 * I6: one token, one outcome, for as long as tokens are remembered. The same request is answered the same again; another
 * one with its token is refused.
 */

import type { CommandResult } from '../../../src/runtime/decide.ts'
import { InvalidRequest } from '../../../src/runtime/refusal.ts'
import type { Submission } from '../submission.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'I6 once'
/** What engines do by default: clients of EC2 count on a day. */
const REMEMBERED_MS = 25 * 3_600_000

interface Known {
  readonly body: string
  /** Not before this was it written: a request that was lost may have been carried out. */
  readonly since: number
  readonly results: readonly CommandResult[]
}

/** When it was submitted for the first time that may be remembered now: whoever was told nothing was heard all the same. */
function submittedFirst(
  { submissions, time }: World,
  { account, token, at }: Pick<Submission, 'account' | 'token' | 'at'>,
) {
  let first = Number.NEGATIVE_INFINITY
  for (const each of submissions)
    if (each.account === account && each.token === token && each.at - first >= REMEMBERED_MS) first = each.at
  return time.now - first < REMEMBERED_MS ? first : at
}

export const once: CheckerMaker = () => {
  const outcomes = new Map<string, Known>()
  /** Who wrote events under a token, and when first. */
  const writers = new Map<string, { readonly actor: string; readonly at: number }>()
  return {
    name: NAME,
    event({ token, actor, account, causation, position, at }, world) {
      if (token === undefined || causation !== undefined) return
      const caller = world.submissionOf(actor)
      const key = `${caller?.account ?? account} ${token}`
      // A command that the engine gives for a resource is one, and is given once.
      if (!caller && writers.has(key)) throw new Violation(NAME, `${actor} gave ${token} twice, at ${position}`)
      const known = writers.get(key)
      const first = known && at - known.at < REMEMBERED_MS ? known : { actor, at }
      if (first.actor !== actor)
        throw new Violation(
          NAME,
          `token ${key} was carried out for ${first.actor}, and again for ${actor} at ${position}`,
        )
      if (first !== known) outcomes.delete(key)
      writers.set(key, first)
    },
    answered({ account, token, commands, results, outcome, actor, error, dryRun, at }, world) {
      if (token === undefined || dryRun) return
      const key = `${account} ${token}`
      const body = JSON.stringify(commands)
      const since = submittedFirst(world, { account, token, at })
      const last = outcomes.get(key)
      // Without an event, as where nothing was to do, nothing else tells that it was forgotten.
      const known = last?.since === since ? last : undefined
      if (outcome === 'accepted') {
        if (known && known.body !== body)
          throw new Violation(NAME, `${actor} used token ${key} for another request, and it was accepted`)
        if (known && JSON.stringify(known.results) !== JSON.stringify(results))
          throw new Violation(NAME, `${actor} repeated ${key} and was told something else than before`)
        outcomes.set(key, { body, since, results: results! })
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
