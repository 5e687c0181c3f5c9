/** Usage of a period: a statement, and the records behind it. Amounts are exact, as decimal text. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import {
  gibHoursOf,
  hoursOf,
  monthOf,
  type UsagePeriod,
  type UsageRecord,
  type UsageRow,
  usageStatement,
} from '../../../projections/index.ts'
import { InvalidRequest, readUsage, type View } from '../../index.ts'
import { systemClock } from '../../system/clock.ts'
import type { AnySession, Inside, Reader } from './engine.ts'
import { readsPast } from './pasts.ts'
import { flag, parameters, text, whole } from './query.ts'

const asked = z.strictObject({
  month: text.optional(),
  from: whole(0).optional(),
  to: whole(0).optional(),
  account: text.optional(),
  records: flag.default(false),
})
export type UsageAsked = z.input<typeof asked>

/** Amounts in hours, of which six digits are said, and exactly. */
interface Amounts {
  readonly hours: string
  readonly vcpuHours?: string
  readonly gibHours?: string
  readonly durationMs: string
  readonly vcpuMs?: string
  readonly byteMs?: string
}
export interface UsageAnswer {
  readonly fromMs: number
  readonly toMs: number
  /** What goes on is counted up to here. */
  readonly asOfMs: number
  readonly statement: readonly (Amounts & {
    readonly account: string
    readonly series: string
    readonly sort?: string
    readonly resources: number
  })[]
  readonly records?: readonly (Amounts & Omit<UsageRecord, 'durationMs' | 'vcpuMs' | 'byteMs'>)[]
}

export function usageRoute(app: FastifyInstance, { readerOf, sessionOf }: Inside): void {
  app.get('/v1/usage', readsPast, request => reportUsage(readerOf(request), sessionOf(request), request.query))
}

/**
 * What the session's account used in a month (`YYYY-MM`, UTC; default: this one) or from one time (ms since 1970) to before another; an
 * operator reads any account's, or that of all. Throws InvalidRequest naming the parameter.
 */
export async function reportUsage(engine: Reader, session: AnySession, query: unknown): Promise<UsageAnswer> {
  const { month, from, to, account, records: isLong } = parameters(asked, query)
  const asOfMs = Math.min(systemClock().now(), engine.timeMs ?? Number.POSITIVE_INFINITY)
  const isOpen = month === undefined && from === undefined && to === undefined
  const period = periodOf(isOpen ? new Date(asOfMs).toISOString().slice(0, 7) : month, from, to)
  const view = engine.views.usage as View<UsageRow> | undefined
  if (!view) throw new InvalidRequest('invalidInput', 'usage', 'This engine was opened without the view of usage.')
  const records = await readUsage(view, { ...period, account: accountOf(session, account), asOfMs })
  return {
    ...period,
    asOfMs,
    statement: usageStatement(records).map(told),
    ...(isLong && { records: records.map(told) }),
  }
}

/** Of its own account; another's is as if nothing had been used. */
function accountOf({ principal }: AnySession, account: string | undefined): string | readonly string[] | undefined {
  const { authority = 'owner', account: own } = principal
  if (authority === 'operator' || authority === 'engine') return account
  return account === undefined || account === own ? own : []
}

function periodOf(month: string | undefined, fromMs: number | undefined, toMs: number | undefined): UsagePeriod {
  const wrong = (field: string, message: string) => new InvalidRequest('invalidInput', field, `${field}: ${message}`)
  if (month !== undefined) {
    if (fromMs !== undefined || toMs !== undefined) throw wrong('month', 'is given alone, without from and to.')
    try {
      return monthOf(month)
    } catch {
      throw wrong('month', 'is YYYY-MM.')
    }
  }
  if (fromMs === undefined || toMs === undefined)
    throw wrong(fromMs === undefined ? 'from' : 'to', 'give a month, or both from and to in ms since 1970.')
  if (toMs < fromMs) throw wrong('to', 'is before from.')
  return { fromMs, toMs }
}

interface Exact {
  readonly durationMs: number | bigint
  readonly vcpuMs?: bigint
  readonly byteMs?: bigint
}
const told = <L extends Exact>({ durationMs, vcpuMs, byteMs, ...line }: L) => ({
  ...line,
  hours: hoursOf(BigInt(durationMs)),
  durationMs: String(durationMs),
  ...(vcpuMs !== undefined && { vcpuHours: hoursOf(vcpuMs), vcpuMs: String(vcpuMs) }),
  ...(byteMs !== undefined && { gibHours: gibHoursOf(byteMs), byteMs: String(byteMs) }),
})
