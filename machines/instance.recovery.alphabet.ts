/** What an instance remembers, and what can happen to it, so that it may be recovered once it was terminated. */
import { z } from 'zod'
import { elapsed, requested } from './grammar.ts'
import { profile } from './profiles.ts'

export interface Recovery {
  /** How long it may be recovered once it was terminated, in ms; without one it ends at once. */
  readonly recoverableForMs?: number
  /** It was terminated, and is kept until then (ms since 1970). */
  readonly recoverableUntil?: number
  /** Its VM snapshots are kept with it. */
  readonly keepsLineage?: boolean
}

export const recoveryAttributes = { recoverableForMs: z.int().nonnegative().optional() }

export const recoveryEvents = {
  /** `expunge`: nothing of it is kept. `profile`: by whose rules its VM snapshots stay, or go before it waits. */
  terminateRequested: requested({ expunge: z.boolean().optional(), profile: profile.optional() }),
  recoverRequested: requested({}, { account: z.object({ state: z.string() }).nullable() }),
  /** It was kept for as long as it was to be. */
  expungeDue: elapsed({ ends: true }),
}
