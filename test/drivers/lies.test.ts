/**
 * The driver contract catches a driver that declares what is not true, whatever it is about; and the clause that catches
 * it is kept by a driver that declares the same and means it. (spec: stateful-and-deltacloud 3a.1 point 5, 3a.9 P11.)
 */
import { describe, expect, it, vi } from 'vitest'
import { vocabulary } from '../../src/drivers/capabilities.ts'
import type { Driver } from '../../src/drivers/driver.ts'
import { entriesOf, isGroup } from '../../src/drivers/entries.ts'
import { realClock } from '../../src/drivers/simulated/clock.ts'
import { type SimulatedOptions, simulated, simulatedOddities } from '../../src/drivers/simulated/index.ts'
import { type CapabilityName, capabilityProofs, driverClauses, keepsClause } from '../../src/testing/driver-contract.ts'
import { type Lie, lies, oddities } from './lies.ts'
import { subjectOf } from './subject.ts'

const clauses = new Map(Object.values(driverClauses).flatMap(all => all.map(clause => [clause.title, clause])))

/** Looked at anew each time: another time may have begun. */
const clock = { ...realClock, now: () => Date.now() }

/** Whether a driver keeps a clause, breaks it, or can not be asked for it. */
const verdict = async (title: string, options: SimulatedOptions, wraps?: Lie['wraps']): Promise<string> => {
  const make = async () => {
    const driver = simulated({ instant: true, clock, ...options })
    return { ...subjectOf(driver), driver: wraps ? wraps(driver) : (driver as Driver) }
  }
  const contract = { name: 'one that is held to a clause', make, sizeBytesMax: Number.MAX_SAFE_INTEGER }
  try {
    const skipped = await keepsClause(contract, clauses.get(title)!, expect)
    return skipped === undefined ? 'keeps it' : `skips it: ${skipped}`
  } catch {
    return 'breaks it'
  }
}

/**
 * Some clauses measure how long a driver takes: here time passes only where somebody waits for it, so that one that is
 * honest is in time on a loaded computer too, and one that is late is late.
 */
async function inItsOwnTime<T>(work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  try {
    let isOver = false
    const result = work().finally(() => {
      isOver = true
    })
    while (!isOver) {
      await new Promise(setImmediate)
      await vi.advanceTimersToNextTimerAsync()
    }
    return await result
  } finally {
    vi.useRealTimers()
  }
}

const listed = (lie: Lie | readonly Lie[]): readonly Lie[] => (Array.isArray(lie) ? lie : [lie as Lie])
const table = (Object.keys(capabilityProofs) as CapabilityName[]).flatMap(name =>
  listed(lies[name]).map((lie, at) => ({ name: at === 0 ? name : `${name}, in another way`, capability: name, lie })),
)

describe('a driver that lies about', () => {
  it('any entry of the vocabulary has its lie here', () => {
    const names = Object.entries(entriesOf(vocabulary).entries).flatMap(([name, each]) =>
      isGroup(each) ? Object.keys(each.entries).map(part => `${name}.${part}`) : [name],
    )
    expect(Object.keys(lies).sort()).toEqual(names.sort())
  })

  it.each(table)('$name is caught', async ({ capability, lie }) => {
    const { declares = {}, can, otherwise, wraps, caughtBy = capabilityProofs[capability] } = lie
    const lying = { ...otherwise, capabilities: declares, abilities: can }
    expect(await inItsOwnTime(() => verdict(caughtBy, lying, wraps))).toBe('breaks it')
    const honest = await inItsOwnTime(() => verdict(caughtBy, { capabilities: declares }))
    expect(honest).toBe(lie.nobodyCan ? 'breaks it' : 'keeps it')
  })
})

describe('a driver like a real one', () => {
  it.each(Object.entries(oddities))('with a %s is caught', async (name, title) => {
    const { capabilities, ...odd } = simulatedOddities[name as keyof typeof oddities]
    expect(await verdict(title, { capabilities, ...odd })).toBe('breaks it')
    expect(await verdict(title, { capabilities })).toBe('keeps it')
  })
})
