/** Every way a request can fail, as a status and `{ error: { code, message, … } }`. */
import { basename } from 'node:path'
import {
  Conflict,
  Contained,
  InvalidRequest,
  Pruned,
  type Reason,
  type RefusalOf,
  Refused,
  Unavailable,
} from '../../index.ts'
import { Unauthenticated } from './authentication.ts'

/** What a failed request is told. `code` is stable; `field` names what was wrong with the request. */
export interface ErrorBody {
  readonly code: string
  readonly message: string
  readonly field?: string
  readonly issues?: readonly { readonly field: string; readonly message: string }[]
  readonly resource?: string
  readonly state?: string
  readonly reasons?: readonly Reason[]
  /** Commands that this state has an entry for. */
  readonly allowed?: readonly string[]
  /** One for each refused command, when several were submitted. */
  readonly refusals?: readonly RefusalView[]
  /** Names of the archives that what was asked for is in, and the position after which all can be read without them. */
  readonly archives?: readonly string[]
  readonly after?: number
}
type RefusalView = Omit<RefusalOf, 'resource'> & { readonly resource?: string }

export interface Answer {
  readonly status: number
  readonly body: { readonly error: ErrorBody }
  readonly headers: Readonly<Record<string, string>>
  /** Not the caller's doing: the operator should hear of it. */
  readonly isFault: boolean
}

const answer = (status: number, error: ErrorBody, headers: Record<string, string> = {}): Answer => ({
  status,
  body: { error },
  headers,
  isFault: status === 500,
})

/** The answer to anything a handler, the engine or Fastify threw. */
export function answerOf(error: unknown): Answer {
  if (error instanceof InvalidRequest) return answer(invalidStatus(error), invalidBody(error))
  if (error instanceof Refused) return answer(refusedStatus(error), refusedBody(error))
  if (error instanceof Unauthenticated)
    return answer(401, { code: error.code, message: error.message }, { 'www-authenticate': 'Bearer' })
  if (error instanceof Unavailable)
    return answer(503, { code: error.code, message: error.message }, { 'retry-after': '1' })
  if (error instanceof Conflict) {
    const message = 'Others were changing the same resources at the same time; try again.'
    return answer(503, { code: 'overloaded', message }, { 'retry-after': '1' })
  }
  if (error instanceof Pruned) return answer(410, prunedBody(error))
  if (error instanceof Contained)
    return answer(500, { code: error.code, message: error.message, resource: error.resource })
  return ofTransport(error) ?? broken(error)
}

function invalidStatus({ code }: InvalidRequest): number {
  if (code === 'unknownKind' || code === 'unknownCommand') return 404
  if (code === 'tokenReused') return 409
  return code === 'tooLarge' ? 413 : 400
}

function invalidBody({ code, message, field, issues }: InvalidRequest): ErrorBody {
  const named = code === 'tokenReused' ? 'Idempotency-Key' : field
  return { code, message, field: named, ...(issues.length > 1 ? { issues } : {}) }
}

/** Folders of the server are nobody's business here: archives are told by their names. */
function prunedBody({ code, what, missing, wholeAfter }: Pruned): ErrorBody {
  const archives = missing.map(path => basename(path))
  return { code, message: new Pruned(what, { missing: archives, wholeAfter }).message, archives, after: wholeAfter }
}

const statuses: Readonly<Record<string, number>> = {
  notFound: 404,
  notPermitted: 403,
  alreadyExists: 409,
  wrongState: 409,
  versionMismatch: 409,
}
/** A refusal that another input would have avoided, rather than another moment. */
const isAboutInput = (code: string) => /^(invalid|missing)[A-Z]|Unknown$/.test(code)

const refusedStatus = ({ code }: Refused): number => statuses[code] ?? (isAboutInput(code) ? 422 : 409)

function refusedBody({ code, message, refusals, reasons }: Refused): ErrorBody {
  const [first] = refusals.map(viewOf) as [RefusalView]
  const { resource, state, allowed } = first
  const field = reasons.find(each => each.code === 'notFound')?.requirement.replace(/Exists$/, '')
  const several = refusals.length > 1 ? { refusals: refusals.map(viewOf) } : {}
  return { code, message, field, resource, state, reasons, allowed, ...several }
}

/** A resource that was refused its birth has no id: the one made for it was never anybody's. */
function viewOf({ resource, ...refusal }: RefusalOf): RefusalView {
  const isNamed = refusal.reasons.some(({ sentence }) => sentence.includes(resource))
  return refusal.state !== 'absent' || isNamed ? { ...refusal, resource } : refusal
}

/** What Fastify says about a request it could not even read: by its code, never by its words alone. */
function ofTransport(error: unknown): Answer | undefined {
  const { statusCode, code } = error as { statusCode?: number; code?: string }
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode >= 500) return undefined
  const tooLarge = 'The body is larger than this server accepts; send fewer commands at a time.'
  if (statusCode === 413) return answer(413, { code: 'tooLarge', field: 'body', message: tooLarge })
  if (code === 'FST_ERR_BAD_URL')
    return answer(400, { code: 'invalidInput', field: 'url', message: 'The path of the URL is not properly encoded.' })
  const field = statusCode === 415 ? 'Content-Type' : 'body'
  return answer(statusCode, { code: 'invalidInput', field, message: (error as Error).message })
}

/** A bug or a broken store. The words of such errors are for the operator; the caller gets the code. */
function broken(error: unknown): Answer {
  const code = (error as { code?: unknown } | undefined)?.code
  const known = typeof code === 'string' && /^[a-z][A-Za-z]*$/.test(code) ? code : 'internal'
  return answer(500, { code: known, message: 'The server failed at this; its operator finds the cause in its output.' })
}
