/** What an operator gave up: it may be at its provider for ever, with what is in it, and nobody asks for its end. */
import type { World } from './world.ts'

interface Orphan {
  readonly kind: string
  readonly id: string
}

export const givenUp = ({ log }: World): Orphan[] =>
  log.flatMap(({ type, data }) => (type.endsWith('.orphanRecorded') ? [data as unknown as Orphan] : []))

/** A root that belongs to no volume has the name of its instance before its own. */
export const wasGivenUp = (world: World, id: string): boolean =>
  givenUp(world).some(each => each.id === id || id.startsWith(`${each.id}/`))
