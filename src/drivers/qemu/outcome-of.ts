/** What an error of a call means for its caller: a certain no where nothing was done, else an unknown outcome. */
import type { Outcome } from '../driver.ts'
import { rejected, unknownOutcome } from '../outcomes.ts'
import { hasCode } from './files.ts'
import { QmpLost, QmpRefused } from './qmp.ts'
import { ToolFailed } from './tool.ts'

/** A call that certainly does nothing ends with this outcome. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly outcome: Outcome
  constructor(...[code, message]: Parameters<typeof rejected>) {
    super(message)
    this.outcome = rejected(code, message)
  }
}

export const outcomeOf = (call: { verb: string; id: string }, error: unknown, signal?: AbortSignal): Outcome => {
  if (error instanceof Refusal) return error.outcome
  const message = `${call.verb} ${call.id}: ${error instanceof Error ? error.message : String(error)}`
  if (signal?.aborted) return unknownOutcome(`${message} (it was ended before it was done)`)
  if (error instanceof QmpRefused) return rejected('precondition', message)
  if (error instanceof QmpLost && !error.isEffectPossible) return rejected('unavailable', message)
  if (error instanceof ToolFailed) {
    if (error.isLocked) return rejected('busy', message)
    if (error.isFull) return rejected('exhausted', message)
  }
  if (hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT')) return rejected('exhausted', message)
  if (hasCode(error, 'EACCES') || hasCode(error, 'EROFS')) return rejected('denied', message)
  return unknownOutcome(message)
}
