/** What most tests begin with: volumes, snapshots, and instances that boot as the provider lets them. */

import type { DestroySpec, InstanceSpec, Outcome, RootSpec, VolumeSpec } from '../../drivers/driver.ts'
import { type Capabilities, type DeclaredCapabilities, narrowed } from '../../drivers/driver.ts'
import { Conversation, newId } from './conversation.ts'
import type { Runner } from './runner.ts'
import type { DriverContract, DriverSubject } from './subject.ts'

export { newId } from './conversation.ts'

/** Where an instance finds its root: a disk that the provider makes for it, a clone made before, any volume, the image. */
export type RootWay = 'private' | 'clone' | 'volume' | 'image'

/** What an engine would choose: what the provider does by itself, else a clone, else a volume, else the image. */
export const rootWayOf = (declared: Capabilities): RootWay => {
  if (declared.clonesOnLaunch !== 'never') return 'private'
  if (declared.canCloneImage || (declared.canCreateVolumeFromImage && declared.bootFromVolume)) return 'clone'
  return declared.bootFromVolume ? 'volume' : 'image'
}

export interface Made {
  readonly id: string
  readonly spec: InstanceSpec
}

export class Session extends Conversation {
  /** Looks first at what the image offers less of than the provider does. */
  static async open(contract: DriverContract, subject: DriverSubject, expect: Runner['expect']): Promise<Session> {
    const { driver } = subject
    const before = new Conversation(contract, subject, expect, driver.describe())
    const seen = await driver.observe('image', before.image, before.context(newId('token')))
    const scope = (seen.facts.capabilities ?? {}) as DeclaredCapabilities
    return new Session(contract, subject, expect, narrowed(driver.describe(), scope))
  }

  volumeSpec(from?: VolumeSpec['from'], zone = this.zone): VolumeSpec {
    return { sizeBytes: this.sizeBytes, zone, from }
  }
  async volume(from?: VolumeSpec['from'], zone = this.zone): Promise<string> {
    const id = newId('vol')
    await this.done('volumeEnsure', id, this.volumeSpec(from, zone))
    return id
  }
  /** A completed snapshot of a volume of its own. */
  async snapshot(): Promise<{ id: string; volume: string }> {
    const [id, volume] = [newId('snap'), await this.volume()]
    await this.done('volumeSnapshotEnsure', id, { volume })
    return { id, volume }
  }

  /** An image that no instance is on. */
  async unusedImage(): Promise<string> {
    return (await this.subject.freshImage?.()) ?? this.image
  }
  /** What an instance is asked for. An image that it runs on is one that nobody else uses. */
  async instanceSpec(way = rootWayOf(this.declared), zone = this.zone): Promise<InstanceSpec> {
    const image = way === 'image' ? await this.unusedImage() : this.image
    const size = { vcpus: this.contract.vcpus ?? 1, memoryBytes: this.memoryBytes }
    const root: RootSpec | undefined =
      way === 'private' ? { kind: way, volume: newId('vol') } : way === 'image' ? { kind: way } : undefined
    const devices = []
    if (way === 'clone' || way === 'volume') {
      const from = way === 'clone' ? { kind: 'image' as const, id: image } : undefined
      devices.push({ device: '/dev/vda', volume: await this.volume(from, zone), root: true })
    }
    return { zone, image, root, ...size, generation: 1, devices }
  }

  /** An instance that runs its first launch, started apart where the provider only makes it. */
  async running(spec?: InstanceSpec): Promise<Made> {
    const made = { id: newId('i'), spec: spec ?? (await this.instanceSpec()) }
    await this.done('instanceEnsure', made.id, made.spec)
    if (this.declared.stateAfterCreate === 'stopped') await this.start(made, 1)
    return made
  }
  async start({ id, spec }: Made, generation: number, devices = spec.devices): Promise<void> {
    await this.done('instancePower', id, { want: 'running', mode: 'hard', generation, devices })
  }
  async stop(id: string, generation = 1, ending?: DestroySpec): Promise<Extract<Outcome, { kind: 'done' }>> {
    const mode = this.declared.stopStyles.includes('hard') ? 'hard' : 'graceful'
    return this.done('instancePower', id, { want: 'off', mode, generation, ending })
  }
  async stopped(spec?: InstanceSpec): Promise<Made> {
    const instance = await this.running(spec)
    await this.stop(instance.id)
    return instance
  }
  async suspended(): Promise<Made> {
    const instance = await this.running()
    await this.done('instancePower', instance.id, { want: 'suspended', mode: 'hard', generation: 1 })
    return instance
  }

  /** Destroys from whatever state it is in: stopping first, or by stopping, where the provider wants that. */
  async destroy(id: string, generation = 1, flags: DestroySpec = {}): Promise<Extract<Outcome, { kind: 'done' }>> {
    const { destroy, destroyFrom } = this.declared
    const { exists, facts } = await this.observe('instance', id)
    if (destroy === 'viaStop' && exists === 'yes') return this.stop(id, generation, flags)
    if (facts.status === 'running' && !destroyFrom.includes('running')) await this.stop(id, generation)
    return this.done('instanceDestroy', id, flags)
  }
}

/** The volume that an instance of this specification boots from; undefined where that is the image. */
export const rootVolumeOf = ({ root, devices }: InstanceSpec): string | undefined =>
  root?.kind === 'private' ? root.volume : devices.find(device => device.root)?.volume
