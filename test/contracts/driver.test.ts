/** Every kind of simulated provider keeps the contract that real ones have to keep. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/driver.ts'
import { type SimulatedDriver, type SimulatedOptions, simulated } from '../../src/drivers/simulated/index.ts'
import {
  capabilityProofs,
  type DriverSubject,
  driverClauses,
  driverContract,
} from '../../src/testing/driver-contract.ts'

const subjectOf = (driver: SimulatedDriver, rest: Partial<DriverSubject> = {}): DriverSubject => {
  let current = driver
  return {
    driver,
    fail: (verb, fault) => current.failNext(verb as keyof typeof driver.calls, fault),
    endGuest: async instance => {
      current.powerOffGuest(instance)
    },
    cleanup: () => current.close!(),
    ...rest,
    reopen:
      rest.reopen &&
      (async () => {
        current = (await rest.reopen!()) as SimulatedDriver
        return current
      }),
  }
}
const inMemory = (options: SimulatedOptions) => async () =>
  subjectOf(simulated({ latencyMs: { min: 0, max: 2 }, ...options }))

const onFile = (options: SimulatedOptions, leave: (driver: SimulatedDriver) => Promise<void>) => async () => {
  const folder = mkdtempSync(join(tmpdir(), 'simulated-'))
  const opened: SimulatedDriver[] = []
  const open = () => {
    const driver = simulated({ latencyMs: { min: 0, max: 2 }, ...options, file: join(folder, 'provider.db') })
    opened.push(driver)
    return driver
  }
  return subjectOf(open(), {
    reopen: async () => {
      await leave(opened.at(-1)!)
      return open()
    },
    cleanup: async () => {
      for (const driver of opened) await driver.close!()
      rmSync(folder, { recursive: true })
    },
  })
}

const runner = { describe, it, expect }
driverContract({ name: 'a simulated provider in memory', make: inMemory({}) }, runner)
driverContract({ name: 'an instant provider', make: inMemory({ instant: true }) }, runner)
driverContract({ name: 'a provider on a file, closed and opened', make: onFile({}, driver => driver.close!()) }, runner)
driverContract({ name: 'a provider on a file, abandoned and opened', make: onFile({}, async () => {}) }, runner)
driverContract(
  { name: 'an instant provider on a file, abandoned and opened', make: onFile({ instant: true }, async () => {}) },
  runner,
)

/** The classes of providers that lifecycle rules have to be right for. (spec: stateful-and-deltacloud 3a.3.) */
const classes: Readonly<Record<string, DeclaredCapabilities>> = {
  'ephemeral (A)': {
    clonesOnLaunch: 'always',
    bootFromVolume: false,
    stop: 'destroys',
    start: 'none',
    destroyFrom: ['running'],
    rootOnDestroy: 'deletes',
  },
  'template clone (C)': {
    clonesOnLaunch: 'always',
    bootFromVolume: false,
    stateAfterCreate: 'stopped',
    destroyFrom: ['stopped'],
    rootOnDestroy: 'deletes',
  },
  'direct image (D)': {
    bootFromVolume: false,
    canCreateVolumeFromImage: false,
    stateAfterCreate: 'stopped',
    destroyFrom: ['stopped'],
    volume: { grow: 'none' },
    volumeAttach: { max: 0 },
  },
  'storage first (E)': { destroyFrom: ['stopped'], volume: { grow: 'offline' }, volumeAttach: { max: 4 } },
  'no stop at all (F)': {
    clonesOnLaunch: 'always',
    bootFromVolume: false,
    stop: 'none',
    start: 'none',
    reboot: 'none',
    destroyFrom: ['running'],
  },
  'roots deleted, suspend and pause': {
    rootOnDestroy: 'deletes',
    attachmentsOnDestroy: 'deletes',
    suspend: 'disk',
    pause: true,
  },
  'without idempotency': { idempotency: { by: 'none' } },
  'with tokens, not ids': { idempotency: { by: 'token' } },
}
for (const [name, capabilities] of Object.entries(classes)) {
  driverContract({ name: `a provider of the class ${name}`, make: inMemory({ instant: true, capabilities }) }, runner)
}

describe('the driver contract', () => {
  it('names for each proven capability a clause that exists', () => {
    const titles = Object.values(driverClauses).flatMap(clauses => clauses.map(({ title }) => title))
    expect(new Set(titles).size).toBe(titles.length)
    for (const proof of Object.values(capabilityProofs)) {
      if ('provenBy' in proof) expect(titles).toContain(proof.provenBy)
    }
  })
})
