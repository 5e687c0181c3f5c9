/**
 * `GET /v1/events`: events as they are committed, as server-sent events. The id of each is its position: a client that
 * comes back with `Last-Event-ID` (or `?after=`) misses nothing and is told nothing twice.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Envelope } from '../../../machines/grammar.ts'
import { checkReadable, InvalidRequest, type Principal, Unavailable } from '../../index.ts'
import type { Inside } from './engine.ts'
import { idMeant } from './paths.ts'
import { parameters, text, whole } from './query.ts'

export interface StreamLimits {
  /** Silence after which a comment is sent, so that proxies keep the connection. Default 15 000. */
  readonly heartbeatMs?: number
  /** Streams open at once (default 256): each holds a connection and reads the log. */
  readonly streamsMax?: number
}

const filters = z.strictObject({
  /** Position of the last event already seen; 0 for all. Without it, what happens from now on. */
  after: whole(0).optional(),
  kind: text.optional(),
  account: text.optional(),
  resource: text.optional(),
})
type Filters = z.output<typeof filters>

export function eventRoutes(app: FastifyInstance, inside: Inside, limits: StreamLimits = {}): void {
  const { heartbeatMs = 15_000, streamsMax = 256 } = limits
  const { engine, sessionOf, closing } = inside
  let open = 0

  app.get('/v1/events', { exposeHeadRoute: false }, async (request, reply) => {
    const given = parameters(filters, request.query)
    const asked = meant(inside, given)
    const after = lastSeen(request.headers['last-event-id']) ?? asked.after ?? engine.health().position
    const { principal } = sessionOf(request)
    // Said now: a stream that had begun could only end, and the client would come back for the same.
    await checkReadable(engine.store, after)
    if (closing.aborted || open >= streamsMax)
      throw new Unavailable('overloaded', `${streamsMax} event streams are open; close one, or come back later.`)
    open += 1
    reply.hijack()
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const stream = { engine, after, wants: wanting(asked, principal), heartbeatMs }
    void send(reply.raw, stream, AbortSignal.any([gone.signal, closing])).finally(() => {
      open -= 1
      reply.raw.end()
    })
  })
}

/** The resource by its full id. Throws InvalidRequest for a kind that there is not. */
function meant({ engine }: Inside, asked: Filters): Filters {
  const kind = asked.kind === undefined ? undefined : engine.catalogue.kind(asked.kind).kind
  if (kind === undefined || asked.resource === undefined) return asked
  return { ...asked, resource: idMeant(kind, asked.resource) }
}

function lastSeen(header: unknown): number | undefined {
  if (header === undefined || header === '') return undefined
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header)
  throw new InvalidRequest('invalidInput', 'Last-Event-ID', 'Last-Event-ID: is the id of an event of this stream.')
}

/** Which events this caller asked for and may see: an owner those of its account, an operator all. */
function wanting({ kind, account, resource }: Filters, principal: Principal): (event: Envelope) => boolean {
  const isOperator = principal.authority === 'operator' || principal.authority === 'engine'
  return event =>
    (isOperator || event.account === principal.account) &&
    (kind === undefined || event.kind === kind) &&
    (account === undefined || event.account === account) &&
    (resource === undefined || event.resource === resource)
}

interface Stream {
  readonly engine: Inside['engine']
  readonly after: number
  readonly wants: (event: Envelope) => boolean
  readonly heartbeatMs: number
}

async function send(
  response: ServerResponse,
  { engine, after, wants, heartbeatMs }: Stream,
  signal: AbortSignal,
): Promise<void> {
  // Resuming is from what was read, not only from what was sent: an id alone moves the client's place and tells it nothing.
  let position = after
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(`retry: 1000\nid: ${position}\n\n`)
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(`: ${new Date().toISOString()}\nid: ${position}\n\n`)
  }, heartbeatMs)
  try {
    for await (const event of engine.subscribe({ after, signal })) {
      if (wants(event)) {
        const isRoom = response.write(`id: ${event.position}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
        if (!isRoom) await drained(response, signal)
      }
      position = event.position
      if (signal.aborted) return
    }
  } catch {
    // The log cannot be read on: ending the response makes the client come back, and other routes say what is wrong.
  } finally {
    clearInterval(heartbeat)
  }
}

/** Resolves when the client has taken what was sent, or the stream is over. */
const drained = (response: ServerResponse, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const done = () => {
      response.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    response.once('drain', done)
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })
