/** What machines ask the server about itself: whether it lives, whether it takes requests, and its numbers. */
import type { FastifyInstance } from 'fastify'
import type { Principal } from '../../index.ts'
import type { Inside } from './engine.ts'
import { measuresOf } from './metrics.ts'

/** @param callerOf the principal of a request that sent a good token; undefined for all others */
export function healthRoutes(
  app: FastifyInstance,
  { engine, closing }: Pick<Inside, 'engine' | 'closing'>,
  callerOf: (authorization: string | undefined) => Principal | undefined,
): void {
  // Anybody may know how many resources are set aside; which ones they are is the operator's business.
  app.get('/-/health', async request => {
    const { position, contained, stalledViews } = engine.health()
    const isWell = contained.length === 0 && stalledViews.length === 0
    const counts = { status: isWell ? 'ok' : 'degraded', position }
    if (callerOf(request.headers.authorization)?.authority === 'operator') return { ...counts, contained, stalledViews }
    return { ...counts, contained: contained.length, stalledViews: stalledViews.length }
  })

  app.get('/-/ready', async (_, reply) => {
    if (closing.aborted) reply.code(503)
    return { ready: !closing.aborted }
  })

  const measures = measuresOf(engine)
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const { method } = request
    measures.requests.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1_000)
  })
  app.get('/-/metrics', async (_, reply) => {
    reply.type(measures.registry.contentType)
    return measures.registry.metrics()
  })
}
