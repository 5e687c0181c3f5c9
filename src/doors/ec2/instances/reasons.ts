/** Why an instance is not running, in the words of EC2. (spec: ec2 2.9) */

/** As the inventory keeps it: the engine's own code, or the code of a driver that failed. `at`: ms since 1970. */
export interface Reason {
  readonly code: string
  readonly message?: string
  readonly at: number
}
export type ReasonItem = {
  /** `StateTransitionReason` of the SDKs; empty while it runs. */
  readonly reason: string
  readonly stateReason?: { readonly code: string; readonly message: string }
}

const byUser = 'Client.UserInitiatedShutdown'
const byGuest = 'Client.InstanceInitiatedShutdown'

/** What a failed launch is blamed on. Everything else is the provider's own fault. */
const blames: Readonly<Record<string, string>> = {
  exhausted: 'Server.InsufficientInstanceCapacity',
  invalid: 'Client.InternalError',
}

export function reasonItem(state: string, reason: Reason | undefined): ReasonItem {
  if (state === 'running') return { reason: '' }
  if (state === 'pending') return { reason: '', stateReason: { code: 'pending', message: 'pending' } }
  if (reason === undefined) return { reason: '' }
  if (reason.code === 'userInitiated')
    return { reason: `User initiated (${date(reason.at)})`, stateReason: said(byUser, 'User initiated shutdown') }
  if (reason.code === 'memoryLost') return told('Server.InternalError', 'The memory of the hibernated guest was lost')
  if (reason.code === 'forcedStop') return told('Server.InternalError', 'Stopped by an operator')
  if (reason.code === 'guestShutdown') return told(byGuest, 'Instance initiated shutdown')
  return told(blames[reason.code] ?? 'Server.InternalError', reason.message ?? 'Internal error on launch')
}

const said = (code: string, why: string) => ({ code, message: `${code}: ${why}` })
const told = (code: string, why: string): ReasonItem => ({ reason: `${code}: ${why}`, stateReason: said(code, why) })

/** `2026-01-02 03:04:05 GMT` */
const date = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} GMT`
