/**
 * What this driver keeps of machines as a whole: a name inside each disk, and the memory beside the root's. Disks keep
 * no order among names: which follows which is only in the records. (spec: drivers-and-qemu 3.)
 */
import type { Facts, Outcome, VmSnapshotSpec } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import { devicesOnly } from './devices.ts'
import { type Host, namedOnly } from './host.ts'
import { dropFrom, keepLive, keepQuiet, keptOn, patienceMs, repairQuiet } from './inner-snapshots.ts'
import { launchOf } from './instance-calls.ts'
import { statusOf } from './instance-facts.ts'
import { dismissJob, endedJob } from './jobs.ts'
import { Refusal } from './outcome-of.ts'
import { jobOf, nodeOf, tagOf } from './pool.ts'
import type { InnerSnapshot } from './qcow2-snapshots.ts'
import { QmpLost, QmpRefused } from './qmp.ts'
import type { InstanceRecord, Status, VmSnapshotRecord } from './records.ts'
import { same } from './volume-calls.ts'
import { type Call, handleOf } from './work.ts'

export const vmSnapshotFacts = (
  { instance, spec, volumes, parent }: VmSnapshotRecord,
  kept: ReadonlyMap<string, InnerSnapshot>,
): Facts => ({
  instance,
  state: spec.memory ? 'running' : 'stopped',
  memoryBytes: kept.get(volumes[0]!)?.memoryBytes ?? 0,
  disks: Object.fromEntries([...kept].map(([volume, { virtualBytes }]) => [volume, { sizeBytes: virtualBytes }])),
  parent,
})

const rootFirst = (record: InstanceRecord): string[] =>
  [...record.devices].sort((a, b) => Number(b.root) - Number(a.root)).map(({ volume }) => volume)

/** The disks to keep. Throws a Refusal where the caller believes in others. */
const volumesOf = async (host: Host, record: InstanceRecord, spec: VmSnapshotSpec, status: Status) => {
  const connected = rootFirst(record)
  // A stopped instance holds nothing that it was given: there its caller knows what belongs to it.
  const named = spec.volumes ?? connected
  const all = status === 'stopped' ? [...new Set([...connected, ...named])] : connected
  const odd = [...all, ...named].find(each => !named.includes(each) || !all.includes(each))
  if (odd !== undefined)
    throw new Refusal('precondition', `instance ${record.id} and its caller do not agree about the volume ${odd}`)
  if (all.length === 0) throw new Refusal('precondition', `instance ${record.id} has no disks to keep`)
  await devicesOnly(
    host,
    record.id,
    all.map((volume, at) => ({ device: String(at), volume, root: false })),
  )
  return all
}

const depthOf = (host: Host, id: string | undefined): number => {
  const snapshot = id === undefined ? undefined : host.records.get('vmSnapshot', id)
  return snapshot === undefined ? 0 : 1 + depthOf(host, snapshot.parent)
}

/** Throws the Refusal of what can not be kept now. */
const possibleOnly = (host: Host, record: InstanceRecord, spec: VmSnapshotSpec, status: Status): void => {
  const { id } = record
  const { maxCount, maxDepth } = host.declared.vmSnapshot
  if (spec.quiesce) throw new Refusal('unsupported', `instance ${id}: this provider quiets no guest`)
  if (status === 'suspended') throw new Refusal('precondition', `instance ${id} is suspended; resume or stop it first`)
  if (spec.memory && status === 'stopped')
    throw new Refusal('precondition', `instance ${id} is stopped: there is nothing in its memory`)
  const others = host.records.vmSnapshotsOf(id)
  if (others.length >= maxCount)
    throw new Refusal('exhausted', `instance ${id} has ${maxCount} VM snapshots, and there can be no more`)
  if (depthOf(host, record.current) >= maxDepth)
    throw new Refusal('exhausted', `instance ${id} has ${maxDepth} VM snapshots in a line, and there can be no more`)
}

/** What was meant is written down before anything is done. */
const begin = async (host: Host, call: Call, record: InstanceRecord): Promise<VmSnapshotRecord> => {
  const { records, machines, owner, now } = host
  const { spec, context } = call as Call & { spec: VmSnapshotSpec }
  const seen = await machines.look(record.id)
  const status = statusOf(record, seen)
  possibleOnly(host, record, spec, status)
  const { machine, accelerator, vcpus, memoryBytes, devices, userData, userDataEncoding } = record
  return records.keep({
    ...{ kind: 'vmSnapshot', id: spec.snapshot, owner, token: context.token, madeAt: now(), spec },
    ...{ instance: record.id, parent: record.current, volumes: await volumesOf(host, record, spec, status) },
    ...{ layout: { machine, accelerator, vcpus, memoryBytes, devices }, userData, userDataEncoding, isComplete: false },
    madeBy: seen.isAlive ? { instance: record.id, generation: record.generation } : undefined,
  } satisfies VmSnapshotRecord)
}

/** Its machine has ended, or is another: what was to be kept is no more. */
const isLost = async (host: Host, { madeBy }: VmSnapshotRecord, record: InstanceRecord): Promise<boolean> =>
  madeBy !== undefined && (madeBy.generation !== record.generation || !(await host.machines.isAlive(record.id)))

/** Puts the name on every disk once. Throws what QEMU says when there will be none. */
const put = async (host: Host, snapshot: VmSnapshotRecord, record: InstanceRecord): Promise<void> => {
  const { id, madeBy, spec } = snapshot
  const job = jobOf('save', id)
  if (madeBy === undefined) {
    await dropFrom(host, snapshot, record)
    return keepQuiet(host, snapshot)
  }
  if (!spec.memory) {
    await dropFrom(host, snapshot, record)
    await keepLive(host, record, snapshot)
    return
  }
  const isBegun = await host.machines.talk(
    record.id,
    async qmp => (await qmp.execute('query-jobs')).some(each => each.id === job),
    patienceMs(record.memoryBytes),
  )
  if (!isBegun) await dropFrom(host, snapshot, record)
  const ended = await host.machines.talk(
    record.id,
    qmp => {
      const devices = snapshot.volumes.map(nodeOf)
      const saving = { 'job-id': job, tag: tagOf(id), vmstate: devices[0]!, devices }
      return endedJob(qmp, job, () => qmp.execute('snapshot-save', saving))
    },
    patienceMs(record.memoryBytes),
  )
  if (ended.error === undefined) return
  await dropFrom(host, snapshot, record)
  await dismiss(host, snapshot)
  throw new Refusal(
    /No space left|Input\/output error/.test(ended.error) ? 'exhausted' : 'precondition',
    `VM snapshot ${id}: ${ended.error}`,
  )
}

const dismiss = async ({ machines }: Host, { id, madeBy, spec }: VmSnapshotRecord): Promise<void> => {
  if (madeBy === undefined || !spec.memory || !(await machines.isAlive(madeBy.instance))) return
  await machines.talk(madeBy.instance, qmp => dismissJob(qmp, jobOf('save', id)))
}

const gone = (snapshot: VmSnapshotRecord): Refusal =>
  new Refusal('precondition', `VM snapshot ${snapshot.id}: its machine ended while it was being kept`)

export async function vmSnapshotEnsure(host: Host, call: Call): Promise<Outcome> {
  const { records, owner } = host
  const { id, context } = call
  const spec = call.spec as VmSnapshotSpec
  namedOnly('VM snapshot', spec.snapshot)
  const known = records.any('vmSnapshot', spec.snapshot)
  if (known?.goneAt !== undefined)
    return rejected('conflict', `VM snapshot ${known.id} was deleted; an id is used once`)
  if (known && (known.owner !== owner || known.instance !== id || !alike(known.spec, spec)))
    return rejected('conflict', `VM snapshot ${known.id} exists with another owner, instance or specification`)
  if (known?.lostToken === context.token) throw gone(known)
  if (known?.isComplete) {
    const kept = await keptOn(host, known)
    if (typeof kept === 'string') return rejected('corrupt', `VM snapshot ${known.id} is not on all of its disks`)
    await dismiss(host, known)
    return done(vmSnapshotFacts(known, kept), true)
  }
  // What was begun is looked after whatever launch there is by now.
  const record = launchOf(host, id, known === undefined ? spec.generation : Number.POSITIVE_INFINITY)
  const snapshot = known && known.lostToken === undefined ? known : await begin(host, call, record)
  return stored(host, call, snapshot, record)
}

/** One is the same as before whatever launch it is asked of. */
const alike = ({ generation: _, ...a }: VmSnapshotSpec, { generation: __, ...b }: VmSnapshotSpec) => same(a, b)

async function stored(host: Host, call: Call, snapshot: VmSnapshotRecord, record: InstanceRecord): Promise<Outcome> {
  const { records, machines } = host
  let kept = await keptOn(host, snapshot)
  const isWhole = () => typeof kept !== 'string'
  if (await isLost(host, snapshot, record)) {
    if (!isWhole()) await dropFrom(host, snapshot, record)
    // Another machine may have the disks by now; then nothing of it is left unused.
    if (!(await machines.isAlive(record.id))) await repairQuiet(host, snapshot)
    if (!isWhole()) {
      await records.keep({ ...snapshot, lostToken: call.context.token })
      throw gone(snapshot)
    }
  }
  try {
    if (!isWhole()) await put(host, snapshot, record)
  } catch (error) {
    // It writes memory and hears nothing, or it is dead: looked at again, it is known which.
    if (error instanceof QmpLost) return { kind: 'pending', handle: handleOf(call), pollAfterMs: 500 }
    if (error instanceof Refusal || error instanceof QmpRefused) await records.drop(snapshot)
    throw error
  }
  kept = await keptOn(host, snapshot)
  if (typeof kept === 'string') throw new Error(`VM snapshot ${snapshot.id} was kept on ${kept} of its disks`)
  // Complete last: whoever is killed before that comes here again.
  const now = records.get('instance', record.id)!
  if (now.current === snapshot.parent) await records.keep({ ...now, current: snapshot.id })
  const complete = await records.keep({ ...snapshot, isComplete: true })
  await dismiss(host, complete)
  return done(vmSnapshotFacts(complete, kept))
}

/** Takes one away, with its name on every disk. */
export async function dropVmSnapshot(host: Host, snapshot: VmSnapshotRecord): Promise<void> {
  const { records, now } = host
  const record = records.get('instance', snapshot.instance)
  await dropFrom(host, snapshot, record)
  for (const child of records.vmSnapshotsOf(snapshot.instance))
    if (child.parent === snapshot.id) await records.keep({ ...child, parent: snapshot.parent })
  const after = records.get('instance', snapshot.instance)
  if (after?.current === snapshot.id) await records.keep({ ...after, current: snapshot.parent })
  await dismiss(host, snapshot)
  // Last: until all of it is away it counts as kept, and goes with its instance at the latest.
  if (snapshot.goneAt === undefined) await records.keep({ ...snapshot, goneAt: now() })
}

export async function vmSnapshotDelete(host: Host, call: Call): Promise<Outcome> {
  const snapshot = host.records.any('vmSnapshot', call.spec.snapshot)
  if (snapshot === undefined || snapshot.instance !== call.id) return done({}, true)
  const already = snapshot.goneAt !== undefined || snapshot.lostToken !== undefined
  await dropVmSnapshot(host, snapshot)
  return done({}, already)
}
