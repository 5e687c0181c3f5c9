/** How a test speaks with a driver: every call gets its token, is polled until it ends, and is looked at for form. */

import type { ChangingCall } from '../../drivers/changing-calls.ts'
import type {
  CallContext,
  Capabilities,
  Driver,
  InstanceSpec,
  Observation,
  Outcome,
  ResourceKind,
} from '../../drivers/driver.ts'
import type { Runner } from './runner.ts'
import type { DriverContract, DriverSubject } from './subject.ts'
import { wellFormed } from './well-formed.ts'

export const mebibyte = 1024 * 1024

let count = 0
/** Not used before, also in another run against a provider that remembers. */
export const newId = (kind: string): string => `${kind}-${Date.now().toString(36)}${(++count).toString(36)}`

export const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

export class Conversation {
  readonly contract: DriverContract
  readonly subject: DriverSubject
  readonly expect: Runner['expect']
  /** What the provider declares of the instances of the image that the tests are made with. */
  readonly declared: Capabilities
  /** Calls that answered with a handle. */
  readonly pending = new Set<ChangingCall>()
  driver: Driver

  constructor(contract: DriverContract, subject: DriverSubject, expect: Runner['expect'], declared: Capabilities) {
    this.contract = contract
    this.subject = subject
    this.expect = expect
    this.driver = subject.driver
    this.declared = declared
  }

  get zone(): string {
    return this.declared.zones[0]!
  }
  get sizeBytes(): number {
    const { minBytes, stepBytes } = this.declared.volume
    return Math.ceil(Math.max(this.contract.sizeBytes ?? 64 * mebibyte, minBytes) / stepBytes) * stepBytes
  }

  /** The largest size that may be made, by the provider and by whoever pays for it. */
  get sizeBytesMax(): number {
    const { maxBytes, stepBytes } = this.declared.volume
    const affordable = Math.min(maxBytes, this.contract.sizeBytesMax ?? this.sizeBytes * 4)
    return affordable - (affordable % stepBytes)
  }
  get pools(): readonly [string, string] {
    return this.contract.pools ?? ['one', 'other']
  }
  get memoryBytes(): number {
    const stepBytes = (this.declared.limits.memoryMultipleMiB ?? 1) * mebibyte
    return Math.ceil((this.contract.memoryBytes ?? 128 * mebibyte) / stepBytes) * stepBytes
  }
  get image(): string {
    return this.contract.image ?? 'image'
  }

  context(token: string, attempt = 1): CallContext {
    const deadline = Date.now() + (this.contract.callTimeoutMs ?? 60_000)
    return { token, attempt, deadline, signal: new AbortController().signal, now: Date.now }
  }

  /** One attempt of a changing call. */
  async once(call: ChangingCall, id: string, spec: object, token: string, attempt = 1): Promise<Outcome> {
    const method = this.driver[call] as Driver['instanceEnsure']
    const outcome = await method.call(this.driver, id, spec as InstanceSpec, this.context(token, attempt))
    wellFormed(outcome, this.expect)
    if (outcome.kind === 'pending') this.pending.add(call)
    return outcome
  }

  /** Polls what is pending until it ends. */
  async ended(outcome: Outcome, token: string): Promise<Outcome> {
    const deadline = Date.now() + (this.contract.callTimeoutMs ?? 60_000)
    let now = outcome
    while (now.kind === 'pending') {
      if (Date.now() > deadline) throw new Error(`${now.handle.op} ${token} is still pending after its deadline`)
      await sleep(now.pollAfterMs)
      now = await this.driver.poll(now.handle, this.context(token))
      wellFormed(now, this.expect)
    }
    return now
  }

  /** A changing call until it ends, under a token of its own unless one is given. */
  async ask(call: ChangingCall, id: string, spec: object, token = newId('token')): Promise<Outcome> {
    return this.ended(await this.once(call, id, spec, token), token)
  }

  /** The same, which must be done. */
  async done(
    call: ChangingCall,
    id: string,
    spec: object,
    token?: string,
  ): Promise<Extract<Outcome, { kind: 'done' }>> {
    const outcome = await this.ask(call, id, spec, token)
    if (outcome.kind !== 'done') throw new Error(`${call} ${id} should be done, but is ${JSON.stringify(outcome)}`)
    return outcome
  }

  /** The same, which must be certainly not done, with one of these codes. */
  async refused(call: ChangingCall, id: string, spec: object, ...codes: string[]): Promise<void> {
    const outcome = await this.ask(call, id, spec)
    if (outcome.kind !== 'rejected')
      throw new Error(`${call} ${id} should be rejected, but is ${JSON.stringify(outcome)}`)
    this.expect(codes).toContain(outcome.error.code)
  }

  /** What the provider shows once it has to show the last change. */
  async observe(kind: ResourceKind, id: string): Promise<Observation> {
    await this.pastLag()
    return this.driver.observe(kind, id, this.context(newId('token')))
  }

  /** How often a survey meets this id, or the token it was made with, on all pages. */
  async countListed(kind: ResourceKind, id: string, token?: string): Promise<number> {
    await this.pastLag()
    let found = 0
    let cursor: string | undefined
    do {
      const page = await this.driver.list(kind, cursor, this.context(newId('token')))
      found += page.items.filter(
        item => item.exists !== 'no' && (item.id === id || (token && item.token === token)),
      ).length
      cursor = page.next
    } while (cursor !== undefined)
    return found
  }

  async pastLag(): Promise<void> {
    const { lagMs } = this.declared.consistency
    if (lagMs > 0) await sleep(lagMs)
  }
}
