/**
 * The changing calls as one table, and what is the same for all of them: work accepted earlier under the same token,
 * work in flight for the same resource, and what overrides it.
 */
import type { ChangingCall } from '../changing-calls.ts'
import type { ErrorCode, Handle, Outcome } from '../driver.ts'
import { rejected, unknownOutcome } from '../outcomes.ts'
import { attach, detach } from './attachment-calls.ts'
import { imageDelete } from './images.ts'
import { instanceDestroy } from './instance-ending.ts'
import { instanceEnsure } from './instance-making.ts'
import { instancePower, instanceReset } from './instance-power.ts'
import type { OperationRecord } from './records.ts'
import { volumeSnapshotDelete, volumeSnapshotEnsure } from './snapshot-calls.ts'
import { volumeSnapshotGroupEnsure } from './snapshot-groups.ts'
import { vmSnapshotDelete, vmSnapshotEnsure } from './vm-snapshot-calls.ts'
import { vmSnapshotRevert } from './vm-snapshot-revert.ts'
import { volumeDelete, volumeEnsure, volumeResize } from './volume-calls.ts'
import { volumeMigrate } from './volume-migrate.ts'
import { volumeRevert } from './volume-revert.ts'
import type { World } from './world.ts'

// biome-ignore lint/suspicious/noExplicitAny: each verb has its own specification; the table only hands it on
type Effect = (world: World, id: string, spec: any, token: string, half: boolean) => Outcome

const effects: { readonly [V in ChangingCall]: Effect } = {
  imageDelete,
  volumeEnsure,
  volumeResize,
  volumeDelete,
  volumeSnapshotEnsure,
  volumeSnapshotDelete,
  volumeSnapshotGroupEnsure,
  volumeRevert,
  volumeMigrate,
  instanceEnsure,
  instancePower,
  instanceReset,
  instanceDestroy,
  attach,
  detach,
  vmSnapshotEnsure,
  vmSnapshotRevert,
  vmSnapshotDelete,
}
/** The end of a resource overrides what was begun for it and is not done yet. */
const overriding = new Set<ChangingCall>(['volumeDelete', 'volumeSnapshotDelete', 'instanceDestroy'])
/** What these keep is what there is when they are accepted, however long it takes to store. */
const cutting = new Set<ChangingCall>(['volumeSnapshotEnsure', 'volumeSnapshotGroupEnsure', 'vmSnapshotEnsure'])

/** More calls are hardly ever repeated. */
const begunMax = 100_000

const handleOf = ({ verb, id, resource }: OperationRecord): Handle => ({ op: verb, token: id, data: { resource } })

export class Calls {
  readonly #world: World
  /** Work that is accepted and not done: by resource. Little of it is ever in flight at once. */
  readonly #open = new Map<string, OperationRecord>()
  #nextDueAt = Number.POSITIVE_INFINITY
  /** Tokens of calls that may have had an effect, the newest. */
  readonly #begun = new Set<string>()

  constructor(world: World) {
    this.#world = world
    for (const operation of world.operations.values()) if (operation.outcome === undefined) this.#track(operation)
  }

  /** Does, half does, or finds done what is asked. */
  make(verb: ChangingCall, id: string, spec: unknown, token: string, half: boolean): Outcome {
    return this.#known(verb, id, token) ?? this.#noted(token, this.#effect(verb, id, spec, token, half))
  }

  /** Accepts the call and does it `afterMs` later, or then refuses it. */
  delay(verb: ChangingCall, id: string, spec: unknown, token: string, afterMs: number, refusal?: ErrorCode): Outcome {
    const known = this.#known(verb, id, token)
    if (known) return known
    if (cutting.has(verb) && refusal === undefined) {
      const begun = this.#effect(verb, id, spec, token, true)
      if (begun.kind !== 'unknown') return begun
    }
    const now = this.#world.now()
    const operation = { ...this.#operation(verb, id, spec, token, now + afterMs), begunAt: now, refusal }
    this.#world.keepOperation(operation)
    this.#track(operation)
    return this.#noted(token, this.#pending(operation))
  }

  /** Does the call now, but says so only when the handle is polled. A refusal is said at once. */
  hide(verb: ChangingCall, id: string, spec: unknown, token: string): Outcome {
    const known = this.#known(verb, id, token)
    if (known) return known
    const outcome = this.#noted(token, this.#effect(verb, id, spec, token, false))
    if (outcome.kind !== 'done') return outcome
    // The specification is not needed any more: the work is done.
    const operation = this.#operation(verb, id, null, token, this.#world.now())
    operation.outcome = outcome
    this.#world.keepOperation(operation)
    return this.#pending(operation)
  }

  /** A call that has begun is not refused when it is repeated: a refusal says for certain that there is no effect. */
  hasBegun(token: string): boolean {
    return this.#begun.has(token)
  }

  poll(handle: Handle): Outcome {
    const operation = this.#world.operations.get(handle.token)
    if (operation === undefined)
      return unknownOutcome(`${handle.op} ${handle.token} is not remembered; observe instead`)
    return operation.outcome ?? this.#pending(operation)
  }

  /** The outcome is safe with the caller. */
  settle(token: string): void {
    const operation = this.#world.operations.get(token)
    if (operation?.outcome !== undefined) this.#world.dropOperation(operation)
  }

  /** Does what has become due. Called before anything is asked or looked at, so time passes without timers. */
  catchUp(): void {
    const now = this.#world.now()
    if (this.#nextDueAt > now) return
    const due = [...this.#open.values()].filter(({ dueAt }) => dueAt <= now).sort((a, b) => a.dueAt - b.dueAt)
    for (const operation of due) {
      const { verb, resource, spec, id, refusal, owner = this.#world.owner } = operation
      this.#world.owner = owner
      const refused = refusal && rejected(refusal, `${verb} ${resource}: accepted, and then refused by the fault plan`)
      this.#finish(operation, refused ?? this.#effect(verb, resource, spec, id, false))
    }
  }

  #noted(token: string, outcome: Outcome): Outcome {
    if (outcome.kind === 'rejected') return outcome
    this.#begun.add(token)
    if (this.#begun.size > begunMax) this.#begun.delete(this.#begun.values().next().value!)
    return outcome
  }

  #known(verb: ChangingCall, id: string, token: string): Outcome | undefined {
    const { operations } = this.#world
    const same = operations.size === 0 ? undefined : operations.get(token)
    if (same !== undefined) {
      const { outcome } = same
      if (outcome === undefined) return this.#pending(same)
      if (outcome.kind === 'done') return { ...outcome, already: true }
      // It was refused when it came due; the same call may be tried again.
      this.#world.dropOperation(same)
    }
    const other = this.#open.size === 0 ? undefined : this.#open.get(id)
    if (other === undefined) return undefined
    if (!overriding.has(verb)) return rejected('busy', `${id}: ${other.verb} (${other.id}) is still being done`)
    this.#finish(other, rejected('precondition', `${other.verb} of ${id} was overridden by ${verb}`))
    return undefined
  }

  #effect(verb: ChangingCall, id: string, spec: unknown, token: string, half: boolean): Outcome {
    this.#world.beginCall()
    return effects[verb](this.#world, id, spec, token, half)
  }

  #operation(verb: ChangingCall, resource: string, spec: unknown, token: string, dueAt: number): OperationRecord {
    const { owner } = this.#world
    const sequence = this.#world.nextSequence()
    return { kind: 'operation', id: token, sequence, verb, resource, spec, owner, dueAt }
  }

  #pending(operation: OperationRecord): Outcome {
    const { outcome, begunAt, dueAt } = operation
    const now = this.#world.now()
    const pollAfterMs = outcome ? 1 : Math.max(dueAt - now, 1)
    const progress = begunAt === undefined ? undefined : { done: now - begunAt, total: Math.max(dueAt - begunAt, 1) }
    return { kind: 'pending', handle: handleOf(operation), pollAfterMs, progress }
  }

  #track(operation: OperationRecord): void {
    this.#open.set(operation.resource, operation)
    this.#nextDueAt = Math.min(this.#nextDueAt, operation.dueAt)
  }

  #finish(operation: OperationRecord, outcome: Outcome): void {
    this.#open.delete(operation.resource)
    this.#nextDueAt = Math.min(...[...this.#open.values()].map(({ dueAt }) => dueAt))
    operation.outcome = outcome
    if (outcome.kind !== 'done' && this.#world.quirks.has('losesErrors')) this.#world.dropOperation(operation)
    else this.#world.keepOperation(operation)
  }
}
