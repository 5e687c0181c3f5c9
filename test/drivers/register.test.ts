import { describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { capabilities, type Driver } from '../../src/drivers/driver.ts'
import { DriverRefused, registerDrivers } from '../../src/drivers/register.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'

const problemsOf = (drivers: Record<string, Driver>) => {
  try {
    registerDrivers(drivers)
  } catch (error) {
    if (error instanceof DriverRefused) return error
    throw error
  }
  throw new Error('the driver was registered')
}
const declaring = (declared: object): Driver => ({ ...simulated({ instant: true }), describe: () => declared as never })

describe('registering drivers', () => {
  it('gives each driver with its capabilities, defaults filled in', () => {
    const lab = simulated({ instant: true })
    const registered = registerDrivers({ lab })
    expect(registered.get('lab')!.driver).toBe(lab)
    expect(registered.get('lab')!.capabilities.limits.callsInFlightMax).toBe(64)
  })

  it('does not change afterwards', () => {
    const registered = registerDrivers({ lab: simulated({ instant: true }) }) as Map<string, unknown>
    expect(() => registered.set('other', {})).toThrow('do not change')
    expect(() => registered.clear()).toThrow('do not change')
    const { capabilities: declared } = registered.get('lab') as { capabilities: { zones: string[] } }
    expect(() => declared.zones.push('c')).toThrow(TypeError)
  })

  it('refuses a capability that nobody knows, by the name of driver and capability', () => {
    const refused = problemsOf({ lab: declaring({ ...capabilities({}), teleport: true }) })
    expect(refused.driver).toBe('lab')
    expect(refused.problems).toMatchObject([{ problem: 'unknownCapability', capability: 'teleport' }])
    expect(refused.message).toContain('lab')
    expect(refused.message).toContain('teleport')
  })

  it('refuses an unknown name within a group of capabilities', () => {
    const refused = problemsOf({ lab: declaring({ volumeAttach: { max: 3, hotSwap: true } }) })
    expect(refused.problems).toMatchObject([{ problem: 'unknownCapability', capability: 'volumeAttach.hotSwap' }])
  })

  it('refuses a value that a capability can not have', () => {
    const refused = problemsOf({ lab: declaring({ volume: { shrink: true } }) })
    expect(refused.problems).toMatchObject([{ problem: 'invalidCapability', capability: 'volume.shrink' }])
  })

  it('refuses a feature that nobody knows, which would be offered to nobody', () => {
    const refused = problemsOf({ lab: declaring({ features: { 'instances.create': { user_Data: {} } } }) })
    expect(refused.problems).toMatchObject([
      { problem: 'unknownCapability', capability: 'features.instances.create.user_Data' },
    ])
  })

  it.each<DeclaredCapabilities>([
    { destroy: 'viaStop' },
    { rootOnStop: 'deletes' },
    { vanishesAfterStop: true },
    { stop: 'destroys', start: 'none', vanishesAfterStop: false },
    { deleteOnTermination: false, rootOnDestroy: 'byFlag' },
    { consistency: { readAfterWrite: true, lagMs: 10 } },
  ])('refuses entries that can not both be true: %j', contradicting => {
    const lab = simulated({ instant: true, capabilities: contradicting })
    expect(problemsOf({ lab }).problems).toMatchObject([{ problem: 'contradiction' }])
  })

  it('refuses one that could not destroy what it keeps stopped', () => {
    const lab = simulated({ instant: true, capabilities: { destroyFrom: ['running'] } })
    expect(problemsOf({ lab }).problems).toMatchObject([{ problem: 'contradiction', capability: 'destroyFrom' }])
  })

  it('refuses one that could not destroy what has ended by itself', () => {
    const capabilities: DeclaredCapabilities = {
      stop: 'none',
      start: 'none',
      destroyFrom: ['running', 'pending', 'error'],
    }
    expect(problemsOf({ lab: simulated({ instant: true, capabilities }) }).problems).toMatchObject([
      { problem: 'contradiction', capability: 'destroyFrom' },
    ])
    const vanishing = { ...capabilities, vanishesAfterStop: true }
    expect(registerDrivers({ lab: simulated({ instant: true, capabilities: vanishing }) }).size).toBe(1)
  })

  it('refuses one that could not destroy what it has just created', () => {
    const capabilities: DeclaredCapabilities = {
      stop: 'none',
      start: 'none',
      vanishesAfterStop: true,
      stateAfterCreate: 'stopped',
      destroyFrom: ['running', 'pending', 'error'],
    }
    expect(problemsOf({ lab: simulated({ instant: true, capabilities }) }).problems).toMatchObject([
      { problem: 'contradiction', capability: 'destroyFrom' },
    ])
  })

  it('refuses a driver without a call that it promises, or that every driver has', () => {
    const { instanceReset: _, list: __, ...rest } = simulated({ instant: true })
    const refused = problemsOf({ lab: rest as unknown as Driver })
    expect(refused.problems).toMatchObject([
      { problem: 'missingCall', call: 'list' },
      { problem: 'missingCall', call: 'instanceReset' },
    ])
  })

  it('refuses a driver with a call that nothing promises', () => {
    const { attach, detach } = simulated({ instant: true })
    const without = simulated({ instant: true, capabilities: { volumeAttach: { max: 0 } } })
    const refused = problemsOf({ lab: { ...without, attach, detach } })
    expect(refused.problems).toMatchObject([
      { problem: 'undeclaredCall', call: 'attach' },
      { problem: 'undeclaredCall', call: 'detach' },
    ])
  })

  it('refuses a driver that can not describe itself, and keeps the cause', () => {
    const cause = new Error('no configuration')
    const describe = () => {
      throw cause
    }
    const refused = problemsOf({ lab: { ...simulated({ instant: true }), describe } })
    expect(refused.problems).toMatchObject([{ problem: 'describeFailed' }])
    expect(refused.cause).toBe(cause)
  })
})
