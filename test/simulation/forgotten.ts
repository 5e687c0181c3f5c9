/** Which resources are forgotten, said by the log, the tags of states, and how far the database says it has forgotten. */
import type { World } from './world.ts'

export interface Ending {
  readonly id: string
  readonly kind: string
  readonly at: number
  readonly position: number
}

/** What a log says and what a database has. */
export type Books = Pick<World, 'database' | 'log' | 'replay' | 'catalogue'>

/** The event that ended each resource: the first that led into a terminal state. */
export function endingsOf({ log, catalogue }: Pick<Books, 'log' | 'catalogue'>): Map<string, Ending> {
  const endings = new Map<string, Ending>()
  for (const { resource: id, kind, state, at, position } of log)
    if (!endings.has(id) && catalogue.kind(kind).is(state, 'terminal')) endings.set(id, { id, kind, at, position })
  return endings
}

export function horizonsOf({ database }: Pick<Books, 'database'>): Map<string, number> {
  const rows = database.prepare('SELECT kind, position FROM horizons').raw().all() as [string, number][]
  return new Map(rows)
}

/** Ids of those that no row may speak of any more. */
export function forgottenIn(world: Books): Set<string> {
  const horizons = horizonsOf(world)
  const forgotten = [...endingsOf(world).values()].filter(({ kind, position }) => position <= (horizons.get(kind) ?? 0))
  return new Set(forgotten.map(({ id }) => id))
}
