/** What a trace asks of the engine, kept in typed arrays: 400 thousand machines are 5 MB, not 100. */

/** Width of an arrival bin. The last one ends where the recording does. */
export const BIN_SECONDS = 300
/** Lifetime of a machine that was still running when the recording ended. */
export const CENSORED = 0xffff_ffff

export interface Flavour {
  /** Its letter in the files. */
  readonly letter: string
  readonly vcpus: number
  readonly memoryBytes: number
}

/** Machines are numbered in order of the file, and so are batches; times are seconds since the trace began. */
export interface TracePlan {
  /** Says which recording this is, whatever part of it is planned. */
  readonly title: string
  readonly startSecond: number
  /** End of the last bin: what runs then stays. */
  readonly horizonSecond: number
  readonly flavours: readonly Flavour[]
  /** By machine: when its bin begins, index of its flavour, seconds it runs or CENSORED. */
  readonly arrivalSeconds: Uint32Array
  readonly flavourIndexes: Uint8Array
  readonly lifetimeSeconds: Uint32Array
  /** By batch: its first machine; one entry more than there are batches. */
  readonly batchStarts: Uint32Array
}

export const machineCount = ({ arrivalSeconds }: TracePlan): number => arrivalSeconds.length
export const batchCount = ({ batchStarts }: TracePlan): number => batchStarts.length - 1

/** When the machine ends; undefined if it still runs at the horizon. */
export function endSecond(plan: TracePlan, machine: number): number | undefined {
  const lifetime = plan.lifetimeSeconds[machine]!
  const end = plan.arrivalSeconds[machine]! + lifetime
  return lifetime === CENSORED || end > plan.horizonSecond ? undefined : end
}

/** All that happens at one second, in the order in which it is done. */
export interface Instant {
  readonly second: number
  /** Machines launched earlier that end now: ends come before starts. */
  readonly ends: Uint32Array
  /** Batches launched now: from, and up to but not including. */
  readonly batches: readonly [from: number, to: number]
  /** Machines launched now whose lifetime is below a second's resolution: they end right after they have begun. */
  readonly passing: Uint32Array
}

/** The plan in order of time. */
export function* instants(plan: TracePlan): Generator<Instant> {
  const { arrivalSeconds, batchStarts } = plan
  const all = Uint32Array.from(arrivalSeconds.keys()).filter(machine => endSecond(plan, machine) !== undefined)
  const isPassing = (machine: number) => plan.lifetimeSeconds[machine] === 0
  const ending = all.sort(
    (a, b) => endSecond(plan, a)! - endSecond(plan, b)! || Number(isPassing(a)) - Number(isPassing(b)) || a - b,
  )
  let ended = 0
  let batch = 0
  while (ended < ending.length || batch < batchCount(plan)) {
    const nextEnd = ended < ending.length ? endSecond(plan, ending[ended]!)! : Number.POSITIVE_INFINITY
    const nextStart = arrivalSeconds[batchStarts[batch]!] ?? Number.POSITIVE_INFINITY
    const second = Math.min(nextEnd, nextStart)
    const first = ended
    const firstBatch = batch
    const isNow = () => ended < ending.length && endSecond(plan, ending[ended]!) === second
    while (isNow() && !isPassing(ending[ended]!)) ended += 1
    const ends = ending.subarray(first, ended)
    while (isNow()) ended += 1
    while (arrivalSeconds[batchStarts[batch]!] === second) batch += 1
    yield { second, ends, batches: [firstBatch, batch], passing: ending.subarray(first + ends.length, ended) }
  }
}
