/**
 * The EC2 door: the Query protocol that existing clients speak, over the same engine as every other door. Words in,
 * commands out; every rule stays in the engine. (spec: ec2)
 */
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { AnyEngine, AnySession } from '../native/engine.ts'
import { closePromptly } from '../native/index.ts'
import type { Call, Region } from './action.ts'
import { actions } from './actions.ts'
import { answering } from './answering.ts'
import { Ec2Error, statusOf } from './errors.ts'
import { pairsOf } from './form.ts'
import { type AccessKey, parseKeys } from './access-keys.ts'
import { owners } from './owner.ts'
import { translated } from './refusals.ts'
import { type Signer, signatures } from './signature.ts'
import { errorOf, NAMESPACE_VERSION } from './xml.ts'

export { actions } from './actions.ts'
export { type AccessKey, KeysInvalid, parseKeys, readKeys } from './access-keys.ts'
export { ownerIdOf } from './owner.ts'

export interface Ec2DoorOptions {
  readonly engine: AnyEngine
  /** Who may sign requests, and as whom. */
  readonly keys: readonly AccessKey[]
  /** The regions served, each with its zones; their first zones are the defaults. */
  readonly regions: readonly Region[]
  /** The effects of a changing request settle before the next request is served. */
  readonly instant?: boolean
  /** How far the clock of a client may be off, in ms (default 15 minutes). */
  readonly skewMs?: number
  readonly now?: () => number
  /** Hears of what was answered with InternalError. */
  readonly onFault?: (error: unknown, where: string) => void
}

const BODY_MAX_BYTES = 1_048_576
const SKEW_MS = 15 * 60_000
const XML = 'text/xml;charset=UTF-8'

/** A server that is not listening yet. Closing it leaves the engine open. Throws KeysInvalid. */
export function createEc2Door(options: Ec2DoorOptions): FastifyInstance {
  const { engine, regions, instant = false, skewMs = SKEW_MS, now = Date.now, onFault } = options
  const keys = parseKeys(options.keys)
  const check = signatures({ keys, regions: new Set(regions.map(({ name }) => name)), skewMs })
  const sessionOf = sessions(engine)
  const known = owners(keys.map(({ account }) => account))
  const closing = new AbortController()
  const app = Fastify({
    bodyLimit: BODY_MAX_BYTES,
    return503OnClosing: false,
    frameworkErrors: (error, _, reply) => void refuse(reply, error),
  })
  closePromptly(app, closing.signal)
  app.addHook('preClose', async () => closing.abort())
  // Whatever a client calls it: the bytes are hashed before anything reads them.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body))

  const refuse = (reply: FastifyReply, error: unknown, parameters: Record<string, unknown> = {}, where = '') => {
    const requestId = randomUUID()
    const said = ofTransport(error) ?? translated(error, parameters)
    if (said.code === 'InternalError') onFault?.(said.cause ?? error, `ec2 ${where}`)
    return reply
      .code(statusOf(said.code))
      .headers({ 'content-type': XML, 'x-amzn-requestid': requestId })
      .send(errorOf(said.code, said.message, requestId))
  }
  app.setErrorHandler((error, _, reply) => refuse(reply, error))

  const serve = async (request: FastifyRequest, reply: FastifyReply) => {
    let parameters: Record<string, unknown> = {}
    let name = ''
    try {
      if (instant) await engine.idle()
      const [path, question = ''] = halves(request.url)
      const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0)
      const query = pairsOf(question)
      const signer = await check({ method: request.method, path, query, headers: request.headers, body }, now())
      const pairs = [...query.filter(([each]) => !each.startsWith('X-Amz-')), ...pairsOf(body.toString('utf8'))]
      const answer = answering(pairs, actions)
      name = answer.action.name
      const requestId = randomUUID()
      const call = callOf(signer, requestId, request.headers.host ?? '')
      const text = await answer.run({ ...call, requestId }, read => {
        parameters = read
      })
      return reply.headers({ 'content-type': XML, 'x-amzn-requestid': requestId }).send(text)
    } catch (error) {
      return refuse(reply, error, parameters, name)
    }
  }
  const callOf = ({ key, region }: Signer, requestId: string, host: string): Omit<Call, 'parameters'> => ({
    session: sessionOf(key, region),
    engine,
    account: key.account,
    ownerId: known.ownerIdOf(key.account),
    ...known,
    region: regions.find(each => each.name === region)!,
    regions,
    requestId,
    host,
    now: now(),
  })
  app.route({ method: ['GET', 'POST'], url: '/', handler: serve })
  app.setNotFoundHandler((_, reply) =>
    refuse(
      reply,
      new Ec2Error('InvalidAction', `Actions are asked for at / with GET or POST, version ${NAMESPACE_VERSION}.`),
    ),
  )
  return app
}

/** One session for each account, actor and region. */
function sessions(engine: AnyEngine): (key: AccessKey, region: string) => AnySession {
  const open = new Map<string, AnySession>()
  return ({ account, actor = account, authority }, region) => {
    const name = JSON.stringify([account, actor, authority, region])
    const session = open.get(name) ?? engine.as({ account, actor, authority, region })
    open.set(name, session)
    return session
  }
}

const halves = (url: string): [string, string?] => {
  const mark = url.indexOf('?')
  return mark < 0 ? [url] : [url.slice(0, mark), url.slice(mark + 1)]
}

/** What Fastify says of a request it could not even read. */
function ofTransport(error: unknown): Ec2Error | undefined {
  const { statusCode } = error as { statusCode?: number }
  if (error instanceof Ec2Error || typeof statusCode !== 'number' || statusCode >= 500) return undefined
  if (statusCode === 413) return new Ec2Error('InvalidParameterValue', `A request has at most ${BODY_MAX_BYTES} bytes.`)
  return new Ec2Error('InvalidParameterValue', 'The request cannot be read.')
}
