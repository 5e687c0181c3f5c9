/** Capacity: what takes storage, by volume, instance, pool, account, domain or zone, and the events behind it. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import {
  type CapacityAsked,
  type CapacityItem,
  type CapacityPart,
  type CapacityRow,
  capacityScopes,
  explainCapacity,
  InvalidRequest,
  readCapacity,
  type View,
} from '../../index.ts'
import type { AnySession, Inside, Reader } from './engine.ts'
import { readsPast } from './pasts.ts'
import { flag, parameters, text, whole } from './query.ts'

const asked = z.strictObject({
  by: z.enum(capacityScopes, `is one of ${capacityScopes.join(', ')}`).optional(),
  of: text.optional(),
  limit: whole(1, 1_000).default(100),
  cursor: text.optional(),
  explain: flag.default(false),
})

export interface CapacityAnswer {
  readonly items: readonly CapacityItem[]
  /** `cursor` of the next page. */
  readonly next: string | null
  /** The events behind what was asked for; `isWhole` if these are all. */
  readonly explanation?: { readonly parts: readonly CapacityPart[]; readonly isWhole: boolean }
}

export function capacityRoute(app: FastifyInstance, { readerOf, sessionOf }: Inside): void {
  app.get('/v1/capacity', readsPast, request => reportCapacity(readerOf(request), sessionOf(request), request.query))
}

/**
 * Of the session's account, its volumes and its instances; an operator reads all of it, by default the total. What an
 * account may not read is as if it were not there. Throws InvalidRequest naming the parameter.
 */
export async function reportCapacity(
  engine: Reader,
  { principal }: AnySession,
  query: unknown,
): Promise<CapacityAnswer> {
  const { by: given, limit, cursor, explain, ...rest } = parameters(asked, query)
  const view = engine.views.capacity as View<CapacityRow> | undefined
  if (!view) throw wrong('capacity', 'This engine was opened without the view of capacity.')
  const { authority = 'owner', account } = principal
  const isOperator = authority === 'operator' || authority === 'engine'
  const by = given ?? (isOperator ? 'total' : 'account')
  const of = by === 'account' && !isOperator ? (rest.of ?? account) : rest.of
  const question: CapacityAsked = { by, of, limit, cursor, ...(!isOperator && { account }) }
  if (explain && of === undefined && by !== 'total') throw wrong('of', `of: say which ${by} is to be explained.`)
  if (!isOperator && !isOwn(question, account)) return { items: [], next: null }
  const { items, next } = await readCapacity(view, question)
  return { items, next: next ?? null, ...(explain && { explanation: await explained(view, question, limit) }) }
}
const wrong = (field: string, message: string) => new InvalidRequest('invalidInput', field, message)

/** Of others, and of what several share, an account reads nothing. */
const isOwn = ({ by, of }: CapacityAsked, account: string): boolean =>
  by === 'volume' || by === 'instance' || (by === 'account' && (of === account || of === `account/${account}`))

async function explained(view: View<CapacityRow>, question: CapacityAsked, limit: number) {
  const parts: CapacityPart[] = []
  for await (const part of explainCapacity(view, question)) {
    if (parts.length === limit) return { parts, isWhole: false }
    parts.push(part)
  }
  return { parts, isWhole: true }
}
