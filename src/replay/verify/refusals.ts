/** What was refused, decided again from what the journal kept of it. */
import type { CompiledKind } from '../../runtime/catalogue.ts'
import type { Snapshot } from '../../runtime/snapshot.ts'
import type { RefusalEntry } from '../../store/refusals.ts'

/**
 * The requirements that said no then and say no today, `state` among them in a wrong state; `accepted` alone where nothing
 * does. What was offered is brought to the shape of today, as events are; facts are as they were read then. Undefined for
 * what the machine did not decide alone, such as a limit, or of which the journal lacks something. Throws BrokenRule for a
 * shape from which nothing leads to that of today.
 */
export function decidedAgain(
  compiled: CompiledKind,
  snapshot: Snapshot,
  { event, facts, isCut, reasons, at, kind }: RefusalEntry,
): { recorded: string[]; today: string[] } | undefined {
  if (!event || isCut || kind !== compiled.kind.name) return undefined
  const { requirements } = compiled.kind
  const recorded = [...new Set(reasons.map(({ requirement }) => requirement))].sort()
  if (!recorded.every(name => name === 'state' || Object.hasOwn(requirements, name))) return undefined
  const { resource, account, version, context, state } = snapshot
  const { type } = event
  const data = compiled.shaped(type, event.schema, event.data)
  const offered = { type, resource, account, version: version + 1, at, data, facts: facts ?? {} }
  const { decision } = compiled.evaluator.step(snapshot, offered)
  if (decision !== 'refused' && decision !== 'undecided') return { recorded, today: ['accepted'] }
  const here = compiled.evaluator.chart.leaves.get(state)?.on.get(type) ?? []
  const names = decision === 'refused' ? here.flatMap(each => each.requires) : compiled.requirements(type)
  const no = [...new Set(names)].filter(name => !requirements[name]?.({ context, event: offered }))
  return { recorded, today: [...no, ...(decision === 'undecided' ? ['state'] : [])].sort() }
}
