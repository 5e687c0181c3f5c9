/** A refusal as the journal keeps it: what was asked and what was said, small and without secrets. */
import type { Json } from '../../machines/grammar.ts'
import type { RefusalEntry } from '../store/refusals.ts'
import type { Catalogue } from './catalogue.ts'
import { type Budget, legible } from './legible.ts'
import type { Principal } from './principal.ts'
import type { Refused } from './refusal.ts'

/** Characters of what an entry tells besides names: enough for a launch with all its disks. */
const TOLD_MAX = 16_384

export interface Asker {
  readonly principal: Principal
  /** Where a principal that names no region makes things. */
  readonly region: string
  readonly token: string | undefined
}

function offered({ type, data }: { type: string; data: Json }, catalogue: Catalogue, budget: Budget) {
  const spec = catalogue.ofEvent(type).spec(type)
  return { type, schema: spec.schema, data: legible(data, spec.data, budget) }
}

/** The entry of one of an error's refusals. Throws for one that no command was decided for. */
export function refusalEntry(error: Refused, place: number, asker: Asker, catalogue: Catalogue): RefusalEntry {
  const { principal, region, token } = asker
  const { command: asked, kind, resource, state, reasons, index } = error.refusals[place]!
  const { at, position, version, digest, input, event, facts } = error.considered(place)!
  const { compiled, command } = catalogue.command(kind, asked.slice(kind.length + 1))
  const own = `${kind}.${command.event}`
  const budget: Budget = { left: TOLD_MAX, isCut: false }
  const told = {
    reasons: legible(reasons, undefined, budget) as unknown as RefusalEntry['reasons'],
    event: event && offered(event, catalogue, budget),
    facts: facts === undefined ? undefined : legible(facts, compiled.spec(own).facts, budget),
    // What the event says already is not said twice; that of another resource does not.
    input: event?.type === own ? undefined : legible(input, command.input, budget),
  }
  const names = legible({ ...principal, region: principal.region ?? region, resource, token }, undefined, {
    ...budget,
    left: TOLD_MAX,
  }) as Pick<RefusalEntry, 'account' | 'actor' | 'region' | 'resource' | 'token'>
  return {
    at,
    position,
    account: names.account,
    actor: names.actor,
    region: names.region,
    command: asked,
    index,
    resource: names.resource,
    kind,
    state,
    version,
    digest,
    token: names.token,
    ...told,
    isCut: budget.isCut || undefined,
  }
}
