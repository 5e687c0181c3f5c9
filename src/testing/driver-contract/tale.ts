/** One instance through several launches, with what its guest writes and what is kept of it. */
import { newId } from './conversation.ts'
import { type Made, rootVolumeOf, type Session } from './session.ts'

export class Tale {
  readonly session: Session
  readonly made: Made
  generation = 1

  static async begin(session: Session): Promise<Tale> {
    return new Tale(session, await session.running())
  }
  private constructor(session: Session, made: Made) {
    this.session = session
    this.made = made
  }

  get id(): string {
    return this.made.id
  }
  /** Root first. */
  get volumes(): string[] {
    const root = rootVolumeOf(this.made.spec)
    const others = this.made.spec.devices.filter(device => !device.root).map(({ volume }) => volume)
    return root === undefined ? others : [root, ...others]
  }
  async status(): Promise<unknown> {
    return (await this.session.observe('instance', this.id)).facts.status
  }
  async run(): Promise<void> {
    if ((await this.status()) === 'running') return
    this.generation++
    await this.session.start(this.made, this.generation)
  }
  async rest(): Promise<void> {
    if ((await this.status()) !== 'stopped') await this.session.stop(this.id, this.generation)
  }

  /** As the guest: it runs for that. */
  async write(text: string): Promise<void> {
    await this.run()
    await this.session.subject.guests!.write!(this.id, text)
  }
  async read(): Promise<string> {
    await this.run()
    return this.session.subject.guests!.read!(this.id)
  }

  get keepsMemory(): boolean {
    return this.session.declared.vmSnapshot.memory
  }
  ensuring(snapshot: string, memory = this.keepsMemory) {
    return { snapshot, memory, generation: this.generation, volumes: this.volumes }
  }
  /** In the state in which this provider keeps it, with its memory where it can. */
  async readyToKeep(): Promise<void> {
    const { memory, live } = this.session.declared.vmSnapshot
    await (memory || live ? this.run() : this.rest())
  }
  async keep(snapshot = newId('vmsnap')): Promise<string> {
    await this.readyToKeep()
    await this.session.done('vmSnapshotEnsure', this.id, this.ensuring(snapshot))
    return snapshot
  }
  /** What takes it back so that it runs: in the launch that runs where that can be, else with the next one. */
  async reverting(snapshot: string) {
    if (!this.session.declared.vmSnapshot.revertWhileRunning) await this.rest()
    const inPlace = this.keepsMemory && (await this.status()) === 'running'
    if (!inPlace) this.generation++
    return { snapshot, generation: this.generation, run: true, devices: this.made.spec.devices }
  }
  async revert(snapshot: string): Promise<void> {
    const spec = await this.reverting(snapshot)
    const back = await this.session.done('vmSnapshotRevert', this.id, spec)
    this.session.expect(back).toMatchObject({
      already: false,
      facts: { status: 'running', generation: this.generation },
    })
  }
  async forget(snapshot: string): Promise<boolean> {
    return (await this.session.done('vmSnapshotDelete', this.id, { snapshot })).already
  }
  async isKept(snapshot: string): Promise<boolean> {
    return (await this.session.observe('vmSnapshot', snapshot)).exists === 'yes'
  }
}
