/**
 * What segments of usage come to in a period. The period is half open, and so is each segment: what is reported of two
 * periods that meet adds up, to the byte-millisecond, to what is reported of both. Nothing is marked as reported, so
 * asking again answers the same. (spec: cloudstack 4.4, 4.5.)
 */
import type { UsageRow } from './usage.row.ts'

export type { UsageRow }

/**
 * What is counted. `instanceRoot` is a root that its provider made, and no volume. `attachedVolume` is the part of `volume` in which it was attached, and `runningInstance` the part of
 * `allocatedInstance` in which it ran: neither is to be added to its whole.
 */
export const usageSeries = [
  'allocatedInstance',
  'runningInstance',
  'instanceRoot',
  'volume',
  'attachedVolume',
  'snapshot',
  'vmSnapshotDisk',
  'vmSnapshotMemory',
  'image',
] as const
export type UsageSeries = (typeof usageSeries)[number]

/** From (included) and to (not included), in ms since 1970. */
export interface UsagePeriod {
  readonly fromMs: number
  readonly toMs: number
}

/** One resource in one series at one size, in the whole of a period. */
export interface UsageRecord {
  readonly series: UsageSeries
  readonly account: string
  readonly region: string
  readonly resource: string
  readonly provider?: string
  readonly zone?: string
  readonly offering?: string
  readonly vcpus?: number
  readonly memoryBytes?: number
  readonly sizeBytes?: number
  readonly volumeType?: string
  readonly instance?: string
  readonly fromMs: number
  readonly toMs: number
  /** How long it was so within the period. */
  readonly durationMs: number
  /** Size times time, exact: of disks their size, of instances their memory. */
  readonly byteMs?: bigint
  readonly vcpuMs?: bigint
}

const seriesOf: Readonly<Record<string, (row: UsageRow) => readonly UsageSeries[]>> = {
  instance: ({ running, rooted }) => [
    'allocatedInstance',
    ...(running ? (['runningInstance'] as const) : []),
    ...(rooted ? (['instanceRoot'] as const) : []),
  ],
  volume: ({ instance }) => (instance === undefined ? ['volume'] : ['volume', 'attachedVolume']),
  snapshot: () => ['snapshot'],
  'vm-snapshot': ({ memoryBytes }) => (memoryBytes ? ['vmSnapshotDisk', 'vmSnapshotMemory'] : ['vmSnapshotDisk']),
  image: () => ['image'],
}
type Noted = 'provider' | 'zone' | 'offering' | 'vcpus' | 'memoryBytes' | 'sizeBytes' | 'volumeType' | 'instance'
const place: readonly Noted[] = ['provider', 'zone']
const compute: readonly Noted[] = [...place, 'offering', 'vcpus', 'memoryBytes']
const disk: readonly Noted[] = [...place, 'sizeBytes', 'volumeType']
/** What tells records of a series apart. */
const noted: Readonly<Record<UsageSeries, readonly Noted[]>> = {
  allocatedInstance: compute,
  runningInstance: compute,
  instanceRoot: disk,
  volume: disk,
  attachedVolume: [...disk, 'instance'],
  snapshot: disk,
  vmSnapshotDisk: [...place, 'memoryBytes', 'sizeBytes'],
  vmSnapshotMemory: [...place, 'memoryBytes', 'sizeBytes'],
  image: disk,
}
/** Of which a record has the bytes, if not of its size. */
const inMemory: ReadonlySet<UsageSeries> = new Set(['allocatedInstance', 'runningInstance', 'vmSnapshotMemory'])

/**
 * Records of a period, in order of account, series, resource and what tells two records of one resource apart.
 * @param segments those that overlap the period; others do no harm
 * @param asOfMs what goes on is counted up to here, and no further than the period
 */
export function usageRecords(segments: Iterable<UsageRow>, period: UsagePeriod, asOfMs: number): UsageRecord[] {
  const sums = new Map<string, Map<UsageSeries, Map<string, Sum[]>>>()
  for (const row of segments) {
    const endMs = Math.min(row.toMs ?? asOfMs, period.toMs)
    const durationMs = endMs - Math.max(row.fromMs, period.fromMs)
    if (!row.counted || durationMs <= 0) continue
    for (const series of seriesOf[row.kind]?.(row) ?? []) {
      const ofAccount = at(sums, row.account, () => new Map<UsageSeries, Map<string, Sum[]>>())
      const ofResource = at(
        at(ofAccount, series, () => new Map<string, Sum[]>()),
        row.resource,
        (): Sum[] => [],
      )
      const known = ofResource.find(sum => isAlike(series, sum.row, row))
      if (known) known.durationMs += durationMs
      else ofResource.push({ row, durationMs })
    }
  }
  const records: UsageRecord[] = []
  for (const [, ofAccount] of inOrder(sums))
    for (const [series, ofSeries] of inOrder(ofAccount))
      for (const [, ofResource] of inOrder(ofSeries))
        for (const { row, durationMs } of ofResource.length > 1 ? ofResource.sort(byNotes(series)) : ofResource)
          records.push(recordOf(row, series, durationMs, period))
  return records
}

/** Segments that are told apart by nothing but their time. */
interface Sum {
  readonly row: UsageRow
  durationMs: number
}

function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

const inOrder = <K, V>(map: Map<K, V>): [K, V][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

/** Columns that are null in a table are absent in a row that was just folded. */
const noteOf = (row: UsageRow, name: Noted) => row[name] ?? null

const isAlike = (series: UsageSeries, a: UsageRow, b: UsageRow): boolean =>
  noted[series].every(each => noteOf(a, each) === noteOf(b, each))

const byNotes = (series: UsageSeries) => (a: Sum, b: Sum) => (inWords(series, a) < inWords(series, b) ? -1 : 1)
const inWords = (series: UsageSeries, { row }: Sum) => JSON.stringify(noted[series].map(each => noteOf(row, each)))

function recordOf(row: UsageRow, series: UsageSeries, durationMs: number, { fromMs, toMs }: UsagePeriod): UsageRecord {
  const { account, region, resource } = row
  const notes: Partial<Record<Noted, string | number>> = {}
  for (const each of noted[series]) {
    const value = noteOf(row, each)
    if (value !== null) notes[each] = value
  }
  const bytes = noteOf(row, inMemory.has(series) ? 'memoryBytes' : 'sizeBytes') as number | null
  const vcpus = notes.vcpus as number | undefined
  const ms = BigInt(durationMs)
  return {
    series,
    account,
    region,
    resource,
    ...(notes as Partial<UsageRecord>),
    fromMs,
    toMs,
    durationMs,
    ...(bytes !== null && { byteMs: BigInt(bytes) * ms }),
    ...(vcpus !== undefined && { vcpuMs: BigInt(vcpus) * ms }),
  }
}

/** What an account used of one sort in a period. */
export interface StatementLine {
  readonly account: string
  readonly series: UsageSeries
  /** Offering of instances, type of volumes, where they have one. */
  readonly sort?: string
  readonly resources: number
  readonly durationMs: bigint
  readonly byteMs?: bigint
  readonly vcpuMs?: bigint
}

/** Records summed by account, series, and offering or type of volume; in that order. */
export function usageStatement(records: Iterable<UsageRecord>): StatementLine[] {
  const lines = new Map<string, Line>()
  for (const { account, series, offering, volumeType, resource, durationMs, byteMs, vcpuMs } of records) {
    const sort = offering ?? volumeType
    const line = at(lines, JSON.stringify([account, series, sort ?? null]), () => ({
      ...{ account, series, sort },
      ...{ resources: new Set<string>(), durationMs: 0n, byteMs: undefined, vcpuMs: undefined },
    }))
    line.resources.add(resource)
    line.durationMs += BigInt(durationMs)
    if (byteMs !== undefined) line.byteMs = (line.byteMs ?? 0n) + byteMs
    if (vcpuMs !== undefined) line.vcpuMs = (line.vcpuMs ?? 0n) + vcpuMs
  }
  return inOrder(lines).map(([, { account, series, sort, resources, durationMs, byteMs, vcpuMs }]) => ({
    ...{ account, series },
    ...(sort !== undefined && { sort }),
    ...{ resources: resources.size, durationMs },
    ...(byteMs !== undefined && { byteMs }),
    ...(vcpuMs !== undefined && { vcpuMs }),
  }))
}

interface Line {
  readonly account: string
  readonly series: UsageSeries
  readonly sort: string | undefined
  readonly resources: Set<string>
  durationMs: bigint
  byteMs: bigint | undefined
  vcpuMs: bigint | undefined
}
/** The calendar month `YYYY-MM` in UTC. Throws RangeError for what is none. */
export function monthOf(text: string): UsagePeriod {
  const [, year, month] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text) ?? []
  if (year === undefined) throw new RangeError(`'${text}' is no month; write YYYY-MM.`)
  return { fromMs: Date.UTC(Number(year), Number(month) - 1), toMs: Date.UTC(Number(year), Number(month)) }
}

const HOUR_MS = 3_600_000n
const GIB = 2n ** 30n
/** Hours of time, of vCPUs, or of GiB, as a decimal number with at most so many digits, the last one rounded half up. */
export const hoursOf = (ms: bigint, digits = 6): string => decimal(ms, HOUR_MS, digits)
export const gibHoursOf = (byteMs: bigint, digits = 6): string => decimal(byteMs, HOUR_MS * GIB, digits)

function decimal(amount: bigint, unit: bigint, digits: number): string {
  const scale = 10n ** BigInt(digits)
  const scaled = (amount * scale * 2n + unit) / (unit * 2n)
  const fraction = (scaled % scale).toString().padStart(digits, '0').replace(/0+$/, '')
  return fraction === '' ? `${scaled / scale}` : `${scaled / scale}.${fraction}`
}
