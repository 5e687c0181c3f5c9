import { describe, expect, it } from 'vitest'
import { projection } from '../../projections/contract.ts'
import type { Driver, Outcome } from '../../src/drivers/driver.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { lamp } from './light.ts'

const inventory = projection({
  name: 'inventory',
  version: 1,
  key: 'id',
  columns: { id: 'text', kind: 'text', account: 'text', state: 'text', version: 'integer' },
  keys: event => [event.resource],
  fold: (_row: { id: string; kind: string; account: string; state: string; version: number } | undefined, event) => ({
    id: event.resource,
    kind: event.kind,
    account: event.account,
    state: event.state.split('.')[0]!,
    version: event.version,
  }),
})
const done: Outcome = { kind: 'done', already: false, facts: {} }
const lab = (overrides: Partial<Driver> = {}): Driver =>
  Object.assign(
    simulated({ instant: true }),
    { instanceEnsure: async () => done, instanceDestroy: async () => done },
    overrides,
  ) as Driver

const open = (driver = lab(), path = ':memory:') =>
  createEngine({ kinds: { lamp }, projections: { inventory }, store: sqlite(path), drivers: { lab: driver } })

describe('the engine', () => {
  it('carries a resource through its life', async () => {
    const engine = await open()
    const acme = engine.as({ account: 'acme', actor: 'ops' })
    const { id, state } = await acme.lamp.make({ label: 'desk' })
    expect(state).toBe('dark')
    await acme.lamp.light(id)
    expect(await acme.settled(id)).toBe('burning')
    expect(await acme.get(id)).toMatchObject({ id, state: 'burning', account: 'acme' })
    const types = []
    for await (const event of acme.history(id)) types.push(event.type)
    expect(types).toEqual(['lamp.makeRequested', 'lamp.lightRequested', 'lamp.lit'])
    await engine.close()
  })

  it('refuses with every reason and writes nothing', async () => {
    const engine = await open()
    const acme = engine.as({ account: 'acme', actor: 'ops' })
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.lock(id, { locked: true })
    const before = engine.health().position
    await expect(acme.lamp.light(id)).rejects.toMatchObject({ code: 'locked', state: 'dark', resource: id })
    await expect(engine.as({ account: 'other', actor: 'x' }).lamp.light(id)).rejects.toMatchObject({ code: 'notFound' })
    await expect(acme.lamp.make({ label: 3 } as never)).rejects.toMatchObject({ code: 'invalidInput', field: 'label' })
    expect(engine.health().position).toBe(before)
    await engine.close()
  })
})
