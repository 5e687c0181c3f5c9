/** The native door: the engine over HTTP. Words in, commands out; every rule stays in the engine. */
import Fastify, { type FastifyInstance } from 'fastify'
import { type Principal, projections } from '../../index.ts'
import { authentication } from './authentication.ts'
import { acceptJson } from './body.ts'
import { capacityRoute } from './capacity.ts'
import { commandRoutes } from './commands.ts'
import { closePromptly } from './connections.ts'
import type { AnyEngine, AnyPast, AnySession, Inside } from './engine.ts'
import { type Answer, answerOf } from './errors.ts'
import { eventRoutes, type StreamLimits } from './events.ts'
import { healthRoutes } from './health.ts'
import { limitsRoute } from './limits.ts'
import { openapi } from './openapi.ts'
import { pastAsked } from './pasts.ts'
import { providerRoutes } from './providers.ts'
import { readRoutes } from './reads.ts'
import { rebuildRoute } from './rebuild.ts'
import { surveyRoutes } from './surveys.ts'
import type { AccessToken } from './tokens.ts'
import { usageRoute } from './usage.ts'

export { principalOf, Unauthenticated } from './authentication.ts'
export { type CapacityAnswer, reportCapacity } from './capacity.ts'
export { closePromptly } from './connections.ts'
export { answerOf, type ErrorBody } from './errors.ts'
export { listResources } from './filters.ts'
export { type LimitsAnswer, readLimits } from './limits.ts'
export { idMeant, isNamed, pathOf } from './paths.ts'
export { providerSeen } from './providers.ts'
export { type AccessToken, parseTokens, readTokens, TokensInvalid } from './tokens.ts'
export { reportUsage, type UsageAnswer } from './usage.ts'
export { remembering, WARNING_HEADER, warningsIn } from './warnings.ts'

export interface NativeDoorOptions extends StreamLimits {
  readonly engine: AnyEngine
  /** Who may come in, and as whom. */
  readonly tokens: readonly AccessToken[]
  /** Largest body in bytes (default 1 MiB); more is answered with 413. */
  readonly bodyLimit?: number
  /** Columns of the engine's inventory; default: those of the inventory that comes with stemma. */
  readonly columns?: Inside['columns']
  /** Hears of what was answered with 500. Without it nobody does. */
  readonly onFault?: (error: unknown, where: string) => void
}

/**
 * A server that is not listening yet: `await door.listen({ host: '127.0.0.1', port: 7420 })`. Closing it ends streams and
 * waits, lets requests under way finish, and leaves the engine open. Throws TokensInvalid.
 */
export function createNativeDoor(options: NativeDoorOptions): FastifyInstance {
  const { engine, tokens, bodyLimit = 1_048_576, columns = projections.inventory.columns, onFault } = options
  const authenticate = authentication(tokens)
  const sessions = new Map<Principal, AnySession>()
  const closing = new AbortController()
  const app = Fastify({
    bodyLimit,
    // While it closes, what still arrives is answered as ever: the engine is open until the door is shut.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 1_024 },
    frameworkErrors: (error, _, reply) => void send(reply, answerOf(error)),
  })
  acceptJson(app)
  closePromptly(app, closing.signal)
  // A line of its own reads better in a terminal.
  app.setReplySerializer(payload => `${JSON.stringify(payload)}\n`)
  app.setErrorHandler((error, request, reply) => {
    const answer = answerOf(error)
    if (answer.isFault) onFault?.(error, `${request.method} ${request.routeOptions.url}`)
    return send(reply, answer)
  })
  app.setNotFoundHandler((request, reply) => {
    const message = `There is no ${request.method} of this path; GET /openapi.json lists what there is.`
    return reply.code(404).send({ error: { code: 'unknownRoute', message } })
  })
  app.addHook('preClose', async () => closing.abort())

  const inside: Inside = {
    engine,
    closing: closing.signal,
    columns,
    readerOf: request => request.getDecorator<AnyPast | undefined>('past') ?? engine,
    sessionOf(request) {
      const principal = request.getDecorator<Principal>('principal')
      const past = request.getDecorator<AnyPast | undefined>('past')
      if (past) return past.as(principal) as unknown as AnySession
      const session = sessions.get(principal) ?? engine.as(principal)
      sessions.set(principal, session)
      return session
    },
  }
  const document = openapi(Object.values(engine.kinds), columns)
  app.get('/openapi.json', async () => document)
  healthRoutes(app, inside, header => attempt(() => authenticate(header)))
  app.decorateRequest('principal', null as never)
  app.decorateRequest('past', undefined)
  app.register(async guarded => {
    // Before the body is read: a stranger's megabytes are not worth parsing.
    guarded.addHook('onRequest', async request => {
      request.setDecorator('principal', authenticate(request.headers.authorization))
      request.setDecorator('past', await pastAsked(engine, request))
    })
    commandRoutes(guarded, inside)
    providerRoutes(guarded, inside)
    surveyRoutes(guarded, inside)
    rebuildRoute(guarded, inside)
    usageRoute(guarded, inside)
    limitsRoute(guarded, inside)
    capacityRoute(guarded, inside)
    readRoutes(guarded, inside)
    eventRoutes(guarded, inside, options)
  })
  return app
}

type Reply = Parameters<Parameters<FastifyInstance['setErrorHandler']>[0]>[2]
const send = (reply: Reply, { status, headers, body }: Answer) => reply.code(status).headers(headers).send(body)

function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
