/** What this driver does with instances. One launch has one process, and what has ended is not begun again. */
import type { InstanceSpec, Outcome } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import { devicesOnly, placed } from './devices.ts'
import { type Host, namedOnly } from './host.ts'
import { instanceFacts } from './instance-facts.ts'
import { Refusal } from './outcome-of.ts'
import type { InstanceRecord } from './records.ts'
import { same } from './volume-calls.ts'

export const staleLaunch = (id: string, asked: number, known: number): Refusal =>
  new Refusal('precondition', `instance ${id}: launch ${asked} is stale, launch ${known} is known`)

/** The record of an instance that this call may be about. Throws a Refusal where there is none, or a newer launch. */
export const launchOf = (host: Host, id: string, generation: number): InstanceRecord => {
  const record = host.records.get('instance', id)
  if (record === undefined) throw new Refusal('notFound', `there is no instance ${id}`)
  if (generation < record.generation) throw staleLaunch(id, generation, record.generation)
  return record
}

const bytesOfMiB = 1024 * 1024

export const sizeOnly = (id: string, { vcpus, memoryBytes }: { vcpus: number; memoryBytes: number }): void => {
  if (!Number.isSafeInteger(vcpus) || vcpus < 1) throw new Refusal('invalid', `instance ${id}: ${vcpus} processors`)
  if (!Number.isSafeInteger(memoryBytes) || memoryBytes < bytesOfMiB || memoryBytes % bytesOfMiB !== 0) {
    throw new Refusal('invalid', `instance ${id}: memory has whole MiB, and ${memoryBytes} bytes are not`)
  }
}

export async function instanceEnsure(host: Host, id: string, spec: InstanceSpec, token: string): Promise<Outcome> {
  const { records, machines, declared, owner, now } = host
  namedOnly('instance', id)
  const known = records.any('instance', id)
  if (known?.goneAt !== undefined) return rejected('precondition', `instance ${id} was destroyed; an id is used once`)
  if (known) {
    const { generation, ...asked } = spec
    const { generation: first, ...before } = known.spec
    if (known.owner !== owner || !same(before, asked)) {
      return rejected('conflict', `instance ${id} exists with another owner or specification`)
    }
    if (generation < first) throw staleLaunch(id, generation, first)
    return done(instanceFacts(known, await machines.look(id)), true)
  }
  if (!declared.zones.includes(spec.zone)) {
    return rejected('invalid', `instance ${id}: the only zones are ${declared.zones.join(', ')}`)
  }
  if (spec.root) {
    const what = spec.root.kind === 'image' ? 'on its image itself' : 'on a disk that nobody made for it'
    return rejected('unsupported', `instance ${id}: nothing runs ${what} here, but on a volume among its devices`)
  }
  sizeOnly(id, spec)
  await devicesOnly(host, id, spec.devices)
  const { vcpus, memoryBytes, userData, userDataEncoding, generation } = spec
  const record = await records.keep({
    ...{ kind: 'instance', id, owner, token, madeAt: now(), spec },
    ...{ vcpus, memoryBytes, userData, userDataEncoding, generation },
    ...{ launched: generation - 1, isOff: false, devices: placed(spec.devices, []) },
  } satisfies InstanceRecord)
  return done(instanceFacts(record, { isAlive: false }))
}
