/** I16: nothing of one tenant (row, error text, existence, id) reaches another. */
import { OPERATOR } from '../setup.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'I16 tenant'
const ids = /\b(?:i|vol|img|snap|key)-[0-9a-f]{17}\b/g

/** Ids in a text that are neither the caller's own, nor public, nor said by the caller itself. */
export function foreignIds(world: World, account: string, said: string, told: string): string[] {
  if (account === OPERATOR) return []
  return (told.match(ids) ?? []).filter(id => {
    if (said.includes(id)) return false
    const resource = world.fold.resources.get(id)
    return resource !== undefined && resource.account !== account && resource.account !== OPERATOR
  })
}

export const tenant: CheckerMaker = () => ({
  name: NAME,
  event({ account, position, causation }, world) {
    const cause = causation === undefined ? undefined : world.log[causation - 1]
    if (cause && cause.account !== account)
      throw new Violation(NAME, `event ${position} of ${account} was caused by one of ${cause.account}`)
  },
  answered({ account, authority, actor, commands, results, refusals, error, outcome }, world) {
    if (authority === 'operator') return
    const told = JSON.stringify([results, refusals, error instanceof Error ? error.message : ''])
    const foreign = foreignIds(world, account, JSON.stringify(commands), told)
    if (foreign.length) throw new Violation(NAME, `${actor} of ${account} was told of ${foreign.join(', ')}`)
    if (outcome !== 'accepted') return
    for (const { id } of results!) {
      const owner = world.fold.resources.get(id)?.account
      if (owner !== undefined && owner !== account)
        throw new Violation(NAME, `${actor} of ${account} commanded ${id} of ${owner}`)
    }
  },
})
