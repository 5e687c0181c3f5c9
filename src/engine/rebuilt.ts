/** Folding a view from the first event while the engine runs: writers and readers wait meanwhile. */
import type { Projection } from '../../projections/contract.ts'
import type { Catalogue } from '../runtime/catalogue.ts'
import type { Clock } from '../runtime/clock.ts'
import type { ViewMap } from '../runtime/listing.ts'
import { rebuildView } from '../runtime/recover.ts'
import { InvalidRequest, Unavailable } from '../runtime/refusal.ts'
import type { Residence } from '../runtime/residence.ts'
import type { Views } from '../runtime/views.ts'
import type { Writer } from '../runtime/writer.ts'
import type { Store } from '../store/store.ts'

export interface RebuildingParts {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly residence: Residence
  readonly views: Views
  readonly writer: Writer
  readonly clock: Clock
  readonly isOver: () => boolean
  readonly flush: () => Promise<void>
}

/** Returns the number of events folded. Throws as the engine's `rebuild` says. */
export function rebuilt(parts: RebuildingParts, projections: ViewMap, view: string): Promise<number> {
  const { store, catalogue, residence, views, writer, clock, isOver, flush } = parts
  const found = Object.hasOwn(projections, view) ? projections[view] : undefined
  if (!found) {
    const known = Object.keys(projections).join(', ')
    return Promise.reject(new InvalidRequest('invalidInput', 'view', `There is no view '${view}'; known: ${known}.`))
  }
  const projection: Projection = found
  const pause = () => {
    if (isOver()) throw new Unavailable('closed', 'The engine is closing; the next one folds the rest.')
    return new Promise<void>(resolve => clock.soon(resolve))
  }
  return writer.between(async () => {
    await flush()
    return views.alone(async () => {
      try {
        const count = await rebuildView(store, projection, residence, catalogue, pause)
        views.stalled.delete(projection.name)
        return count
      } catch (error) {
        // Folded halfway: what comes now must not be folded onto it as if it were whole.
        views.stalled.set(projection.name, error)
        throw error
      } finally {
        views.forget()
        residence.forgetClaims()
      }
    })
  })
}
