/** One test's conversation with a driver: every call gets its token, is polled until it ends, and is looked at for form. */

import type { ChangingCall } from '../../drivers/changing-calls.ts'
import type {
  CallContext,
  Capabilities,
  DeviceSpec,
  Driver,
  InstanceSpec,
  Observation,
  Outcome,
  ResourceKind,
  VolumeSpec,
} from '../../drivers/driver.ts'
import type { Runner } from './runner.ts'
import type { DriverContract, DriverSubject } from './subject.ts'
import { wellFormed } from './well-formed.ts'

const defaultBytes = 64 * 1024 * 1024

let count = 0
/** Not used before, also in another run against a provider that remembers. */
export const newId = (kind: string): string => `${kind}-${Date.now().toString(36)}${(++count).toString(36)}`

const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

export class Session {
  readonly contract: DriverContract
  readonly subject: DriverSubject
  readonly expect: Runner['expect']
  driver: Driver

  constructor(contract: DriverContract, subject: DriverSubject, expect: Runner['expect']) {
    this.contract = contract
    this.subject = subject
    this.expect = expect
    this.driver = subject.driver
  }

  get declared(): Capabilities {
    return this.driver.describe()
  }
  get zone(): string {
    return this.declared.zones[0]!
  }
  get sizeBytes(): number {
    const { minBytes, stepBytes } = this.declared.volume
    return Math.ceil(Math.max(this.contract.sizeBytes ?? defaultBytes, minBytes) / stepBytes) * stepBytes
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

  // What most tests begin with.

  volumeSpec(from?: VolumeSpec['from']): VolumeSpec {
    return { sizeBytes: this.sizeBytes, zone: this.zone, from }
  }
  async volume(): Promise<string> {
    const id = newId('vol')
    await this.done('volumeEnsure', id, this.volumeSpec())
    return id
  }
  /** A completed snapshot of a volume of its own. */
  async snapshot(): Promise<{ id: string; volume: string }> {
    const [id, volume] = [newId('snap'), await this.volume()]
    await this.done('volumeSnapshotEnsure', id, { volume })
    return { id, volume }
  }
  /** The root disk of an instance to be: a volume where the provider boots from one, nothing where it clones the image. */
  async rootDevices(): Promise<DeviceSpec[]> {
    if (!this.declared.bootFromVolume) return []
    const volume = newId('vol')
    const from = this.declared.canCreateVolumeFromImage ? { kind: 'image' as const, id: this.image } : undefined
    await this.done('volumeEnsure', volume, this.volumeSpec(from))
    return [{ device: '/dev/vda', volume, root: true }]
  }
  get image(): string {
    return this.contract.image ?? 'image'
  }
  async instanceSpec(): Promise<InstanceSpec> {
    const { vcpus = 1, memoryBytes = 128 * 1024 * 1024 } = this.contract
    return { zone: this.zone, image: this.image, vcpus, memoryBytes, generation: 1, devices: await this.rootDevices() }
  }
  /** An instance that runs its first launch, started apart where the provider only makes it. */
  async running(): Promise<{ id: string; spec: InstanceSpec }> {
    const id = newId('i')
    const spec = await this.instanceSpec()
    await this.done('instanceEnsure', id, spec)
    if (this.declared.stateAfterCreate === 'stopped') {
      await this.done('instancePower', id, { want: 'running', mode: 'hard', generation: 1, devices: spec.devices })
    }
    return { id, spec }
  }
  async stop(id: string, generation = 1): Promise<Outcome> {
    const mode = this.declared.stopStyles.includes('hard') ? 'hard' : 'graceful'
    return this.done('instancePower', id, { want: 'off', mode, generation })
  }
  async stopped(): Promise<{ id: string; spec: InstanceSpec }> {
    const instance = await this.running()
    await this.stop(instance.id)
    return instance
  }
  /** Destroys from whatever state it is in, stopping first where the provider wants that. */
  async destroy(id: string, generation = 1): Promise<void> {
    const observed = await this.observe('instance', id)
    const from = this.declared.destroyFrom
    if (observed.facts.status === 'running' && !from.includes('running')) await this.stop(id, generation)
    await this.done('instanceDestroy', id, {})
  }
}
