/**
 * What has ended is forgotten when its retention is over, and not before; its own tenant can still read its history. That
 * the rows agree is the promise of another checker.
 */

import { endingsOf, forgottenIn, horizonsOf } from '../forgotten.ts'
import { whileAlive } from '../mortal.ts'
import { retentionOf } from '../shape.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'forgotten in time'

const dueAt = (world: World, { kind, at }: { kind: string; at: number }) =>
  at + (retentionOf(world.options.shape, kind) ?? world.catalogue.kind(kind).kind.retentionMs)

export const forgotten: CheckerMaker = () => {
  const known = new Map<string, number>()
  const check = (world: World) => {
    const endings = [...endingsOf(world).values()]
    for (const [kind, horizon] of horizonsOf(world)) {
      if (horizon < (known.get(kind) ?? 0))
        throw new Violation(NAME, `${kind} was forgotten up to ${known.get(kind)}, and now up to ${horizon}`)
      known.set(kind, horizon)
      if (!endings.some(ending => ending.kind === kind && ending.position === horizon))
        throw new Violation(NAME, `${kind} is forgotten up to ${horizon}, which ended none`)
      const early = endings.find(
        ending => ending.kind === kind && ending.position <= horizon && dueAt(world, ending) > world.time.now,
      )
      if (early) throw new Violation(NAME, `${early.id} ended at ${early.at} and is forgotten at ${world.time.now}`)
    }
  }

  const recall = async (world: World, id: string) => {
    const { engine, life } = world
    const { account, version } = world.fold.resources.get(id)!
    const session = engine!.as({ account, actor: 'reader' })
    const read = async () => {
      let count = 0
      for await (const event of session.history(id)) count += event.version === count + 1 ? 1 : Number.NaN
      const row = await session.get(id).catch(error => error.code as string)
      return { count, row }
    }
    await whileAlive(life, read).then(
      ({ count, row }) => {
        if (count !== version) world.broke(NAME, `the history of ${id} has ${count} of ${version} events`)
        if (row !== 'notFound') world.broke(NAME, `${id} is forgotten, and found`)
      },
      error => world.broke(NAME, `the history of ${id} cannot be read: ${String(error)}`, error),
    )
  }

  return {
    name: NAME,
    crashed: check,
    async rest(world) {
      check(world)
      const gone = forgottenIn(world)
      world.figures.forgotten = gone.size
      for (const ending of endingsOf(world).values())
        if (!gone.has(ending.id) && dueAt(world, ending) <= world.time.now)
          throw new Violation(NAME, `${ending.id} ended at ${ending.at} and is not forgotten at ${world.time.now}`)
      for (const id of gone) void recall(world, id)
      await world.drain()
    },
  }
}
