/** What a caller asked, and what it was told. */

import type { Authority } from '../../machines/grammar.ts'
import type { CommandResult } from '../../src/runtime/decide.ts'
import { InvalidRequest, type RefusalOf, Refused, Unavailable } from '../../src/runtime/refusal.ts'
import type { CommandInput } from '../../src/runtime/request.ts'

/** `lost`: the engine died before it answered, and the caller knows nothing. `broken`: an error no caller should see. */
export type SubmissionOutcome = 'open' | 'accepted' | 'refused' | 'invalid' | 'turnedAway' | 'lost' | 'broken'

export interface Request {
  readonly account: string
  readonly commands: readonly CommandInput[]
  readonly token?: string
  readonly authority?: Authority
  readonly dryRun?: boolean
}

export interface Submission extends Request {
  /** Its own actor: what it wrote can be told from what others wrote. */
  readonly actor: string
  /** Length of the log when it was submitted. */
  readonly from: number
  /** When it was submitted. */
  readonly at: number
  outcome: SubmissionOutcome
  results?: readonly CommandResult[]
  refusals?: readonly RefusalOf[]
  error?: unknown
}

export function answer(submission: Submission, results: readonly CommandResult[]): void {
  submission.outcome = 'accepted'
  submission.results = results
}

export function refuse(submission: Submission, error: unknown): void {
  submission.error = error
  if (error instanceof Refused) {
    submission.outcome = 'refused'
    submission.refusals = error.refusals
  } else if (error instanceof InvalidRequest) submission.outcome = 'invalid'
  else if (error instanceof Unavailable) submission.outcome = 'turnedAway'
  else submission.outcome = 'broken'
}
