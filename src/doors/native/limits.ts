/** What accounts and domains have, and the most they may have. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { InvalidRequest, type LimitRow, type View } from '../../index.ts'
import type { AnySession, Inside, Reader } from './engine.ts'
import { readsPast } from './pasts.ts'
import { parameters, text, whole } from './query.ts'

const asked = z.strictObject({ holder: text.optional(), limit: whole(1, 1_000).default(100), cursor: text.optional() })

export interface LimitsAnswer {
  readonly items: readonly Pick<LimitRow, 'key' | 'above' | 'used' | 'limits'>[]
  /** `cursor` of the next page. */
  readonly next: string | null
}

export function limitsRoute(app: FastifyInstance, { readerOf, sessionOf }: Inside): void {
  app.get('/v1/limits', readsPast, request => readLimits(readerOf(request), sessionOf(request), request.query))
}

/**
 * Of the session's own account; of every account and domain, or of the one asked for (`account/acme`, `domain/lab`), for an
 * operator. One that has nothing and is limited in nothing is not there. Throws InvalidRequest naming the parameter.
 */
export async function readLimits(engine: Reader, session: AnySession, query: unknown): Promise<LimitsAnswer> {
  const { holder, limit, cursor } = parameters(asked, query)
  const view = engine.views.limits as View<LimitRow> | undefined
  if (!view) throw new InvalidRequest('invalidInput', 'limits', 'This engine was opened without the view of limits.')
  const { authority = 'owner', account } = session.principal
  const isOperator = authority === 'operator' || authority === 'engine'
  const own = `account/${account}`
  if (!isOperator && holder !== undefined && holder !== own) return { items: [], next: null }
  const key = isOperator ? holder : own
  const where = { holder: ['account', 'domain'], ...(key !== undefined && { key }) }
  const { items, next } = await view.list({ where, limit, cursor })
  const told = items.map(({ key, above, used, limits }) => ({ key, above, used, limits }))
  return { items: told, next: next ?? null }
}
