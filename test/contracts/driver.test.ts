/** Every kind of simulated provider keeps the contract that real ones have to keep. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type SimulatedDriver,
  type SimulatedOptions,
  simulated,
  simulatedClasses,
} from '../../src/drivers/simulated/index.ts'
import {
  capabilityProofs,
  type DriverSubject,
  driverClauses,
  driverContract,
} from '../../src/testing/driver-contract.ts'
import { quick, subjectOf } from '../drivers/subject.ts'

const inMemory = (options: SimulatedOptions) => async () => subjectOf(simulated({ ...quick, ...options }))

const onFile = (options: SimulatedOptions, leave: (driver: SimulatedDriver) => Promise<void>) => async () => {
  const folder = mkdtempSync(join(tmpdir(), 'simulated-'))
  const opened: SimulatedDriver[] = []
  const open = () => {
    const driver = simulated({ ...quick, ...options, file: join(folder, 'provider.db') })
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
/** Size costs nothing here. */
const sizeBytesMax = Number.MAX_SAFE_INTEGER
const contract = (name: string, make: () => Promise<DriverSubject>) =>
  driverContract({ name, make, sizeBytesMax }, runner)

contract('a simulated provider in memory', inMemory({}))
contract('an instant provider', inMemory({ instant: true }))
contract(
  'a provider on a file, closed and opened',
  onFile({}, driver => driver.close!()),
)
contract(
  'an instant provider on a file, abandoned and opened',
  onFile({ instant: true }, async () => {}),
)
for (const [name, capabilities] of Object.entries(simulatedClasses))
  contract(`a provider of class ${name}`, inMemory({ instant: true, capabilities }))

const { A, B, D } = simulatedClasses
const others: Readonly<Record<string, SimulatedOptions>> = {
  'direct images and no clones': { capabilities: { ...D, canCloneImage: false, canDeleteClone: false } },
  'shared images': { capabilities: { ...D, imageExclusive: false } },
  'an image that offers less': {
    capabilities: B,
    images: { image: { stop: 'destroys', rootOnDestroy: 'deletes', suspend: 'none' } },
  },
  'destroying by stopping': { capabilities: { ...A, destroy: 'viaStop', rootOnDestroy: 'byFlag' } },
  'images that it takes away, before the disks that were made of them': { capabilities: { canDeleteImage: true } },
  'images that it takes away, after those': { capabilities: { canDeleteImage: true, cloneKind: 'cow' } },
  'cow clones, volumes for several instances, snapshots that need their volume': {
    capabilities: {
      cloneKind: 'cow',
      volumeAttach: { hotPlug: true, hotUnplug: true, max: 3, multiAttach: true, detachNeedsGuest: true },
      volumeSnapshot: { of: ['available', 'in-use'] },
      volume: { minBytes: 4096, stepBytes: 512, maxBytes: 1024 ** 4 },
    },
  },
  'everything deleted, no wish heard for certain, memory in steps': {
    capabilities: {
      rootOnDestroy: 'deletes',
      attachmentsOnDestroy: 'deletes',
      graceful: 'fire-and-forget',
      suspend: 'memory',
      limits: { memoryMultipleMiB: 4 },
    },
  },
  'no idempotency': { capabilities: { idempotency: { by: 'none' } } },
  'tokens, not ids, and answers at once': {
    capabilities: {
      idempotency: { by: 'token' },
      async: { volumeEnsure: 'sync', volumeDelete: 'sync', instanceEnsure: 'sync', instancePower: 'callback' },
    },
  },
}
for (const [name, options] of Object.entries(others))
  contract(`a provider with ${name}`, inMemory({ instant: true, ...options }))

describe('the driver contract', () => {
  it('names for each capability a clause that exists, and no two clauses alike', () => {
    const titles = Object.values(driverClauses).flatMap(clauses => clauses.map(({ title }) => title))
    expect(new Set(titles).size).toBe(titles.length)
    for (const title of Object.values(capabilityProofs)) expect(titles).toContain(title)
  })
})
