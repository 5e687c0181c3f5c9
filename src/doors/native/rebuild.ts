/** Views filled anew from the log, while everybody goes on reading them: the operator's. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { fieldsOf } from './body.ts'
import type { Inside } from './engine.ts'
import { parameters, text } from './query.ts'

const asked = z.strictObject({ views: z.array(text).max(100).optional() })
const none = z.strictObject({})

export function rebuildRoute(app: FastifyInstance, { sessionOf }: Inside): void {
  app.post('/v1/rebuild', async request => {
    parameters(none, request.query)
    const { views = [] } = parameters(asked, fieldsOf(request.body))
    return { events: await sessionOf(request).rebuild(...views) }
  })
}
