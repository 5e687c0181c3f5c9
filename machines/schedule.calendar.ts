/**
 * When a schedule is due, from data alone. What a time zone does to its clocks is read once, when a command is completed,
 * and recorded as a table of offsets; every due time follows from that table, so a replay on another machine, with newer
 * rules for time zones, decides nothing anew. (docs/decisions/0044.)
 */
import { z } from 'zod'

const minute = z.int().min(0).max(59)
const hour = z.int().min(0).max(23)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A month has fewer days than 31: then it is the last. Days of the week begin with Monday, 1. */
export const whens = z.discriminatedUnion('every', [
  z.strictObject({
    every: z.literal('interval'),
    intervalMs: z
      .int()
      .min(MINUTE_MS)
      .max(400 * DAY_MS),
  }),
  z.strictObject({ every: z.literal('hour'), minute }),
  z.strictObject({ every: z.literal('day'), hour, minute }),
  z.strictObject({ every: z.literal('week'), weekday: z.int().min(1).max(7), hour, minute }),
  z.strictObject({ every: z.literal('month'), day: z.int().min(1).max(31), hour, minute }),
])
export type When = z.infer<typeof whens>

/** How far clocks are ahead of UTC from a moment on; the first is from before anything here. */
export const offsets = z.array(z.strictObject({ fromMs: z.int(), offsetMs: z.int() })).min(1)
export type Offsets = z.infer<typeof offsets>

/** How far ahead the table reaches; after it, clocks stay as they are then, until the schedule is modified. */
const TABLE_MS = 10 * 366 * DAY_MS
/** No zone has gone back and forth within less. */
const STEP_MS = 7 * DAY_MS

/** The offsets of a zone of the IANA data base for ten years from a moment on; undefined if there is no such zone. */
export function offsetsOf(timeZone: string, fromMs: number): Offsets | undefined {
  const read = reader(timeZone)
  if (!read) return undefined
  let held = read(fromMs)
  const table = [{ fromMs: 0, offsetMs: held }]
  for (let at = fromMs; at < fromMs + TABLE_MS; at += STEP_MS) {
    const offsetMs = read(at + STEP_MS)
    if (offsetMs === held) continue
    let [still, changed] = [at, at + STEP_MS]
    while (changed - still > 1) {
      const middle = Math.floor((still + changed) / 2)
      if (read(middle) === held) still = middle
      else changed = middle
    }
    table.push({ fromMs: changed, offsetMs })
    held = offsetMs
  }
  return table
}

/** Such as `GMT+05:30`, or `GMT` alone. */
const shownOffset = /GMT(?:([+-])(\d\d):(\d\d))?/

function reader(timeZone: string): ((at: number) => number) | undefined {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset', year: 'numeric' })
  } catch {
    return undefined
  }
  return at => {
    const [, sign, hours = 0, minutes = 0] = shownOffset.exec(format.format(at)) ?? []
    return (sign === '-' ? -1 : 1) * (Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS)
  }
}

const entryAt = (table: Offsets, at: number) => table.findLast(({ fromMs }) => fromMs <= at) ?? table[0]!
const offsetAt = (table: Offsets, at: number) => entryAt(table, at).offsetMs

/**
 * The first moment a clock shows this time (ms, as if it were UTC). One that clocks skip in spring is the moment they do;
 * one they show twice in autumn is the first of the two.
 */
function momentOf(table: Offsets, shown: number): number {
  const seen = table.flatMap(({ fromMs, offsetMs }, at) => {
    const moment = shown - offsetMs
    return moment >= fromMs && moment < (table[at + 1]?.fromMs ?? Number.POSITIVE_INFINITY) ? [moment] : []
  })
  if (seen.length) return Math.min(...seen)
  const skipped = table.find(({ fromMs, offsetMs }, at) => at > 0 && shown - offsetMs < fromMs)
  return skipped?.fromMs ?? shown - table.at(-1)!.offsetMs
}

/** Every hour that passes has its minute, also where clocks are put forward or back. */
function nextInHour(table: Offsets, minute: number, afterMs: number): number {
  const from = (at: number) => {
    const offset = offsetAt(table, at)
    const past = (((at + offset - minute * MINUTE_MS) % HOUR_MS) + HOUR_MS) % HOUR_MS
    return past === 0 ? at : at + HOUR_MS - past
  }
  const due = from(afterMs + 1)
  const change = table.find(({ fromMs }) => fromMs > afterMs && fromMs <= due)
  return change ? from(change.fromMs) : due
}

/** Months since January 1970, and the days of one of them. */
function monthOf(shown: number): number {
  const guess = Math.floor(shown / (30.44 * DAY_MS))
  return Date.UTC(1970, guess + 1) <= shown ? guess + 1 : Date.UTC(1970, guess) > shown ? guess - 1 : guess
}
const daysOf = (month: number) => (Date.UTC(1970, month + 1) - Date.UTC(1970, month)) / DAY_MS
/** 1970 began with a Thursday. */
const weekdayOf = (day: number) => ((Math.floor(day / DAY_MS) + 3) % 7) + 1

/** What clocks show when it is due, one after the other, from a little before a moment. */
function* shownTimes(when: Exclude<When, { every: 'interval' | 'hour' }>, around: number): Generator<number> {
  const time = when.hour * HOUR_MS + when.minute * MINUTE_MS
  if (when.every === 'month')
    for (let month = monthOf(around) - 1; ; month += 1)
      yield Date.UTC(1970, month, Math.min(when.day, daysOf(month))) + time
  const today = Math.floor(around / DAY_MS) * DAY_MS
  const [begin, step] = when.every === 'week' ? [when.weekday - weekdayOf(today) - 7, 7] : [-1, 1]
  for (let day = begin; ; day += step) yield today + day * DAY_MS + time
}

/** What a schedule is due by. `anchorMs`: what intervals are counted from. */
export interface Plan {
  readonly when: When
  readonly offsets: Offsets
  readonly anchorMs: number
}

/** The next time it is due, later than a moment; ms since 1970. */
export function dueAfter({ when, offsets: table, anchorMs }: Plan, afterMs: number): number {
  if (when.every === 'interval') {
    const passed = Math.max(0, Math.floor((afterMs - anchorMs) / when.intervalMs))
    return anchorMs + (passed + 1) * when.intervalMs
  }
  if (when.every === 'hour') return nextInHour(table, when.minute, afterMs)
  for (const shown of shownTimes(when, afterMs + offsetAt(table, afterMs))) {
    const due = momentOf(table, shown)
    if (due > afterMs) return due
  }
  throw new Error('there is always another day')
}
