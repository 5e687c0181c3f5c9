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
/** The most that one command takes: a launch makes up to three volumes, and its provider a root. */
const MOST_TAKEN = 4

export const limited: CheckerMaker = () => {
  /** By account and measure: how many there were, at which position. */
  const past = new Map<string, { position: number; count: number }[]>()
  const alive = new Set<string>()
  const left = new Set<string>()
  /** Instances that may be recovered, or were not. */
  const aside = new Set<string>()
  /** Instances whose provider made them a root, which stays until they are terminated. */
  const rooted = new Set<string>()
  const now = (key: string) => past.get(key)?.at(-1)?.count ?? 0
  const changed = (key: string, position: number, by: 1 | -1) =>
    past.set(key, [...(past.get(key) ?? []), { position, count: now(key) + by }])
  return {
    name: NAME,
    event({ kind, resource, account, type, state, position, data }) {
      // What a provider leaves of an instance is only there to be deleted.
      if (type === 'volume.rootLeft') left.add(resource)
      if ((kind !== 'instance' && kind !== 'volume') || left.has(resource)) return
      if (state === 'recoverable') aside.add(resource)
      if (type === 'instance.recoverRequested') aside.delete(resource)
      const isThere = state !== 'absent' && state !== 'terminated' && state !== 'deleted'
      const hasRoot = rooted.has(resource)
      if (hasRoot ? !isThere : (data as { providerRoot?: object }).providerRoot !== undefined) {
        if (hasRoot) rooted.delete(resource)
        else rooted.add(resource)
        changed(`${account} volumes`, position, hasRoot ? -1 : 1)
      }
      const isAlive = isThere && !aside.has(resource)
      if (isAlive === alive.has(resource)) return
      if (isAlive) alive.add(resource)
      else alive.delete(resource)
      changed(`${account} ${counted[kind]}`, position, isAlive ? 1 : -1)
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
