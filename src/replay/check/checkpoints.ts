/** Whether what is kept of a view beside the store is what the log says: a look at the past would begin with it. */

import type { Ending } from '../past/checkpoint.ts'
import type { KeptCheckpoints } from '../past/kept.ts'
import type { Timeline } from '../past/timeline.ts'

type Compare = (key: string, stored: unknown, folded: unknown) => void

/**
 * @param timeline folds, and knows of no checkpoints but its own
 * @param compare hears every row of every usable checkpoint, with the checkpoint's position
 * Returns how many were compared.
 */
export async function checkCheckpoints(
  timeline: Timeline,
  kept: KeptCheckpoints,
  compare: (position: number) => Compare,
): Promise<number> {
  let count = 0
  for (const head of await kept.usable()) {
    const checkpoint = kept.read(head)
    if (!checkpoint) continue
    const { rows, ended } = await timeline.at(head.position)
    const found = compare(head.position)
    compareMaps(checkpoint.rows, rows.merged(), found)
    compareMaps<Ending>(checkpoint.ended, ended.merged(), (key, ...both) => found(`end of ${key}`, ...both))
    count += 1
  }
  return count
}

export function compareMaps<V>(
  stored: ReadonlyMap<string, V>,
  folded: ReadonlyMap<string, V>,
  compare: (key: string, stored: V | undefined, folded: V | undefined) => void,
): void {
  for (const key of new Set([...stored.keys(), ...folded.keys()])) compare(key, stored.get(key), folded.get(key))
}
