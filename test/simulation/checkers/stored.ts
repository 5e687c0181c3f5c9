/**
 * What is said to take storage is what each volume says of itself, and each instance of the root that its provider makes,
 * by account and by pool, in the view that is written behind as in the one that is claimed; and accounts come to what
 * pools and zones do. (spec: cloudstack 3.2, 3.4 (a), (f), (k).)
 */
import type { Envelope } from '../../../machines/grammar.ts'
import { pools } from '../setup.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'capacity'

interface Row {
  readonly key: string
  readonly holder: string
  readonly figures: string | null
}
interface Root {
  readonly sizeBytes: number
  readonly pool?: string | undefined
  figure?: string | undefined
}
interface Launch {
  readonly rootOwner: string
  readonly image: string
  readonly provider: string
  readonly zone: string
  readonly providerRoot?: { readonly pool?: string }
}
type Sums = Map<string, number>
const add = (sums: Sums, key: string, amount: number) => void sums.set(key, (sums.get(key) ?? 0) + amount)

/** Of a volume in this state, which of the figures its size is in. */
function figureOf(state: string, isMade: boolean): string | undefined {
  const [visible] = state.split('.')
  if (visible === 'creating') return 'requestedBytes'
  if (/^(available|reverting|migrating|in-use)$/.test(visible!)) return 'allocatedBytes'
  return visible === 'deleting' && isMade ? 'reclaimableBytes' : undefined
}

/**
 * A root that its provider makes: promised until that has made the instance, there while the instance is, on its way out
 * when that is being destroyed or may be recovered, and nothing any more once the compute is gone: what is left then is
 * a volume. What is only turned off on its way to being kept is as it was.
 */
function rootFigureOf(state: string, { owed }: { owed?: object }, before: string | undefined): string | undefined {
  const [visible, ...parts] = state.split('.')
  if (visible === 'terminated' || owed) return undefined
  if (visible === 'pending' && ['preparing', 'creating'].includes(parts[0]!)) return 'requestedBytes'
  // Stopping is retried as well.
  const isDestroyed = state === 'shutting-down.retrying' || parts.includes('destroying') || parts[0] === 'abandoning'
  if (isDestroyed || visible === 'recoverable') return 'reclaimableBytes'
  return visible === 'shutting-down' && before === 'reclaimableBytes' ? before : 'allocatedBytes'
}

const goes = (data: unknown) => (data as { deleteOnTermination: boolean }).deleteOnTermination

export const stored: CheckerMaker = () => {
  const unmade = new Set<string>()
  /** Volumes that go with an instance that may be recovered. (3.4 reclaimableBytes.) */
  const fated = new Set<string>()
  /** What each volume takes, by its last event, and what that comes to by holder and figure. */
  const taken = new Map<string, Sums>()
  const expected: Sums = new Map()
  /** By volume, the sums that what moves along with it is in: branches and memory of VM snapshots, which nothing here follows: they are that or more. */
  const along = new Map<string, readonly string[]>()
  /** Sizes and pools of the roots that providers make, and which of the figures they are in. */
  const roots = new Map<string, Root>()
  /** As large as the image, in a pool if there are any: the launch says so, and the instance knows it. */
  const launched = ({ resource, data }: Envelope, world: World) => {
    const { rootOwner, image, zone, providerRoot } = data as unknown as Launch
    const { sizeBytes } = world.replay.snapshots.get(image)!.context as { sizeBytes: number }
    if (rootOwner === 'provider') roots.set(resource, { sizeBytes, pool: providerRoot?.pool })
    const ids = pools.map(name => `pool/${name}`)
    const havePools = ids.some(id => (world.replay.snapshots.get(id)?.context as Partial<Launch>)?.zone === zone)
    const isInPool = providerRoot?.pool !== undefined && ids.includes(providerRoot.pool)
    if (isInPool !== (rootOwner === 'provider' && havePools))
      throw new Violation(NAME, `the root of ${resource} (${rootOwner}) is placed in ${providerRoot?.pool}`)
  }
  const rooted = ({ resource, account, state }: Envelope, world: World) => {
    const root = roots.get(resource)
    if (!root) return
    for (const [key, amount] of taken.get(resource) ?? []) add(expected, key, -amount)
    const context = world.replay.snapshots.get(resource)!.context as unknown as Launch & { owed?: object }
    root.figure = rootFigureOf(state, context, root.figure)
    const place = context.providerRoot?.pool ?? `zone/${context.provider}/${context.zone}`
    const held = root.figure ? [`account/${account}`, place] : []
    const now: Sums = new Map(held.map(holder => [`${holder} ${root.figure}`, root.sizeBytes]))
    taken.set(resource, now)
    for (const [key, amount] of now) add(expected, key, amount)
  }
  /** What is left of it lies where it did. */
  const left = ({ resource, data }: Envelope) => {
    const { instance, sizeBytes, pool } = data as unknown as Root & { readonly instance: string }
    const root = roots.get(instance)
    if (root?.figure !== undefined || root?.sizeBytes !== sizeBytes || root.pool !== pool)
      throw new Violation(NAME, `${resource}, left of ${instance}, has ${sizeBytes} bytes in ${pool}, and was another`)
  }
  return {
    name: NAME,
    event(event, world) {
      const { kind, type, resource, account, state, data } = event
      if (type === 'instance.launchRequested') launched(event, world)
      if (type === 'volume.rootLeft') left(event)
      if (kind === 'instance') rooted(event, world)
      if (type === 'volume.createFailed') unmade.add(resource)
      if (kind !== 'volume') return
      for (const [key, amount] of taken.get(resource) ?? []) add(expected, key, -amount)
      if (type === 'volume.instanceRecovered' || type === 'volume.instanceGone') fated.delete(resource)
      if (type === 'volume.instanceTerminated' && goes(data)) fated.add(resource)
      const figure = fated.has(resource) ? 'reclaimableBytes' : figureOf(state, !unmade.has(resource))
      const { context } = world.replay.snapshots.get(resource)!
      const { sizeBytes, pool, provider, zone } = context as Record<string, string>
      const { migration, vmSnapshots } = context as { migration?: { pool: string }; vmSnapshots?: object }
      const now: Sums = new Map()
      if (figure)
        for (const holder of [`account/${account}`, pool ?? `zone/${provider}/${zone}`])
          now.set(`${holder} ${figure}`, Number(sizeBytes))
      // Where it is to go it has a place until it is there, or somewhere else for good.
      along.delete(resource)
      if (figure && migration)
        for (const holder of [`account/${account}`, migration.pool])
          now.set(`${holder} requestedBytes`, Number(sizeBytes))
      if (migration && vmSnapshots)
        along.set(resource, [`account/${account} requestedBytes`, `${migration.pool} requestedBytes`])
      taken.set(resource, now)
      for (const [key, amount] of now) add(expected, key, amount)
    },
    committed(world) {
      if (!world.options.shape.pooled) return
      const onPools = new Map([...expected].filter(([key]) => key.startsWith('pool/')))
      compare('pools', onPools, read(world, 'pools'), along)
    },
    rest(world) {
      const found = read(world, 'capacity')
      compare('capacity', expected, found, along)
      const total = (prefixes: readonly string[]) =>
        [...found].reduce((sum, [key, amount]) => sum + (prefixes.some(each => key.startsWith(each)) ? amount : 0), 0)
      const [owned, placed] = [total(['account/']), total(['pool/', 'zone/'])]
      if (owned !== placed) throw new Violation(NAME, `accounts have ${owned} bytes, and pools and zones ${placed}`)
    },
  }
}

const counted = new Set(['requestedBytes', 'allocatedBytes', 'reclaimableBytes'])

function read(world: World, view: 'capacity' | 'pools'): Sums {
  const rows = world.database.prepare(`SELECT key, holder, figures FROM ${view}`).all() as Row[]
  const sums: Sums = new Map()
  for (const { key, holder, figures } of rows)
    if (['account', 'pool', 'zone'].includes(holder))
      for (const [name, amount] of Object.entries(JSON.parse(figures ?? '{}')))
        if (counted.has(name)) add(sums, `${key} ${name}`, amount as number)
  return sums
}

function compare(view: string, expected: Sums, found: Sums, along: ReadonlyMap<string, readonly string[]>): void {
  const loose = new Set([...along.values()].flat())
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const [should, is] = [expected.get(key) ?? 0, found.get(key) ?? 0]
    if (loose.has(key) ? is < should : is !== should)
      throw new Violation(NAME, `${view} has ${is} of ${key}, and it should be ${should}`)
  }
}
