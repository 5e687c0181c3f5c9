/**
 * What is reported of usage is what the resources themselves say of their size and use, counted from event to event; in
 * halves it comes to the same as in one. The view reads events only; this reads what each machine remembers.
 * (spec: cloudstack 4.5; ec2 16.18.)
 */
import { type UsageRow, usageRecords } from '../../../projections/usage.report.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'usage'

interface Measured {
  readonly series: readonly string[]
  readonly bytes: bigint
  /** Of what has both: the memory, as a series of its own. */
  readonly memoryBytes?: bigint
  /** Of an instance whose provider makes its root: that, as a series of its own. */
  readonly rootBytes?: bigint
}
// biome-ignore lint/suspicious/noExplicitAny: contexts are what each machine makes them
type Context = any

/** What counts of a resource now, by its own memory. */
const measures: Readonly<Record<string, (state: string, context: Context, isThere: boolean) => Measured | undefined>> =
  {
    instance: (state, { memoryBytes, providerRoot }) => {
      // Its compute is gone when it is only being cleaned up.
      if (['absent', 'terminated', 'shutting-down.cleaning'].includes(state)) return undefined
      const running = state.split('.')[0] === 'running' ? ['runningInstance'] : []
      const isMade = !['pending.preparing', 'pending.creating'].some(each => state.startsWith(each))
      const root = providerRoot && isMade ? ['instanceRoot'] : []
      return {
        ...{ series: ['allocatedInstance', ...running, ...root], bytes: BigInt(memoryBytes) },
        rootBytes: BigInt(providerRoot?.sizeBytes ?? 0),
      }
    },
    volume: (state, { sizeBytes }, isThere) => {
      if (!isThere || state === 'deleted') return undefined
      const isAttached = ['in-use.attached', 'in-use.detaching', 'in-use.reverting', 'in-use.migrating'].includes(state)
      return { series: ['volume', ...(isAttached ? ['attachedVolume'] : [])], bytes: BigInt(sizeBytes) }
    },
    snapshot: (state, { sizeBytes }, isThere) =>
      isThere && state !== 'deleted' ? { series: ['snapshot'], bytes: BigInt(sizeBytes) } : undefined,
    'vm-snapshot': (state, { sizeBytes, memoryBytes = 0 }, isThere) => {
      if (!isThere || state === 'deleted') return undefined
      const series = ['vmSnapshotDisk', ...(memoryBytes ? ['vmSnapshotMemory'] : [])]
      return { series, bytes: BigInt(sizeBytes), memoryBytes: BigInt(memoryBytes) }
    },
  }
const goes = (data: unknown) => (data as { deleteOnTermination: boolean }).deleteOnTermination
/** The volumes that go with an instance. */
const fated = ({ devices }: Context): string[] =>
  (Object.values(devices) as { volume: string; deleteOnTermination: boolean }[])
    .filter(each => each.deleteOnTermination)
    .map(({ volume }) => volume)
const births = new Set(['volume.created', 'snapshot.completed', 'snapshot.groupTaken', 'vm-snapshot.kept'])
const isBirth = ({ type, before }: { type: string; before: string }) =>
  births.has(type) && (before === 'creating' || before.startsWith('pending'))

export const metered: CheckerMaker = () => {
  const amounts = new Map<string, bigint>()
  const now = new Map<string, { readonly at: number; readonly measured: Measured | undefined }>()
  const there = new Set<string>()
  /** Instances that may be recovered, or were not, and what is to go with them: nobody pays for those. */
  const aside = new Set<string>()
  const count = (resource: string, untilMs: number) => {
    const { at, measured } = now.get(resource)!
    for (const series of measured?.series ?? []) {
      const key = `${series} ${resource}`
      amounts.set(key, (amounts.get(key) ?? 0n) + bytesOf(measured!, series) * BigInt(untilMs - at))
    }
  }
  const unpaid = (resource: string, at: number) => {
    aside.add(resource)
    if (now.has(resource)) count(resource, at)
    now.set(resource, { at, measured: undefined })
  }
  return {
    name: NAME,
    event(event, world) {
      const { resource, kind, at, state, type, data } = event
      const measure = measures[kind]
      if (!measure) return
      if (now.has(resource)) count(resource, at)
      if (isBirth(event)) there.add(resource)
      const { context } = world.replay.snapshots.get(resource)!
      if (state === 'recoverable') {
        aside.add(resource)
        for (const id of fated(context)) unpaid(id, at)
      }
      if (type === 'instance.recoverRequested') for (const id of [resource, ...fated(context)]) aside.delete(id)
      if (type === 'volume.instanceGone' && !goes(data)) aside.delete(resource)
      if (aside.has(resource)) now.set(resource, { at, measured: undefined })
      if (aside.has(resource)) return
      const measured = measure(state, context, there.has(resource))
      now.set(resource, { at, measured })
    },
    rest(world) {
      const last = world.log.at(-1)
      if (!last) return
      const expected = new Map(amounts)
      for (const [resource, { at, measured }] of now)
        for (const series of measured?.series ?? []) {
          const key = `${series} ${resource}`
          expected.set(key, (expected.get(key) ?? 0n) + bytesOf(measured!, series) * BigInt(last.at - at))
        }
      const first = world.log[0]!.at
      const middle = Math.floor((first + last.at) / 2)
      compare('in one', expected, reported(world, [first, last.at]))
      compare('in halves', expected, reported(world, [first, middle, last.at]))
    },
  }
}

const bytesOf = ({ bytes, memoryBytes, rootBytes }: Measured, series: string): bigint =>
  series === 'vmSnapshotMemory' ? memoryBytes! : series === 'instanceRoot' ? rootBytes! : bytes

/** Byte-milliseconds by series and resource, summed over the periods between these times. */
function reported(world: World, times: readonly number[]): Map<string, bigint> {
  const segments = world.database.prepare('SELECT * FROM usage').all() as UsageRow[]
  const present = segments.map(row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)))
  const sums = new Map<string, bigint>()
  for (const [index, toMs] of times.slice(1).entries())
    for (const { series, resource, byteMs = 0n } of usageRecords(
      present as unknown as UsageRow[],
      { fromMs: times[index]!, toMs },
      toMs,
    ))
      if (series !== 'image') sums.set(`${series} ${resource}`, (sums.get(`${series} ${resource}`) ?? 0n) + byteMs)
  return sums
}

function compare(how: string, expected: ReadonlyMap<string, bigint>, found: ReadonlyMap<string, bigint>): void {
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const [should, is] = [expected.get(key) ?? 0n, found.get(key) ?? 0n]
    if (should !== is) throw new Violation(NAME, `${key}, ${how}: reported ${is} byte-ms, and it was ${should}`)
  }
}
