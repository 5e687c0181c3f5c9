/** Launching, pausing and ending machines. */
import type { Outcome, PowerSpec } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import { isPoolFull } from './capacity.ts'
import { devicesOnly, placed } from './devices.ts'
import type { Host } from './host.ts'
import { launchOf, sizeOnly } from './instance-calls.ts'
import { endReasonOf, instanceFacts, isOfLaunch, isStarting, pauseMessage, statusOf } from './instance-facts.ts'
import { type Sighting, sighted } from './machines.ts'
import { outcomeOf } from './outcome-of.ts'
import { startProcess } from './process-start.ts'
import { QmpLost } from './qmp.ts'
import type { InstanceRecord } from './records.ts'
import { forgetMemory, suspend, wake } from './suspending.ts'
import { type Call, handleOf } from './work.ts'

/** The button is pressed again after this: a guest that was not up yet did not hear it. */
const pressAgainMs = 5_000
const lookAgainMs = 250

const found = async ({ machines }: Host, record: InstanceRecord, already: boolean): Promise<Outcome> =>
  done(instanceFacts(record, await machines.look(record.id)), already)

/** The process is there before its launch is recorded, and its guest runs only after: so no guest is ever run twice. */
const run = async (host: Host, record: InstanceRecord): Promise<Outcome> => {
  const { records, machines } = host
  const launched = await records.keep({
    ...record,
    launched: record.generation,
    ...{ isOff: false, stoppingSince: undefined, underway: undefined, endReason: undefined },
  })
  const seen = await machines.talk(record.id, async qmp => {
    await qmp.execute('cont')
    return sighted(qmp)
  })
  return done(instanceFacts(launched, seen))
}

const launch = async (host: Host, known: InstanceRecord, spec: PowerSpec, seen: Sighting): Promise<Outcome> => {
  const { records, machines } = host
  const { id } = known
  // Started by us before, and we were killed before it was written down.
  const isStarted = isOfLaunch({ ...known, generation: spec.generation }, seen)
  if (!isStarted && statusOf(known, seen) !== 'stopped') {
    return rejected(
      'precondition',
      `instance ${id}: launch ${known.generation} still runs; stop it before launch ${spec.generation}`,
    )
  }
  const devices = spec.devices ?? known.devices
  const { vcpus = known.vcpus, memoryBytes = known.memoryBytes } = spec
  const { userData, userDataEncoding } = spec.userData === undefined ? known : spec
  let record: InstanceRecord | undefined
  try {
    sizeOnly(id, { vcpus, memoryBytes })
    await devicesOnly(host, id, devices)
    record = await records.keep({
      ...known,
      ...{ vcpus, memoryBytes, userData, userDataEncoding, generation: spec.generation },
      ...{ devices: placed(devices, known.devices), isOff: false, stoppingSince: undefined, underway: undefined },
      ...(isStarted ? {} : { machine: await machines.machineType(), accelerator: machines.accelerator }),
    })
    if (!isStarted) {
      // What an earlier launch left: its guest has ended, its process still has the disks.
      await machines.end(id)
      await startProcess(host, record)
    }
  } catch (error) {
    const { kind } = outcomeOf({ verb: 'instancePower', id }, error, new AbortController().signal)
    if (kind === 'rejected') await leaveOff(host, known, record ?? known)
    throw error
  }
  return run(host, record)
}

/**
 * After a certain no it has what it had before. What was begun of the same launch by somebody who was killed is not that:
 * then it was stopped, with nothing, and what was started ends.
 */
const leaveOff = async ({ records, machines }: Host, known: InstanceRecord, record: InstanceRecord): Promise<void> => {
  const { id, generation, launched, devices, spec } = known
  const isHalf = generation === record.generation && launched < generation && generation > spec.generation
  if (isHalf) await machines.endStarting(id)
  await records.keep({ ...record, devices: isHalf ? [] : devices })
}

/** Nobody asks for the end of what has ended: it has no disks any more, and why it ended is not lost with them. */
const letGo = async ({ records, machines }: Host, record: InstanceRecord, seen: Sighting): Promise<void> => {
  await records.keep({ ...record, devices: [], endReason: endReasonOf(record, seen) })
  await machines.end(record.id)
}

const turnOn = async (host: Host, record: InstanceRecord, spec: PowerSpec): Promise<Outcome> => {
  const seen = await host.machines.look(record.id)
  if (spec.generation > record.launched) return launch(host, record, spec, seen)
  const status = statusOf(record, seen)
  if (status === 'running') return found(host, record, true)
  if (status === 'suspended') return run(host, await wake(host, record))
  const isHeld = status === 'paused' || (seen.isAlive && isOfLaunch(record, seen) && seen.runState === 'prelaunch')
  if (isHeld) {
    const isFull = seen.isAlive && seen.unwritten?.some(each => each.isFull)
    if (isFull && (await isPoolFull(host)))
      return rejected('exhausted', `instance ${record.id}: ${pauseMessage(record, seen)}`)
    return run(host, record)
  }
  await letGo(host, record, seen)
  return rejected('ended', `instance ${record.id}: launch ${spec.generation} has ended; start the next one`)
}

/** A process that does not answer can still be ended. */
const unanswered = (error: unknown): undefined => {
  if (!(error instanceof QmpLost)) throw error
}

const turnOff = async (host: Host, call: Call, known: InstanceRecord): Promise<Outcome> => {
  const { records, machines, gracefulMs, now } = host
  const spec = call.spec as PowerSpec
  const { id } = known
  const seen = await machines.look(id).catch(unanswered)
  const already = seen !== undefined && statusOf(known, seen) === 'stopped'
  let endedBy = known.stoppingSince === undefined ? undefined : 'guest'
  if (!already) {
    const since = known.stoppingSince ?? now()
    const leftMs = since + gracefulMs - now()
    // Nobody asks a guest that is not in memory.
    if (spec.mode === 'graceful' && leftMs > 0 && !known.isSuspended) {
      if (known.stoppingSince === undefined) await records.keep({ ...known, stoppingSince: since })
      if (seen) await press(host, known, seen, since)
      return { kind: 'pending', handle: handleOf(call), pollAfterMs: Math.min(lookAgainMs, leftMs) }
    }
    endedBy = 'force'
  }
  await (isStarting(known) ? machines.endStarting(id) : machines.end(id))
  // A stopped instance holds no volume: what is detached or deleted meanwhile must not wait for it.
  const { generation } = spec
  const kept = await records.keep({
    ...known,
    ...{ generation, launched: generation, isOff: true, devices: [], stoppingSince: undefined },
    ...{ underway: undefined, endReason: undefined, isSuspended: undefined },
  })
  await forgetMemory(host, known)
  return done({ ...instanceFacts(kept, { isAlive: false }), endedBy }, already)
}

const pressedAt = new WeakMap<Host, Map<string, number>>()

/** That the button was accepted means nothing: only the end of the guest does. */
const press = async (host: Host, { id }: InstanceRecord, seen: Sighting, since: number): Promise<void> => {
  const times = pressedAt.get(host) ?? new Map<string, number>()
  pressedAt.set(host, times)
  const last = times.get(id)
  if (last !== undefined && last >= since && host.now() - last < pressAgainMs) return
  times.set(id, host.now())
  await host.machines.talk(id, async qmp => {
    // A guest that is held hears nothing.
    if (seen.isAlive && (seen.runState === 'paused' || seen.runState === 'io-error')) await qmp.execute('cont')
    await qmp.execute('system_powerdown')
  })
}

const putToRest = async (host: Host, record: InstanceRecord, token: string): Promise<Outcome> => {
  const already = record.isSuspended === true
  const suspended = already ? record : await suspend(host, record, token)
  // What it had in memory is on the disk: its process has nothing any more that is not there.
  await host.machines.end(record.id)
  return found(host, suspended, already)
}

export async function instancePower(host: Host, call: Call): Promise<Outcome> {
  const spec = call.spec as PowerSpec
  const { id } = call
  const { want } = spec
  const record = launchOf(host, id, spec.generation)
  if (want === 'running') return turnOn(host, record, spec)
  if (want === 'off') return turnOff(host, call, record)
  if (want === 'suspended') return putToRest(host, record, call.context.token)
  const status = statusOf(record, await host.machines.look(id))
  if (status === 'paused') return found(host, record, true)
  if (status !== 'running') return rejected('precondition', `instance ${id} is ${status}; only a running one is paused`)
  await host.machines.talk(id, qmp => qmp.execute('stop'))
  return found(host, record, false)
}
