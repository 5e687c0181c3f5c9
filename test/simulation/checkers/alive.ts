/** I8: what is working has an open ask or an armed timer, or awaits something that is itself working. */
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'I8 alive'

/** A deadline that only says "this takes long" does not move anything on. */
const isPatience = (event: string) => event.endsWith('TimedOut')

function moves(world: World, id: string, path: readonly string[]): boolean {
  const folded = world.fold.resources.get(id)
  if (!folded || path.includes(id)) return false
  // What rests may have asked for something too, such as a restart of its guest.
  if (folded.asks.size > 0) return true
  if (!world.replay.is(id, 'working')) return false
  if ([...folded.timers.keys()].some(event => !isPatience(event))) return true
  return world.replay.awaits(id).some(other => moves(world, other, [...path, id]))
}

/** Images that come with the scenery stay. */
const deletable = ['instance', 'volume', 'snapshot', 'vm-snapshot']

export const alive: CheckerMaker = () => ({
  name: NAME,
  committed(world) {
    for (const id of world.replay.working()) {
      if (moves(world, id, [])) continue
      const { state } = world.fold.resources.get(id)!
      throw new Violation(NAME, `${id} is ${state}, with nothing that could move it on`)
    }
  },
  clean(world) {
    const left = [...world.fold.resources.values()].filter(
      ({ id, kind }) => deletable.includes(kind) && !world.replay.is(id, 'terminal'),
    )
    if (left.length)
      throw new Violation(NAME, `cannot be deleted: ${left.map(({ id, state }) => `${id} ${state}`).join(', ')}`)
    const rows = (table: string) => world.database.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number
    if (rows('asks') + rows('timers') > 0)
      throw new Violation(NAME, `${rows('asks')} asks and ${rows('timers')} timers are left of what is gone`)
  },
})
