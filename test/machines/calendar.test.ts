/** When schedules are due, and what they keep, as rules. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Made } from '../../machines/schedule.alphabet.ts'
import { dueAfter, offsetsOf, type When } from '../../machines/schedule.calendar.ts'
import { expiryOf, retained } from '../../machines/schedule.retention.ts'

const HOUR_MS = 3_600_000
const BEGIN = Date.UTC(2026, 0, 1)
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Africa/Casablanca']
const tables = new Map(zones.map(zone => [zone, offsetsOf(zone, BEGIN)!]))
const planOf = (zone: string, when: When) => ({ when, offsets: tables.get(zone)!, anchorMs: BEGIN })
const iso = (...times: number[]) => times.map(time => new Date(time).toISOString().slice(0, 16))
/** The next so many times it is due. */
function due(zone: string, when: When, after: string, count: number): string[] {
  const times: number[] = []
  for (let at = Date.parse(after); times.length < count; times.push(at)) at = dueAfter(planOf(zone, when), at)
  return iso(...times)
}

const minute = fc.nat(59)
const hour = fc.nat(23)
const whens: fc.Arbitrary<When> = fc.oneof(
  fc.record({ every: fc.constant('interval' as const), intervalMs: fc.integer({ min: 60_000, max: 1e9 }) }),
  fc.record({ every: fc.constant('hour' as const), minute }),
  fc.record({ every: fc.constant('day' as const), hour, minute }),
  fc.record({ every: fc.constant('week' as const), weekday: fc.integer({ min: 1, max: 7 }), hour, minute }),
  fc.record({ every: fc.constant('month' as const), day: fc.integer({ min: 1, max: 31 }), hour, minute }),
)
const moments = fc.integer({ min: BEGIN, max: Date.UTC(2035, 0) })

describe('a schedule', () => {
  it('is always due later than now, and never skips a time that is nearer', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), whens, moments, fc.nat(40 * 24 * HOUR_MS), (zone, when, after, ahead) => {
        const plan = planOf(zone, when)
        const next = dueAfter(plan, after)
        expect(next).toBeGreaterThan(after)
        // From anywhere before it, it is the same; from itself on, it is another.
        expect(dueAfter(plan, Math.max(after, next - 1 - (ahead % (next - after))))).toBe(next)
        expect(dueAfter(plan, next)).toBeGreaterThan(next)
      }),
      { numRuns: 3000 },
    )
  })

  it('is due when clocks of its zone show the time, on days on which they do', () => {
    const shown = (zone: string, at: number) =>
      new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(at)
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 4, max: 23 }),
        minute,
        moments,
        (zone, hour, minute, at) => {
          const next = dueAfter(planOf(zone, { every: 'day', hour, minute }), at)
          expect(shown(zone, next)).toBe(`${`${hour}`.padStart(2, '0')}:${`${minute}`.padStart(2, '0')}`)
          expect(next - at).toBeLessThanOrEqual(25 * HOUR_MS)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('runs once a day also when the clocks skip its time, and at the first of two', () => {
    const when: When = { every: 'day', hour: 2, minute: 30 }
    expect(due('Europe/Berlin', when, '2027-03-26T12:00Z', 3)).toEqual([
      '2027-03-27T01:30',
      '2027-03-28T01:00', // From 02:00 to 03:00 no clock shows anything.
      '2027-03-29T00:30',
    ])
    expect(due('Europe/Berlin', when, '2026-10-24T12:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30'])
    expect(due('America/New_York', when, '2026-10-31T12:00Z', 2)).toEqual(['2026-11-01T07:30', '2026-11-02T07:30'])
  })

  it('runs in every hour that passes, however clocks are put', () => {
    const when: When = { every: 'hour', minute: 15 }
    for (const zone of ['Europe/Berlin', 'Asia/Kolkata', 'America/New_York'])
      fc.assert(
        fc.property(moments, at => {
          expect(dueAfter(planOf(zone, when), at) - at).toBeLessThanOrEqual(HOUR_MS)
        }),
        { numRuns: 300 },
      )
    // Half an hour is all that clocks are put back here.
    expect(due('Australia/Lord_Howe', when, '2026-04-04T13:00Z', 3)).toEqual([
      '2026-04-04T13:15',
      '2026-04-04T14:15',
      '2026-04-04T15:45',
    ])
  })

  it('knows the last day of a month, and the days of a week', () => {
    expect(due('UTC', { every: 'month', day: 31, hour: 0, minute: 0 }, '2027-12-15T00:00Z', 4)).toEqual([
      '2027-12-31T00:00',
      '2028-01-31T00:00',
      '2028-02-29T00:00',
      '2028-03-31T00:00',
    ])
    expect(due('UTC', { every: 'week', weekday: 1, hour: 6, minute: 5 }, '2026-11-21T00:00Z', 2)).toEqual([
      '2026-11-23T06:05',
      '2026-11-30T06:05',
    ])
  })

  it('counts intervals from where it began, whenever it comes to run', () => {
    const plan = planOf('UTC', { every: 'interval', intervalMs: 10 * 60_000 })
    expect(iso(dueAfter(plan, BEGIN + 25 * 60_000 + 7))).toEqual(['2026-01-01T00:30'])
  })

  it('of a zone that nobody knows is never due', () => {
    expect(offsetsOf('Europe/Atlantis', BEGIN)).toBeUndefined()
  })
})

const made = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 1000 }), expired: fc.boolean() }), { maxLength: 30 })
  .map(gaps => {
    let at = 0
    return gaps.map(({ gap, expired }, index) => {
      at += gap
      return expired ? { id: `snap-${index}`, at, expired } : { id: `snap-${index}`, at }
    })
  })
const alive = (list: readonly Made[]) => list.filter(each => !each.expired)

describe('retention', () => {
  it('by count keeps exactly the newest so many, and asks for what went before to go', () => {
    fc.assert(
      fc.property(made, fc.integer({ min: 1, max: 20 }), (list, count) => {
        const kept = retained(list, { count }, 1e9)
        expect(alive(kept)).toEqual(alive(list).slice(-count))
        expect(kept.map(({ id }) => id)).toEqual(list.map(({ id }) => id))
      }),
    )
  })

  it('by age keeps what is young enough, and the newest however old it is; then it says when to look again', () => {
    fc.assert(
      fc.property(made, fc.integer({ min: 1, max: 5000 }), fc.nat(30_000), (list, ageMs, at) => {
        const kept = alive(retained(list, { ageMs }, at))
        const newest = alive(list).at(-1)
        expect(kept).toEqual(alive(list).filter(each => each.at + ageMs > at || each === newest))
        const next = expiryOf(kept, { ageMs })
        if (kept.length < 2) expect(next).toBeUndefined()
        else expect(alive(retained(kept, { ageMs }, next!)).length).toBeLessThan(kept.length)
      }),
    )
  })

  it('by both keeps what both keep', () => {
    fc.assert(
      fc.property(
        made,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(30_000),
        (list, count, ageMs, at) => {
          const [byCount, byAge] = [retained(list, { count }, at), retained(list, { ageMs }, at)].map(alive)
          const both = byCount!.filter(each => byAge!.some(({ id }) => id === each.id))
          expect(alive(retained(list, { count, ageMs }, at))).toEqual(both)
        },
      ),
    )
  })
})
