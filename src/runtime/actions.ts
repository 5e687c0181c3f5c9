/** What would be accepted now, and for the rest why not. (design: contract point 2.) */

import type { CompiledKind } from './catalogue.ts'
import type { Principal } from './principal.ts'
import { InvalidRequest, type Reason, Refused, Unavailable } from './refusal.ts'
import type { CommandInput } from './request.ts'

export type Action =
  | { readonly command: string; readonly answer: 'accepted' | 'unchanged' }
  | { readonly command: string; readonly answer: 'refused'; readonly reasons: readonly Reason[] }
  /** It depends on what is given for these fields. */
  | { readonly command: string; readonly answer: 'depends'; readonly on: readonly string[] }

type DryRun = (command: CommandInput, principal: Principal) => Promise<{ outcome: 'accepted' | 'unchanged' }>

/**
 * Tries every command of the kind on the resource without writing. One that cannot be judged without input is `depends`
 * where the state has an entry for it, and refused where it has none.
 */
export async function actionsOf(
  { kind, allowed }: { kind: CompiledKind['kind']; allowed: readonly string[] },
  id: string,
  principal: Principal,
  dryRun: DryRun,
): Promise<Action[]> {
  const actions: Action[] = []
  for (const [command, { creates }] of Object.entries(kind.commands)) {
    if (creates) continue
    try {
      const { outcome } = await dryRun({ kind: kind.name, command, id }, principal)
      actions.push({ command, answer: outcome })
    } catch (error) {
      actions.push(judged(command, error, allowed.includes(command)))
    }
  }
  return actions
}

function judged(command: string, error: unknown, isAllowed: boolean): Action {
  if (error instanceof Refused) return { command, answer: 'refused', reasons: error.reasons }
  if (error instanceof Unavailable && error.code === 'viewStalled') {
    const reason = { requirement: 'claim', code: error.code, sentence: error.message }
    return { command, answer: 'refused', reasons: [reason] }
  }
  if (!(error instanceof InvalidRequest)) throw error
  if (isAllowed) return { command, answer: 'depends', on: [...new Set(error.issues.map(({ field }) => field))] }
  const sentence = 'This state has no entry for it, whatever the input.'
  return { command, answer: 'refused', reasons: [{ requirement: 'state', code: 'wrongState', sentence }] }
}
