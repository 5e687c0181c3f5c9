/** What providers can do, as seen from the region of whoever asks. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ProviderView } from '../../index.ts'
import type { AnyEngine, AnySession, Inside } from './engine.ts'
import { readId } from './paths.ts'
import { parameters, text } from './query.ts'

const none = z.strictObject({})
const one = z.strictObject({ image: text.optional() })

/**
 * A provider by name; with an image, what is left of it for instances of that. Throws Refused notFound, also for an image
 * that this caller may not know of, and Unavailable.
 */
export async function providerSeen(
  engine: AnyEngine,
  session: AnySession,
  name: string,
  image?: string,
): Promise<ProviderView> {
  const { region } = session.principal
  if (image === undefined) return engine.providers.get(name, region)
  const { id } = await session.get(readId(engine, 'image', image))
  return engine.providers.withImage(name, id, region)
}

export function providerRoutes(app: FastifyInstance, { engine, sessionOf }: Inside): void {
  app.get('/v1/providers', async request => {
    parameters(none, request.query)
    return { items: engine.providers.list(sessionOf(request).principal.region) }
  })

  app.get<{ Params: { name: string } }>('/v1/providers/:name', request => {
    const { image } = parameters(one, request.query)
    return providerSeen(engine, sessionOf(request), request.params.name, image)
  })
}
