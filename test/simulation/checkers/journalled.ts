/**
 * The journal of refusals says what was refused, to whom and why, and nothing else: no question, nothing of another
 * tenant, no secret. It may lose entries, but where nothing fails only what a crash cut short.
 */
import type { RefusalEntry } from '../../../src/store/refusals.ts'
import type { Submission } from '../submission.ts'
import { Violation } from '../violation.ts'
import { USER_DATA } from '../workload.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'
import { foreignIds } from './tenant.ts'

const NAME = 'refusals are journalled'

const check = (
  world: World,
  entry: RefusalEntry,
  { account, outcome, dryRun, refusals = [], commands }: Submission,
) => {
  const { actor, command, resource, reasons } = entry
  if (dryRun || (outcome !== 'refused' && outcome !== 'lost'))
    throw new Violation(NAME, `${command} of ${actor} is in the journal, and was ${dryRun ? 'a question' : outcome}`)
  if (entry.account !== account) throw new Violation(NAME, `what ${actor} of ${account} asked is ${entry.account}'s`)
  const told = refusals.find(({ index }) => index === entry.index)
  if (outcome === 'refused' && JSON.stringify(told?.reasons) !== JSON.stringify(reasons))
    throw new Violation(NAME, `${actor} was told ${JSON.stringify(told)}; the journal has ${JSON.stringify(entry)}`)
  const text = JSON.stringify(entry)
  if (text.includes(USER_DATA)) throw new Violation(NAME, `user data of ${actor} is in the journal: ${text}`)
  const foreign = foreignIds(world, account, JSON.stringify(commands), text)
  if (foreign.length && account === entry.account)
    throw new Violation(NAME, `the journal tells ${account} of ${foreign.join(', ')} (${command} of ${resource})`)
}

export const journalled: CheckerMaker = () => ({
  name: NAME,
  async rest(world) {
    const entries = await world.refusals.read({ limit: 1_000 })
    const kept = new Map<string, number>()
    for (const entry of entries) {
      const submission = world.submissionOf(entry.actor)
      // The engine gives commands for resources too, and they may be refused.
      if (!submission && world.fold.resources.has(entry.actor)) continue
      if (!submission) throw new Violation(NAME, `nobody submitted ${entry.command} of ${entry.actor}`)
      check(world, entry, submission)
      kept.set(entry.actor, (kept.get(entry.actor) ?? 0) + 1)
    }
    // A crash may come between an answer and its entry, and the ring forgets.
    if (world.figures.crashes > 0 || entries.length === 1_000) return
    for (const { actor, outcome, dryRun, refusals = [] } of world.submissions)
      if (outcome === 'refused' && !dryRun && kept.get(actor) !== refusals.length)
        throw new Violation(NAME, `${actor} was refused ${refusals.length} commands; ${kept.get(actor) ?? 0} are kept`)
  },
})
