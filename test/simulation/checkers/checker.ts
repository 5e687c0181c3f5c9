/** What a checker hears. Each holds one promise of the engine, and throws a Violation when it is broken. */

import type { Envelope } from '../../../machines/grammar.ts'
import type { Outcome } from '../../../src/drivers/driver.ts'
import type { Call } from '../mortal.ts'
import type { Submission } from '../submission.ts'
import type { World } from '../world.ts'

export interface Checker {
  readonly name: string
  /** An event is in the log; the world's fold and replay have taken it already. */
  event?(event: Envelope, world: World): void
  /** The log has been read up to the end after something was committed. */
  committed?(world: World): void
  /** A caller has its answer (or never will: `lost`). */
  answered?(submission: Submission, world: World): void
  /** The provider is called; nothing has happened there yet. */
  called?(call: Call, world: World): void
  /** The provider's answer is on its way. */
  replied?(call: Call, outcome: Outcome, world: World): void
  /** The engine has died; the database is as the last commit left it. */
  crashed?(world: World): void
  /** Faults are over and everything has settled; derived rows are written. */
  rest?(world: World): Promise<void> | void
  /** Everything was deleted, and that has settled too. */
  clean?(world: World): void
}
export type CheckerMaker = () => Checker
