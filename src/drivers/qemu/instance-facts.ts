/** What an instance is like now: what was asked for, and what its process says. */
import { hostname } from 'node:os'
import type { Facts } from '../driver.ts'
import { machineName } from './command-line.ts'
import type { Sighting } from './machines.ts'
import type { InstanceRecord } from './records.ts'

export type Status = 'running' | 'paused' | 'stopped'

/** A process that waits to be run, or whose guest has ended, runs nothing. */
const notRunning = new Set(['prelaunch', 'inmigrate', 'shutdown', 'guest-panicked', 'internal-error'])

/** Is this the process of the launch that the record is about? */
export const isOfLaunch = (record: InstanceRecord, seen: Sighting): boolean =>
  seen.isAlive && seen.name === machineName(record.id, record.generation)

export const statusOf = (record: InstanceRecord, seen: Sighting): Status => {
  if (!seen.isAlive || !isOfLaunch(record, seen) || notRunning.has(seen.runState)) return 'stopped'
  return seen.runState === 'running' ? 'running' : 'paused'
}

const reasonOf = (record: InstanceRecord, seen: Sighting): Facts => {
  if (seen.isAlive && seen.runState === 'io-error') return { pauseReason: 'io-error' }
  if (record.isOff || record.launched < record.generation) return {}
  if (!seen.isAlive) return { endReason: 'vanished' }
  if (seen.runState === 'shutdown') return { endReason: 'guest-shutdown' }
  return seen.runState === 'guest-panicked' ? { endReason: 'guest-panic' } : {}
}

export const instanceFacts = (record: InstanceRecord, seen: Sighting): Facts => ({
  status: statusOf(record, seen),
  generation: record.generation,
  host: hostname(),
  vcpus: record.vcpus,
  memoryBytes: record.memoryBytes,
  ...reasonOf(record, seen),
})
