/**
 * The EC2 door: the Query protocol that existing clients speak, over the same engine as every other door. Words in,
 * commands out; every rule stays in the engine. (spec: ec2)
 */
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { AnyEngine, AnySession } from '../native/engine.ts'
import { closePromptly, remembering, WARNING_HEADER, warningsIn } from '../native/index.ts'
import { type AccessKey, parseKeys } from './access-keys.ts'
import type { Action, Call, Region } from './action.ts'
import { actions } from './actions.ts'
import { answering } from './answering.ts'
import { statusOf } from './error-codes.ts'
import { Ec2Error } from './errors.ts'
import { failures } from './failures.ts'
import { pairsOf } from './form.ts'
import { owners } from './owner.ts'
import { translated } from './refusals.ts'
import { isGuess, type Signer, signatures } from './signature/index.ts'
import { answerUnparsed, BODY_MAX_BYTES, ofTransport, XML } from './transport.ts'
import { errorOf, NAMESPACE_VERSION } from './xml.ts'

export { type AccessKey, KeysInvalid, parseKeys, readKeys } from './access-keys.ts'
export type { Action, Answer, Call, Region } from './action.ts'
export { actions } from './actions.ts'
export { ownerIdOf } from './owner.ts'

export interface Ec2DoorOptions {
  readonly engine: AnyEngine
  /** Who may sign requests, and as whom. */
  readonly keys: readonly AccessKey[]
  /** The regions served, each with its zones; their first zones are the defaults. */
  readonly regions: readonly Region[]
  /** Accounts besides those of the keys whose owner ids clients may name, e.g. to share an image. */
  readonly accounts?: readonly string[]
  /** Effects under way settle before a request is served: what one request began, the next one finds done. */
  readonly instant?: boolean
  /** How far the clock of a client may be off, in ms (default 15 minutes). */
  readonly skewMs?: number
  /**
   * Wrong signatures that one address may send in a minute; beyond, all its requests are answered with
   * RequestLimitExceeded until the minute is over. Without it any number: behind a proxy all clients are one address.
   */
  readonly failuresPerMinute?: number
  /** Default: all there are. */
  readonly actions?: ReadonlyMap<string, Action>
  readonly now?: () => number
  /** Hears of what was answered with InternalError. */
  readonly onFault?: (error: unknown, where: string) => void
}

const SKEW_MS = 15 * 60_000

/** A server that is not listening yet. Closing it lets requests under way finish, and leaves the engine open. Throws KeysInvalid. */
export function createEc2Door(options: Ec2DoorOptions): FastifyInstance {
  const { onFault } = options
  const serve = serving(options)
  const closing = new AbortController()
  const app = Fastify({
    bodyLimit: BODY_MAX_BYTES,
    // While it closes, what still arrives is answered as ever: the engine is open until the door is shut.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    genReqId: () => randomUUID(),
    frameworkErrors: (error, { id }, reply) => void refuse(reply, id, error),
    clientErrorHandler: answerUnparsed,
  })
  closePromptly(app, closing.signal)
  app.addHook('preClose', async () => closing.abort())
  // Whatever a client calls it: the bytes are hashed before anything reads them.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body))

  const refuse = (reply: FastifyReply, id: string, error: unknown, where = 'request') => {
    const said = ofTransport(error) ?? translated(error)
    if (said.code === 'InternalError') onFault?.(said.cause ?? error, `ec2 ${where}`)
    return send(reply, statusOf(said.code), id, errorOf(said.code, said.message, id))
  }
  app.setErrorHandler((error, { id }, reply) => refuse(reply, id, error))
  app.route({
    method: ['GET', 'POST'],
    url: '/',
    handler: async (request, reply) => {
      const asked = { name: 'request' }
      try {
        const { text, warnings } = await serve(request, asked)
        if (warnings.length) reply.header(WARNING_HEADER, warnings)
        return send(reply, 200, request.id, text)
      } catch (error) {
        return refuse(reply, request.id, error, asked.name)
      }
    },
  })
  app.setNotFoundHandler(({ id }, reply) => refuse(reply, id, nowhere))
  return app
}

const nowhere = new Ec2Error(
  'InvalidAction',
  `Actions are asked for at / with GET or POST, version ${NAMESPACE_VERSION}.`,
)

const send = (reply: FastifyReply, status: number, requestId: string, text: string) =>
  reply.code(status).headers({ 'content-type': XML, 'x-amzn-requestid': requestId }).send(text)

interface Served {
  readonly text: string
  /** What was done, but not as asked. */
  readonly warnings: readonly string[]
}

/** Serves one request: who signed it, what it asks for, and the text of the answer. Names the action in `asked`. */
function serving(options: Ec2DoorOptions) {
  const { engine, regions, instant = false, skewMs = SKEW_MS, now = Date.now, accounts = [] } = options
  const keys = parseKeys(options.keys)
  const check = signatures({ keys, regions: new Set(regions.map(({ name }) => name)), skewMs })
  const failed = failures(options.failuresPerMinute)
  const sessionOf = sessions(engine)
  const known = owners([...keys.map(({ account }) => account), ...accounts])

  const signerOf = async (request: FastifyRequest, query: [string, string][], body: Buffer): Promise<Signer> => {
    const { method, headers, ip } = request
    if (failed.isBlocked(ip, now())) throw new Ec2Error('RequestLimitExceeded', 'Request limit exceeded.')
    try {
      return await check({ method, path: '/', query, headers, body }, now())
    } catch (error) {
      if (error instanceof Ec2Error && isGuess(error)) failed.count(ip, now())
      throw error
    }
  }
  const callOf = ({ key, region }: Signer, { id, headers }: FastifyRequest): Omit<Call, 'parameters'> => ({
    session: sessionOf(key, region),
    engine,
    account: key.account,
    ownerId: known.ownerIdOf(key.account),
    ...known,
    region: regions.find(each => each.name === region)!,
    regions,
    requestId: id,
    host: headers.host ?? '',
    now: now(),
  })

  return async (request: FastifyRequest, asked: { name: string }): Promise<Served> => {
    if (instant) await engine.idle()
    const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0)
    const query = pairsOf(request.url.split('?').slice(1).join('?'))
    const signer = await signerOf(request, query, body)
    const pairs = [...query.filter(([each]) => !each.startsWith('X-Amz-')), ...pairsOf(body.toString('utf8'))]
    const answer = answering(pairs, options.actions ?? actions)
    asked.name = answer.action.name
    const call = callOf(signer, request)
    const { session, results } = remembering(call.session)
    return { text: await answer.run({ ...call, session }), warnings: warningsIn(results) }
  }
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
