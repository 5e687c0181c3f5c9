/**
 * Connecting a volume to a machine and taking it away, also while it runs. Meant first, then done: a disk is counted as
 * connected before the machine has it, and until it certainly has it no more. (spec: drivers-and-qemu 4.)
 */
import type { AttachSpec, Outcome } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import { deviceOf, diskDevice, diskNode } from './command-line.ts'
import { devicesOnly, placed } from './devices.ts'
import type { Host } from './host.ts'
import { launchOf } from './instance-calls.ts'
import { endReasonOf, statusOf } from './instance-facts.ts'
import { Refusal } from './outcome-of.ts'
import { nodeOf, serialOf } from './pool.ts'
import { type Qmp, QmpRefused } from './qmp.ts'
import type { InstanceRecord, Status } from './records.ts'
import { type Call, handleOf } from './work.ts'

const hasDevice = async (qmp: Qmp, volume: string): Promise<boolean> =>
  (await qmp.execute('qom-list', { path: '/machine/peripheral' })).some(({ name }) => name === deviceOf(volume))
const hasNode = async (qmp: Qmp, volume: string): Promise<boolean> => {
  const nodes = await qmp.execute('query-named-block-nodes', { flat: true })
  return nodes.some(node => node['node-name'] === nodeOf(volume))
}

const without = (record: InstanceRecord, volume: string): InstanceRecord => ({
  ...record,
  devices: record.devices.filter(device => device.volume !== volume),
})

/** True if it was there already. */
const plug = (host: Host, instance: string, volume: string, port: number): Promise<boolean> =>
  host.machines.talk(instance, async qmp => {
    if (await hasDevice(qmp, volume)) return true
    if (!(await hasNode(qmp, volume))) await qmp.execute('blockdev-add', diskNode(volume, host.pool.volume(volume)))
    try {
      await qmp.execute('device_add', diskDevice(volume, port))
    } catch (error) {
      if (error instanceof QmpRefused) await qmp.execute('blockdev-del', { 'node-name': nodeOf(volume) })
      throw error
    }
    return false
  })

/** Throws the Refusal of a change that what is kept of the instance would not survive. (spec: drivers-and-qemu 3.) */
const unblockedOnly = ({ records }: Host, { id }: InstanceRecord, status: Status): void => {
  if (status === 'suspended') throw new Refusal('precondition', `instance ${id} is suspended; resume or stop it first`)
  const [snapshot] = records.vmSnapshotsOf(id)
  if (snapshot === undefined) return
  throw new Refusal(
    'precondition',
    `instance ${id} has the VM snapshot ${snapshot.id}: its disks stay until it is gone`,
  )
}

export async function attach(host: Host, spec: AttachSpec): Promise<Outcome> {
  const { records, machines } = host
  const { instance, volume, device } = spec
  const record = launchOf(host, instance, spec.generation)
  const facts = { device, volume, serial: serialOf(volume) }
  const status = statusOf(record, await machines.look(instance))
  const isStopped = status === 'stopped'
  const before = record.devices.find(each => each.device === device || each.volume === volume)
  if (before && (before.device !== device || before.volume !== volume)) {
    return rejected('precondition', `instance ${instance} has ${before.volume} as ${before.device} already`)
  }
  if (before) return done(facts, isStopped || (await plug(host, instance, volume, before.port)))
  unblockedOnly(host, record, status)
  const devices = [...record.devices, { device, volume, root: false }]
  await devicesOnly(host, instance, devices)
  const connected = placed(devices, record.devices)
  await records.keep({ ...record, devices: connected })
  if (isStopped) return done(facts)
  try {
    await plug(host, instance, volume, connected.at(-1)!.port)
  } catch (error) {
    if (error instanceof QmpRefused) await records.keep(record)
    throw error
  }
  return done(facts)
}

/** Whether QEMU did it; false where it said no. */
const agreed = (answer: Promise<unknown>): Promise<boolean> =>
  answer.then(
    () => true,
    (error: unknown) => {
      if (error instanceof QmpRefused) return false
      throw error
    },
  )

/** True when the machine has neither the device nor the disk. */
const unplug = (host: Host, instance: string, volume: string): Promise<boolean> =>
  host.machines.talk(instance, async qmp => {
    if (await hasDevice(qmp, volume)) {
      // Some versions refuse a repeated wish, and all of them mean the same by it: wait for the guest.
      await agreed(qmp.execute('device_del', { id: deviceOf(volume) }))
      if (await hasDevice(qmp, volume)) return false
    }
    if (!(await hasNode(qmp, volume))) return true
    // The device leaves the list a moment before it lets go of its disk; a copy that is being made keeps it longer.
    return agreed(qmp.execute('blockdev-del', { 'node-name': nodeOf(volume) }))
  })

export async function detach(host: Host, call: Call): Promise<Outcome> {
  const { records, machines, declared } = host
  const { instance, volume, generation } = call.spec as AttachSpec
  const connected = records.get('instance', instance)?.devices.find(each => each.volume === volume)
  if (connected === undefined) return done({}, true)
  const record = launchOf(host, instance, generation)
  const seen = await machines.look(instance)
  const status = statusOf(record, seen)
  unblockedOnly(host, record, status)
  if (status !== 'stopped') {
    if (connected.root || !declared.volumeAttach.hotUnplug) {
      return rejected(
        'precondition',
        `instance ${instance} runs; ${connected.device} comes off only when it is stopped`,
      )
    }
    // A guest that does not let go keeps it until it is stopped.
    if (!(await unplug(host, instance, volume))) return { kind: 'pending', handle: handleOf(call), pollAfterMs: 100 }
  } else {
    // The process of a guest that has ended still has the disk; why it ended is not lost with it.
    if (seen.isAlive) await records.keep({ ...record, endReason: endReasonOf(record, seen) })
    await machines.end(instance)
  }
  await records.keep(without(host.records.get('instance', instance)!, volume))
  return done({})
}
