/** What providers have, against what is known: the operator looks, and cleans orphans away one by one. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { fieldsOf } from './body.ts'
import type { Inside } from './engine.ts'
import { parameters, text } from './query.ts'

const asked = z.strictObject({ provider: text.optional() })
const thing = z.strictObject({ provider: text, kind: text, id: text })
const none = z.strictObject({})

export function surveyRoutes(app: FastifyInstance, { sessionOf }: Inside): void {
  app.get('/v1/survey', async request => {
    parameters(none, request.query)
    return sessionOf(request).lastSurvey()
  })
  app.post('/v1/survey', async request => {
    parameters(none, request.query)
    return sessionOf(request).survey(parameters(asked, fieldsOf(request.body)))
  })
  app.post('/v1/survey/clean', async request => {
    parameters(none, request.query)
    return sessionOf(request).clean(parameters(thing, fieldsOf(request.body)))
  })
}
