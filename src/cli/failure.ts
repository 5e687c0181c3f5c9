/** What is said when a command fails: code, sentence, and what would be allowed. */
import { answerOf, type ErrorBody, TokensInvalid } from '../doors/native/index.ts'
import { Contained, InvalidRequest, Refused, StoreError, Unavailable } from '../index.ts'
import { styled } from './tables.ts'

/** A failure as a server told it, or one of the command itself (code `usage`). */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly body: ErrorBody
  constructor(body: ErrorBody, options?: ErrorOptions) {
    super(body.message, options)
    this.body = body
  }
}

/** The command was written wrongly; exit code 2. */
export const usage = (message: string, field?: string): Failure => new Failure({ code: 'usage', message, field })

const wrong = new Set([
  'usage',
  'invalidInput',
  'wrongKind',
  'unknownKind',
  'unknownCommand',
  'tooLarge',
  'tokensInvalid',
  'exportInvalid',
])
const spoken = [InvalidRequest, Refused, Unavailable, Contained]

function bodyOf(error: unknown): ErrorBody {
  if (error instanceof Failure) return error.body
  if (spoken.some(each => error instanceof each)) return answerOf(error).body.error
  const { message = String(error), code } = error as { message?: string; code?: unknown }
  const isOurs = error instanceof StoreError || error instanceof TokensInvalid
  return { code: isOurs || typeof code === 'string' ? String(code) : 'failed', message }
}

/** Prints a failure to stderr. Returns the exit code. */
export function printFailure(error: unknown, json: boolean): number {
  const body = bodyOf(error)
  if (json) process.stderr.write(`${JSON.stringify({ error: body })}\n`)
  else process.stderr.write(`${linesOf(body).join('\n')}\n`)
  return wrong.has(body.code) ? 2 : 1
}

function linesOf({ code, message, field, state, allowed, issues = [] }: ErrorBody): string[] {
  const lines = [`${styled('red', `${code}:`, process.stderr)} ${message}`]
  if (field) lines.push(`  field: ${field}`)
  for (const issue of issues.slice(1)) lines.push(`  also ${issue.field}: ${issue.message}`)
  if (state && state !== 'absent') lines.push(`  state: ${state}; allowed now: ${allowed?.join(', ') || 'nothing'}`)
  return lines
}
