/** What callers ask while everything around them is killed: at random, and over again until they are answered. */
import type { CommandResult } from '../../src/runtime/decide.ts'
import type { CommandInput } from '../../src/runtime/request.ts'
import type { Random } from '../simulation/random.ts'
import { mebibytes } from './setting.ts'

/** Said to the driver itself: what is kept of a machine has no commands in this engine's catalogue of the test. */
export interface Kept {
  readonly verb: 'vmSnapshotEnsure' | 'vmSnapshotDelete'
  readonly instance: string
  readonly snapshot: string
}
export interface Sent {
  readonly token: string
  readonly commands: readonly CommandInput[]
  readonly kept?: Kept
}
export type Reply = { token: string; results?: CommandResult[]; refused?: string; kept?: string }

const instancesMax = 6
const volumesMax = 12
/** How often each is asked for. */
const weights = {
  launch: 10,
  stop: 4,
  start: 10,
  reboot: 3,
  suspend: 5,
  resume: 4,
  terminate: 2,
  create: 6,
  attach: 8,
  detach: 4,
  grow: 4,
  delete: 3,
  shoot: 6,
  restore: 3,
  forget: 3,
}
type Wish = keyof typeof weights

/** Ids of what callers have not asked to end. */
interface Known {
  readonly instance: string[]
  readonly volume: string[]
  readonly snapshot: string[]
}
/** How many of a hundred requests are about what is kept of machines. */
const keepingPercent = 8

export class Load {
  readonly acknowledged = new Map<string, readonly CommandResult[]>()
  readonly refused = new Map<string, string>()
  /** Sent and not answered: sent again, word for word, to the next process. */
  readonly open = new Map<string, Sent>()
  readonly #random: Random
  readonly #image: string
  /** What of machines was asked to be kept, and not yet to go. */
  readonly #kept: Kept[] = []
  /** Whose each is that was asked for: one that is not complete does not say so itself. */
  readonly machineOf = new Map<string, string>()
  /** Answers that it was kept, or had gone. */
  keptCount = 0
  readonly #known: Known = { instance: [], volume: [], snapshot: [] }
  #count = 0

  constructor(random: Random, image: string) {
    this.#random = random
    this.#image = image
  }

  /** Commands that were accepted and changed something. */
  get accepted(): number {
    return [...this.acknowledged.values()].flat().filter(({ outcome }) => outcome === 'accepted').length
  }

  next(): Sent {
    this.#count += 1
    const kept = this.#random.chance(keepingPercent / 100) ? this.#keeping() : undefined
    const sent: Sent = { token: `t${this.#count}`, commands: kept ? [] : [this.#command()], ...(kept && { kept }) }
    this.open.set(sent.token, sent)
    return sent
  }

  answered({ token, results, refused, kept }: Reply): void {
    const sent = this.open.get(token)
    this.open.delete(token)
    if (kept === 'done') this.keptCount += 1
    if (refused !== undefined) this.refused.set(token, refused)
    if (!results || !sent) return
    this.acknowledged.set(token, results)
    for (const [at, { kind, command }] of sent.commands.entries()) {
      const known = this.#known[kind as keyof Known]
      const { id } = results[at]!
      if (command === 'launch' || command === 'create') known.push(id)
      else if (command === 'terminate' || command === 'delete') known.splice(known.indexOf(id) >>> 0, 1)
    }
  }

  #command(): CommandInput {
    const random = this.#random
    const { instance, volume, snapshot } = this.#known
    const wish = random.weighted(weights) as Wish
    const pick = (ids: readonly string[]) => (ids.length > 0 ? random.pick(ids) : undefined)
    const [machine, disk, shot] = [pick(instance), pick(volume), pick(snapshot)]
    const on = (kind: string, command: string, id: string | undefined, input?: object) =>
      id === undefined ? undefined : { kind, command, id, input }
    const made: { readonly [W in Wish]: () => CommandInput | undefined } = {
      launch: () => (instance.length < instancesMax ? this.#launch() : undefined),
      stop: () => on('instance', 'stop', machine, { force: random.chance(0.5) }),
      start: () => on('instance', 'start', machine),
      reboot: () => on('instance', 'reboot', machine),
      suspend: () => on('instance', 'suspend', machine),
      resume: () => on('instance', 'resume', machine),
      terminate: () => on('instance', 'terminate', machine),
      create: () =>
        volume.length < volumesMax ? this.#volume({ sizeBytes: random.between(2, 8) * mebibytes }) : undefined,
      attach: () =>
        machine === undefined
          ? undefined
          : on('volume', 'attach', disk, { instance: machine, device: `/dev/vd${random.pick([...'bcdefgh'])}` }),
      detach: () => on('volume', 'detach', disk, {}),
      grow: () => on('volume', 'modify', disk, { sizeBytes: random.between(8, 32) * mebibytes }),
      delete: () => on('volume', 'delete', disk),
      shoot: () => (disk === undefined ? undefined : { kind: 'snapshot', command: 'create', input: { volume: disk } }),
      restore: () => (shot === undefined ? undefined : this.#volume({ snapshot: shot })),
      forget: () => on('snapshot', 'delete', shot),
    }
    return made[wish]() ?? (instance.length < instancesMax ? this.#launch() : on('instance', 'start', machine)!)
  }

  /** A snapshot of a machine with what is in its memory, or the end of one. */
  #keeping(): Kept | undefined {
    const known = this.#kept.length > 0 && this.#random.chance(0.5) ? this.#kept.shift() : undefined
    if (known) return { ...known, verb: 'vmSnapshotDelete' }
    const { instance } = this.#known
    if (instance.length === 0) return undefined
    const snapshot = `vms-${this.#count}`
    const made: Kept = { verb: 'vmSnapshotEnsure', instance: this.#random.pick(instance), snapshot }
    this.#kept.push(made)
    this.machineOf.set(snapshot, made.instance)
    return made
  }

  #launch = (): CommandInput => ({
    kind: 'instance',
    command: 'launch',
    input: {
      image: this.#image,
      type: 'small',
      mode: this.#random.chance(0.8) ? 'stateful' : 'stateless',
      blockDevices: this.#random.chance(0.4) ? [{ device: '/dev/vdb', sizeBytes: 4 * mebibytes }] : [],
    },
  })
  #volume = (input: object): CommandInput => ({ kind: 'volume', command: 'create', input })
}
