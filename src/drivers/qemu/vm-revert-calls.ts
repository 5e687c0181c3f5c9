/**
 * Taking a machine back to one of its VM snapshots. Not repeatable by itself, because what the guest did since would be
 * lost: so the guest stands still until it is written down that it is there, and runs only then. (spec: drivers-and-qemu
 * 3 and the end of 5.)
 */
import type { Outcome, VmSnapshotRevertSpec } from '../driver.ts'
import { done } from '../outcomes.ts'
import { devicesOnly, placed } from './devices.ts'
import { diskAt } from './disks.ts'
import type { Host } from './host.ts'
import { goBackQuiet, keptOn, patienceMs, repairQuiet } from './inner-snapshots.ts'
import { launchOf } from './instance-calls.ts'
import { instanceFacts, isOfLaunch, isStarting, statusOf } from './instance-facts.ts'
import { dismissJob, endedJob } from './jobs.ts'
import { Refusal } from './outcome-of.ts'
import { jobOf, nodeOf, tagOf } from './pool.ts'
import { startProcess } from './process-start.ts'
import type { InstanceRecord, Layout, Status, VmSnapshotRecord } from './records.ts'
import { same } from './volume-calls.ts'
import type { Call } from './work.ts'

const answer = async (
  host: Host,
  record: InstanceRecord,
  volumes: readonly string[],
  already: boolean,
): Promise<Outcome> => {
  const sizes = volumes.map(async volume => {
    const disk = await diskAt(host.pool.volume(volume))
    return [volume, { sizeBytes: disk?.virtualBytes ?? 0 }] as const
  })
  const disks = Object.fromEntries(await Promise.all(sizes))
  return done({ ...instanceFacts(record, await host.machines.look(record.id)), disks }, already)
}

/** Throws the Refusal of one that is not there, or not whole. */
const snapshotOf = async (host: Host, id: string, name: string): Promise<VmSnapshotRecord> => {
  const snapshot = host.records.get('vmSnapshot', name)
  if (snapshot === undefined || snapshot.instance !== id || !snapshot.isComplete)
    throw new Refusal('notFound', `instance ${id} has no complete VM snapshot ${name}`)
  if (typeof (await keptOn(host, snapshot)) === 'string')
    throw new Refusal('corrupt', `VM snapshot ${name} is not on all of its disks`)
  return snapshot
}

const layoutOf = ({ machine, accelerator, vcpus, memoryBytes, devices }: InstanceRecord): Layout => ({
  ...{ machine, accelerator, vcpus, memoryBytes, devices },
})

type Way = 'load' | 'restart' | 'off'
/** How to get there. Throws the Refusal of what can not be. */
const wayOf = async (
  host: Host,
  record: InstanceRecord,
  snapshot: VmSnapshotRecord,
  spec: VmSnapshotRevertSpec,
  status: Status,
): Promise<Way> => {
  const { id, launched } = record
  if (status === 'suspended') throw new Refusal('precondition', `instance ${id} is suspended; resume or stop it first`)
  const devices = devicesThen(record, snapshot, spec)
  await devicesOnly(host, id, spec.run ? devices : snapshot.layout.devices)
  if (!spec.run) return 'off'
  if (spec.generation > launched) return 'restart'
  if (!snapshot.spec.memory || status === 'stopped')
    throw new Refusal('precondition', `instance ${id}: launch ${launched} can not go on from there; begin the next one`)
  if (same(layoutOf(record), snapshot.layout)) return 'load'
  throw new Refusal(
    'precondition',
    `instance ${id} is not as it was at ${snapshot.id}; it goes back with its next launch`,
  )
}

/** What goes on from memory has what it had; what boots has what it is given. */
const devicesThen = (record: InstanceRecord, snapshot: VmSnapshotRecord, { devices }: VmSnapshotRevertSpec) => {
  const { layout } = snapshot
  if (snapshot.spec.memory || devices === undefined) return layout.devices
  return placed(devices, record.devices)
}

/** Loads the memory and takes the disks back, in a process whose guest stands still. */
const load = async (host: Host, record: InstanceRecord, snapshot: VmSnapshotRecord): Promise<void> => {
  const job = jobOf('load', snapshot.id)
  const devices = snapshot.volumes.map(nodeOf)
  const loading = { 'job-id': job, tag: tagOf(snapshot.id), vmstate: devices[0]!, devices }
  const ended = await host.machines.talk(
    record.id,
    async qmp => {
      await qmp.execute('stop')
      const job = await endedJob(qmp, loading['job-id'], () => qmp.execute('snapshot-load', loading))
      await dismissJob(qmp, loading['job-id'])
      return job
    },
    patienceMs(record.memoryBytes),
  )
  if (ended.error !== undefined) throw new Refusal('precondition', `instance ${record.id}: ${ended.error}`)
}

const back = async (host: Host, way: Way, meant: InstanceRecord, snapshot: VmSnapshotRecord): Promise<void> => {
  const { machines } = host
  if (way === 'load') {
    try {
      return await load(host, meant, snapshot)
    } catch (error) {
      // What is not loaded leaves the guest standing.
      if (error instanceof Refusal) await machines.talk(meant.id, qmp => qmp.execute('cont'))
      throw error
    }
  }
  await (isStarting(meant) ? machines.endStarting(meant.id) : machines.end(meant.id))
  if (way === 'restart' && snapshot.spec.memory) {
    await startProcess(host, meant)
    try {
      return await load(host, meant, snapshot)
    } catch (error) {
      // A launch that did not come to be has no process.
      if (error instanceof Refusal) await machines.end(meant.id)
      throw error
    }
  }
  await goBackQuiet(host, snapshot)
  if (way === 'restart') await startProcess(host, meant)
}

/** What is on record while it goes back: the launch that it is to be. */
const meantBy = async (
  host: Host,
  record: InstanceRecord,
  snapshot: VmSnapshotRecord,
  call: Call,
  way: Way,
  shown: Status,
): Promise<InstanceRecord> => {
  const spec = call.spec as VmSnapshotRevertSpec
  const underway = { token: call.context.token, verb: 'revert', step: 'begun', shown } as const
  if (way !== 'restart') return { ...record, generation: spec.generation, underway }
  const { layout, userData, userDataEncoding } = snapshot
  const then = snapshot.spec.memory
    ? { ...layout, userData, userDataEncoding }
    : { machine: await host.machines.machineType(), accelerator: host.machines.accelerator }
  return {
    ...record,
    ...then,
    ...{ generation: spec.generation, devices: devicesThen(record, snapshot, spec) },
    ...{ isOff: false, endReason: undefined, stoppingSince: undefined, underway },
  }
}

/** It is there: from now on a repetition finds it, and its guest runs. */
const goOn = async (host: Host, record: InstanceRecord): Promise<InstanceRecord> => {
  const held = await host.records.keep({
    ...record,
    ...{ launched: record.generation, underway: { ...record.underway!, step: 'held' as const } },
  })
  await host.machines.talk(record.id, qmp => qmp.execute('cont'))
  return held
}

export async function vmSnapshotRevert(host: Host, call: Call): Promise<Outcome> {
  const { records, machines } = host
  const { id, context } = call
  const spec = call.spec as VmSnapshotRevertSpec
  const record = launchOf(host, id, spec.generation)
  const before = record.underway
  const mine = before?.verb === 'revert' && before.token === context.token ? before : undefined
  const known = records.any('vmSnapshot', spec.snapshot)
  if (mine === undefined && record.revertToken === context.token)
    return answer(host, record, known?.volumes ?? [], true)
  const snapshot = await snapshotOf(host, id, spec.snapshot)
  const settled = { underway: undefined, revertToken: context.token, current: snapshot.id }
  const seen = await machines.look(id)
  const isThere = isOfLaunch(record, seen)
  if (mine?.step === 'held' && isThere) {
    await goOn(host, record)
    const kept = await records.keep({ ...records.get('instance', id)!, ...settled })
    return answer(host, kept, snapshot.volumes, false)
  }
  const status = statusOf(record, seen)
  // Begun by us and its process died: the launch that was meant begins once more.
  const way = mine
    ? !spec.run
      ? 'off'
      : isThere && record.launched === record.generation && snapshot.spec.memory
        ? 'load'
        : 'restart'
    : await wayOf(host, record, snapshot, spec, status)
  const shown = mine?.shown ?? status
  const meant = await records.keep(mine ? record : await meantBy(host, record, snapshot, call, way, shown))
  try {
    if (mine && !seen.isAlive) await repairQuiet(host, snapshot)
    await back(host, way, meant, snapshot)
  } catch (error) {
    // After a certain no it has what it had: what is on record of a half is what was meant, and a stopped one had nothing.
    const devices = mine === undefined ? record.devices : mine.shown === 'stopped' ? [] : meant.devices
    if (error instanceof Refusal) await records.keep({ ...meant, devices, underway: undefined })
    throw error
  }
  if (way === 'off') {
    const off = { launched: meant.generation, isOff: true, devices: [], endReason: undefined, stoppingSince: undefined }
    return answer(host, await records.keep({ ...meant, ...off, ...settled }), snapshot.volumes, false)
  }
  const held = await goOn(host, meant)
  return answer(host, await records.keep({ ...held, ...settled }), snapshot.volumes, false)
}
