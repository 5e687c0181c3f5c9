/** Forgetting resources that have ended: what is derived from their events goes, and the kind's horizon moves. */
import type { EndingRow } from '../store.ts'
import type { Statements } from './statements.ts'
import type { ViewTables } from './view-rows.ts'

/** The writes of it, inside the caller's transaction. `endings` are the kind's next ones, in order. */
export function writeForgotten(
  kind: string,
  endings: readonly EndingRow[],
  perResource: readonly string[],
  statements: Statements,
  views: ViewTables,
): void {
  const tables = perResource.map(name => ({
    remove: views.named(name).remove,
    // What a view has not folded yet it forgets when it comes to it, and until then its row is half a life.
    watermark: statements.findWatermark.get(name)?.position ?? 0,
  }))
  for (const { resource, position } of endings) {
    statements.removeSnapshot.run(resource)
    for (const { remove, watermark } of tables) if (watermark >= position) remove.run(resource)
    statements.removeEnding.run(kind, position)
  }
  const last = endings.at(-1)
  if (last) statements.horizon.run(kind, last.position)
}
