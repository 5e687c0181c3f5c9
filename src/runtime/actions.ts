/** What would be accepted now, and for the rest why not. (design: contract point 2.) */

import type { CompiledKind } from './catalogue.ts'
import { mayGive, notPermitted, type Principal, type Tree } from './principal.ts'
import { InvalidRequest, type Reason, Refused, Unavailable } from './refusal.ts'
import type { CommandInput } from './request.ts'
import type { Snapshot } from './snapshot.ts'

export type Action =
  | { readonly command: string; readonly answer: 'accepted' | 'unchanged' }
  | { readonly command: string; readonly answer: 'refused'; readonly reasons: readonly Reason[] }
  /** It depends on what is given for these fields. */
  | { readonly command: string; readonly answer: 'depends'; readonly on: readonly string[] }

type DryRun = (command: CommandInput, principal: Principal) => Promise<{ outcome: 'accepted' | 'unchanged' }>

/**
 * Tries every command of the kind on the resource without writing. One that cannot be judged without input is `depends`
 * where the state has an entry for it, and refused where it has none, or where the principal may not give it.
 */
export async function actionsOf(
  compiled: CompiledKind,
  { resource: id, state, account }: Snapshot,
  { principal, tree }: { principal: Principal; tree: Tree },
  dryRun: DryRun,
): Promise<Action[]> {
  const { kind } = compiled
  const allowed = compiled.allowed(state)
  const actions: Action[] = []
  for (const [command, { creates, who }] of Object.entries(kind.commands)) {
    if (creates) continue
    // Whatever the input: what is missing there is no matter of those who may not ask.
    if (!mayGive(principal, who, account, tree)) {
      actions.push({ command, answer: 'refused', reasons: [notPermitted(id, `${kind.name}.${command}`, who)] })
      continue
    }
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
