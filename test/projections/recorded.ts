/** What views fold of a world of machines. */
import type { Envelope, Json } from '../../machines/index.ts'
import { kindNamed } from '../machines/charts.ts'
import type { World } from '../machines/world.ts'

/** The history an engine would keep: what was taken, and answers even where the machine ignored them. */
export function history(world: World): Envelope[] {
  const versions = new Map<string, number>()
  return world.log
    .filter(({ decision, answers }) => decision === 'taken' || answers)
    .map(({ resource, type, before, state, event, wants }, index) => {
      const [kind, short] = type.split('.') as [string, string]
      const version = (versions.get(resource) ?? 0) + 1
      versions.set(resource, version)
      const { origin, schema } = kindNamed(kind).events.specs[short]!
      const position = index + 1
      const who = { account: 'acme', region: 'here', actor: 'test' }
      const data = event.data as Json
      return {
        position,
        resource,
        kind,
        version,
        type,
        origin,
        at: event.at,
        before,
        state,
        data,
        wants,
        rules: 1,
        schema,
        ...who,
        correlation: position,
        digest: '',
      }
    })
}
