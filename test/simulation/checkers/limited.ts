/**
 * Nobody has more than the limit allows, however many ask at once and wherever the engine dies; and whoever is refused
 * for it was at the limit. Counted from what each resource is, not from the view. (spec: cloudstack 5, reliability I14.)
 */
import { limitsOf } from '../setup.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'I14 limits'
const counted = { instance: 'instances', volume: 'volumes' } as const
/** The most that one command takes: a launch makes up to three volumes. */
const MOST_TAKEN = 3

export const limited: CheckerMaker = () => {
  /** By account and measure: how many there were, at which position. */
  const past = new Map<string, { position: number; count: number }[]>()
  const alive = new Set<string>()
  const left = new Set<string>()
  /** Instances that may be recovered, or were not. */
  const aside = new Set<string>()
  const now = (key: string) => past.get(key)?.at(-1)?.count ?? 0
  return {
    name: NAME,
    event({ kind, resource, account, type, state, position }) {
      // What a provider leaves of an instance is only there to be deleted.
      if (type === 'volume.rootLeft') left.add(resource)
      if ((kind !== 'instance' && kind !== 'volume') || left.has(resource)) return
      if (state === 'recoverable') aside.add(resource)
      if (type === 'instance.recoverRequested') aside.delete(resource)
      const isAlive = !aside.has(resource) && state !== 'absent' && state !== 'terminated' && state !== 'deleted'
      if (isAlive === alive.has(resource)) return
      if (isAlive) alive.add(resource)
      else alive.delete(resource)
      const key = `${account} ${counted[kind]}`
      past.set(key, [...(past.get(key) ?? []), { position, count: now(key) + (isAlive ? 1 : -1) }])
    },
    committed(world: World) {
      for (const { account, limits } of limitsOf(world.options.shape))
        for (const [measure, limit] of Object.entries(limits))
          if (now(`${account} ${measure}`) > limit)
            throw new Violation(
              NAME,
              `${account} has ${now(`${account} ${measure}`)} ${measure}, and may have ${limit}`,
            )
    },
    answered({ actor, account, from, commands, refusals = [] }, world) {
      for (const { code } of refusals.flatMap(({ reasons }) => reasons)) {
        const measure =
          code === 'instanceLimitExceeded' ? 'instances' : code === 'volumeLimitExceeded' ? 'volumes' : undefined
        if (!measure) continue
        const limit = limitsOf(world.options.shape).find(each => each.account === account)?.limits[measure]
        const all = past.get(`${account} ${measure}`) ?? []
        const first = Math.max(
          0,
          all.findLastIndex(({ position }) => position <= from),
        )
        const most = Math.max(0, ...all.slice(first).map(({ count }) => count))
        if (limit === undefined || most + MOST_TAKEN * commands.length <= limit)
          throw new Violation(NAME, `${actor} was refused for ${measure}: ${account} had at most ${most} of ${limit}`)
      }
    },
  }
}
