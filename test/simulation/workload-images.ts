/** What callers ask of snapshots, images and key pairs. */
import type { CommandInput } from '../../src/runtime/request.ts'
import { GIB } from './shape.ts'
import { running, someId, someVerb, tagInput, type Workload } from './workload.ts'

type Asked = CommandInput | undefined

/** Few, so that some are taken. */
const name = ({ random }: Workload) => `name ${random.between(1, 6)}`

function newSnapshot(workload: Workload, account: string): Asked {
  const { random } = workload
  const snapshot = random.chance(0.2) ? someId(workload, 'snapshot', account) : undefined
  if (snapshot) return { kind: 'snapshot', command: 'copy', input: { snapshot } }
  const instance = random.chance(0.2) ? someId(workload, 'instance', account) : undefined
  if (instance) return { kind: 'snapshot-group', command: 'create', input: { instance, copyTags: random.chance(0.5) } }
  const volume = someId(workload, 'volume', account)
  return volume === undefined ? undefined : { kind: 'snapshot', command: 'create', input: { volume } }
}

export function toSnapshot(workload: Workload, account: string): Asked {
  const { random } = workload
  const id = random.chance(0.6) ? undefined : someId(workload, 'snapshot', account)
  if (id === undefined) return newSnapshot(workload, account)
  const command = someVerb(workload, 'snapshot', id)
  return { kind: 'snapshot', command, id, input: command === 'delete' ? undefined : tagInput(random, command) }
}

/** More disks, fewer, or as they are. */
const someMapping = ({ random }: Workload) =>
  random.pick<object[]>([
    [],
    [],
    [{ device: '/dev/sdb', noDevice: true }],
    [{ device: '/dev/sdx', sizeBytes: GIB }],
    [{ device: '/dev/sda1', deleteOnTermination: random.chance(0.5) }],
  ])

/** Nine in ten times one that runs, if there is any. */
function runningOne({ world, random }: Workload, account: string): string | undefined {
  const ids = running(world).filter(id => world.fold.resources.get(id)!.account === account)
  return ids.length && random.chance(0.9) ? random.pick(ids) : undefined
}

function newImage(workload: Workload, account: string): Asked {
  const { random } = workload
  const way = random.weighted({ create: 6, register: 2, copy: 2 })
  const sources = { create: 'instance', register: 'snapshot', copy: 'image' }
  const of = (way === 'create' && runningOne(workload, account)) || someId(workload, sources[way], account)
  if (of === undefined) return undefined
  const inputs = {
    create: { instance: of, noReboot: random.chance(0.3), blockDevices: someMapping(workload) },
    register: { snapshot: of, blockDevices: random.chance(0.3) ? [{ device: 'sdf', snapshot: of }] : [] },
    copy: { image: of },
  }
  return { kind: 'image', command: way, input: { name: name(workload), ...inputs[way] } }
}

export function toImage(workload: Workload, account: string): Asked {
  const { random } = workload
  const id = random.chance(0.6) ? undefined : someId(workload, 'image', account)
  if (id === undefined) return newImage(workload, account)
  const command = someVerb(workload, 'image', id)
  const inputs: Record<string, unknown> = {
    modify: { description: random.pick(['', 'one', 'two']) },
    // With somebody who never looks: what tenants see of each other is checked on the others.
    share: random.pick([{ add: ['zebra'] }, { remove: ['zebra'] }, { add: ['zebra', 'gnu'] }]),
    tag: tagInput(random, 'tag'),
    untag: tagInput(random, 'untag'),
  }
  return { kind: 'image', command, id, input: inputs[command] }
}

export function toKeyPair(workload: Workload, account: string): Asked {
  const id = workload.random.chance(0.5) ? someId(workload, 'key-pair', account) : undefined
  if (id !== undefined) return { kind: 'key-pair', command: 'delete', id }
  const key = { publicKey: 'ssh-ed25519 AAAA', fingerprint: 'aa:bb', type: 'ed25519' }
  return { kind: 'key-pair', command: 'import', input: { name: name(workload), ...key } }
}
