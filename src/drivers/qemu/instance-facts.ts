/** What an instance is like now: what was asked for, and what its process says. */
import { hostname } from 'node:os'
import type { Facts } from '../driver.ts'
import { machineName } from './command-line.ts'
import type { Alive, Sighting } from './machines.ts'
import { nodeOf } from './pool.ts'
import type { InstanceRecord, Status } from './records.ts'

/** A process that waits to be run, or whose guest has ended, runs nothing. */
const notRunning = new Set(['prelaunch', 'inmigrate', 'shutdown', 'guest-panicked', 'internal-error'])
/** It stands still for a moment and goes on by itself. */
const goesOn = new Set(['running', 'save-vm'])

/** Is this the process of the launch that the record is about? */
export const isOfLaunch = (record: InstanceRecord, seen: Sighting): boolean =>
  seen.isAlive && seen.name === machineName(record.id, record.generation)

/** May somebody who was killed have begun to start a process that is not to be seen yet? */
export const isStarting = ({ launched, generation, isSuspended }: InstanceRecord): boolean =>
  launched < generation || isSuspended === true

/** What its process does, whatever is being done to it. */
export const statusOf = (record: InstanceRecord, seen: Sighting): Status => {
  if (record.isSuspended) return 'suspended'
  if (!seen.isAlive || !isOfLaunch(record, seen) || notRunning.has(seen.runState)) return 'stopped'
  return goesOn.has(seen.runState) ? 'running' : 'paused'
}

/** A guest that could not write waits, and tries again when it goes on: it notices nothing. */
export const pauseMessage = ({ devices }: InstanceRecord, { unwritten = [] }: Alive): string => {
  const volumes = devices.filter(({ volume }) => unwritten.some(({ node }) => node === nodeOf(volume)))
  const what = unwritten.some(({ isFull }) => isFull) ? 'no space is left' : 'the disk can not be written'
  const which = volumes.map(({ volume }) => volume).join(', ')
  return `${what}${which && ` for ${which}`}; make room, and start it: its guest goes on where it was`
}

const reasonOf = (record: InstanceRecord, seen: Sighting): Facts => {
  if (seen.isAlive && seen.runState === 'io-error')
    return { pauseReason: 'io-error', pauseMessage: pauseMessage(record, seen) }
  if (record.isOff || record.isSuspended || record.underway || record.launched < record.generation) return {}
  if (!seen.isAlive) return { endReason: record.endReason ?? 'vanished' }
  if (seen.runState === 'shutdown') return { endReason: 'guest-shutdown' }
  return seen.runState === 'guest-panicked' ? { endReason: 'guest-panic' } : {}
}

/** Why the guest of this process has ended, to be kept before the process goes. */
export const endReasonOf = (record: InstanceRecord, seen: Sighting): string | undefined =>
  reasonOf(record, seen).endReason as string | undefined

export const instanceFacts = (record: InstanceRecord, seen: Sighting): Facts => ({
  // Between two steps of a call it is shown as it was: nobody is to take the middle of it for an end.
  status: record.underway?.shown ?? statusOf(record, seen),
  generation: record.generation,
  host: hostname(),
  vcpus: record.vcpus,
  memoryBytes: record.memoryBytes,
  ...reasonOf(record, seen),
})
