/** Bodies are JSON whatever their content type says, so that plain `curl -d` works. The token is never ambient. */
import type { FastifyInstance } from 'fastify'
import { InvalidRequest } from '../../index.ts'

/** Makes the server read every body as JSON; no body is `undefined`. Names that reach into prototypes are refused. */
export function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, text: string, done) => {
    if (text.trim() === '') return done(null, undefined)
    parse(request, text, (error, body) => (error ? done(refusalOf(text)) : done(null, body)))
  })
}

function refusalOf(text: string): InvalidRequest {
  let field = 'body'
  try {
    JSON.parse(text, (key, value) => {
      if (key === '__proto__' || (key === 'constructor' && Object.hasOwn(Object(value), 'prototype'))) field = key
      return value
    })
    return new InvalidRequest('invalidInput', field, `The body may not have a field '${field}'.`)
  } catch {
    return new InvalidRequest('invalidInput', 'body', 'The body is not JSON.')
  }
}

/** The fields of a body that is an object, or of none. Throws InvalidRequest for anything else. */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (body === undefined) return {}
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  throw new InvalidRequest('invalidInput', 'body', 'The body is a JSON object.')
}
