/**
 * Everything an action may throw, in the words of EC2: a code that clients match on, and one sentence. (spec: ec2 2.3, 10)
 */
import { Conflict, Contained, InvalidRequest, type Reason, type RefusalOf, Refused, Unavailable } from '../../index.ts'
import { Ec2Error } from './errors.ts'
import { wordsFor } from './refusals/table.ts'
import type { Asked } from './refusals/words.ts'
import { inWireIds, kindOfId, wireId } from './wire-ids.ts'

export { engineId, wireId } from './wire-ids.ts'

type Parameters = Asked['parameters']

/**
 * The error as EC2 says it. What is nobody's fault but ours comes out as InternalError, with the cause kept for the
 * operator.
 * @param parameters of the request, as the action read them: some sentences quote them
 */
export function translated(error: unknown, parameters: Parameters = {}): Ec2Error {
  if (error instanceof Ec2Error) return error
  if (error instanceof Refused) return refused(error, parameters)
  if (error instanceof InvalidRequest) return invalidRequest(error)
  if (error instanceof Conflict || (error instanceof Unavailable && error.code === 'overloaded'))
    return new Ec2Error('RequestLimitExceeded', 'Request limit exceeded.', { cause: error })
  if (error instanceof Unavailable)
    return new Ec2Error('Unavailable', 'The service is unavailable. Please try again shortly.', { cause: error })
  if (error instanceof Contained) return new Ec2Error('InternalError', inWireIds(error.message), { cause: error })
  return new Ec2Error('InternalError', 'An internal error has occurred', { cause: error })
}

/** One reason why one resource said no. */
interface No {
  readonly refusal: RefusalOf
  readonly reason: Reason
  /** Who said no, or is not there. */
  readonly kind: string
  readonly id: string
}

function refused(error: Refused, parameters: Parameters): Ec2Error {
  const noes = error.refusals.flatMap(refusal => refusal.reasons.map(reason => noOf(refusal, reason)))
  const first = noes.reduce((best, each) => (orderOf(each.reason) < orderOf(best.reason) ? each : best))
  const { refusal, reason, kind } = first
  const words = wordsFor(refusal.command, kind, reason.code)
  const same = noes.filter(each => each.reason.code === reason.code && each.kind === kind)
  const ids = [...new Set(same.map(({ id }) => wireId(id)))]
  const sentence = words?.sentence?.({ refusal, reason, ids, parameters }) ?? inWireIds(reason.sentence)
  return new Ec2Error(words?.code ?? 'InternalError', sentence, { cause: error })
}

/** Who is missing may be the target, or something that the command names: the engine's sentence says which. */
function noOf(refusal: RefusalOf, reason: Reason): No {
  const [, missingKind, missingId] =
    (reason.code === 'notFound' && /^The ([\w-]+) '(.*)' does not exist\.$/.exec(reason.sentence)) || []
  if (missingKind !== undefined && missingId !== undefined) return { refusal, reason, kind: missingKind, id: missingId }
  const { resource: id, state } = refusal
  const kind = kindOfId(id) ?? refusal.kind
  const isGone = reason.code === 'wrongState' && gone[kind]?.includes(state)
  return { refusal, reason: isGone ? { ...reason, code: 'notFound' } : reason, kind, id }
}

/** States in which the engine still shows for a while what EC2 does not know any more. */
const gone: Readonly<Record<string, readonly string[]>> = {
  volume: ['deleted'],
  snapshot: ['deleting', 'deleted'],
  'key-pair': ['deleted'],
}

/**
 * What is said first when several things are wrong: who is not there, who may not, what is protected, in which state it
 * is, and only then the rest, in the order of the machines.
 */
const order: readonly string[] = [
  'notFound',
  'offeringUnavailable',
  'zoneUnknown',
  'keyPairNotFound',
  'instanceNotFound',
  'snapshotNotFound',
  'attachmentNotFound',
  'notPermitted',
  'accountNotOpen',
  'terminationProtected',
  'stopProtected',
  'volumeInUse',
  'snapshotInUse',
  'wrongState',
]
const orderOf = ({ code }: Reason): number => {
  const place = order.indexOf(code)
  return place < 0 ? order.length : place
}

/** A field that the door let through and the engine did not: the caller's to mend all the same. */
function invalidRequest(error: InvalidRequest): Ec2Error {
  const { code, message } = error
  const options = { cause: error }
  if (code === 'tokenReused')
    return new Ec2Error(
      'IdempotentParameterMismatch',
      'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
      options,
    )
  // The kinds and commands are the door's own words.
  if (code === 'unknownKind' || code === 'unknownCommand')
    return new Ec2Error('InternalError', 'An internal error has occurred', options)
  const [, id, kind] =
    (code === 'wrongKind' && /^'(.*)' is the id of an? .*, not of an? ([\w-]+)\.$/.exec(message)) || []
  if (id !== undefined && kind !== undefined) return notFound(wireId(id), kind, options)
  return new Ec2Error(code === 'wrongKind' ? 'InvalidID' : 'InvalidParameterValue', inWireIds(message), options)
}

/** The id of something else is the id of nothing of this kind. */
function notFound(id: string, kind: string, options: ErrorOptions): Ec2Error {
  const words = wordsFor('', kind, 'notFound')!
  const reason = { requirement: 'idExists', code: 'notFound', sentence: '' }
  const refusal = { command: '', kind, resource: id, state: 'absent', reasons: [reason], allowed: [], index: 0 }
  return new Ec2Error(words.code, words.sentence!({ refusal, reason, ids: [id], parameters: {} }), options)
}
