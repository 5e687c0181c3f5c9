/** Reading: one resource, lists of a kind, histories, what could be done now, and what was refused lately. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { readSteps, readStory, readWhy } from '../../index.ts'
import type { Inside } from './engine.ts'
import { filterable, listResources } from './filters.ts'
import { readsPast } from './pasts.ts'
import { readId } from './paths.ts'
import { parameters, text, whole } from './query.ts'

const LIMIT_MAX = 1_000
const limit = whole(1, LIMIT_MAX).default(100)
const none = z.strictObject({})
const page = z.strictObject({ from: whole(1).default(1), limit })
const lately = z.strictObject({
  resource: text.optional(),
  account: text.optional(),
  since: whole(0).optional(),
  limit,
})

type OfResource = { Params: { kind: string; id: string } }

export function readRoutes(app: FastifyInstance, inside: Inside): void {
  const { engine, sessionOf, readerOf, columns } = inside
  const listing = z.strictObject({
    sort: text.optional(),
    limit,
    cursor: text.optional(),
    ...Object.fromEntries(filterable(columns).map(each => [each, z.union([text, z.array(text).max(100)]).optional()])),
  })

  app.get('/v1/refusals', readsPast, async request => {
    return { items: await sessionOf(request).refusals(parameters(lately, request.query)) }
  })

  app.get<{ Params: { kind: string } }>('/v1/:kind', readsPast, async request => {
    const { kind } = engine.catalogue.kind(request.params.kind)
    const { sort, limit, cursor, ...where } = parameters(listing, request.query)
    const asked = { where: where as Record<string, string>, sort, limit, cursor }
    const { items, next } = await listResources(sessionOf(request), kind.name, asked, columns)
    return { items, next: next ?? null }
  })

  app.get<OfResource>('/v1/:kind/:id', readsPast, async (request, reply) => {
    parameters(none, request.query)
    const row = await sessionOf(request).get(readId(engine, request.params.kind, request.params.id))
    if (typeof row.version === 'number') reply.header('etag', `"${row.version}"`)
    return row
  })

  app.get<OfResource>('/v1/:kind/:id/history', readsPast, async request => {
    const { from, limit } = parameters(page, request.query)
    const session = sessionOf(request)
    const items = []
    for await (const event of session.history(readId(engine, request.params.kind, request.params.id), from)) {
      if (items.length === limit) return { items, next: event.version }
      items.push(event)
    }
    return { items, next: null }
  })

  app.get<OfResource>('/v1/:kind/:id/story', readsPast, async request => {
    const { from: fromVersion, limit } = parameters(page, request.query)
    const id = readId(engine, request.params.kind, request.params.id)
    const { entries, next } = await readStory(engine, sessionOf(request), id, { fromVersion, limit })
    return { items: entries, next: next ?? null }
  })

  app.get<OfResource>('/v1/:kind/:id/steps', readsPast, async request => {
    parameters(none, request.query)
    return {
      items: await readSteps(engine, sessionOf(request), readId(engine, request.params.kind, request.params.id)),
    }
  })

  app.get<OfResource>('/v1/:kind/:id/why', readsPast, async request => {
    parameters(none, request.query)
    const id = readId(engine, request.params.kind, request.params.id)
    return readWhy(engine, sessionOf(request), id, { isPast: readerOf(request) !== engine })
  })

  app.get<OfResource>('/v1/:kind/:id/actions', async request => {
    parameters(none, request.query)
    const id = readId(engine, request.params.kind, request.params.id)
    return { items: await sessionOf(request).actions(id) }
  })
}
