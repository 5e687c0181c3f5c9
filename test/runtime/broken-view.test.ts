import { describe, expect, it } from 'vitest'
import { projection } from '../../projections/contract.ts'
import { lamp } from './light.ts'
import { inventory, openWith, outcomeOf } from './setting.ts'

const kinds = { lamp }
const counted = (state: { isBroken: boolean }) =>
  projection({
    name: 'counted',
    version: 1,
    key: 'account',
    columns: { account: 'text', events: 'integer' },
    keys: event => [event.account],
    fold: (row: { account: string; events: number } | undefined, { account, type }) => {
      if (state.isBroken && type === 'lamp.lockRequested') throw new Error('a bug of this view')
      return { account, events: (row?.events ?? 0) + 1 }
    },
  })

describe('a view with a bug', () => {
  it('whose rows hold what no column can is set aside, and commands go on', async () => {
    const flags = projection({
      name: 'flags',
      version: 1,
      key: 'id',
      columns: { id: 'text', isDark: 'integer' },
      keys: event => [event.resource],
      fold: (_: { id: string; isDark: number } | undefined, { resource, state }) => ({
        id: resource,
        isDark: (state === 'dark') as never,
      }),
    })
    const given = { kinds, projections: { inventory, flags }, behindMax: 2 } as const
    const { acme, engine, database } = await openWith(given)
    const outcomes = []
    for (let n = 0; n < 8; n += 1) outcomes.push((await outcomeOf(acme.lamp.make({ label: `${n}` }))).error)
    expect(outcomes).toEqual(Array(8).fill(undefined))
    expect((await acme.list('lamp')).items).toHaveLength(8)
    expect(engine.health().stalledViews).toMatchObject([{ view: 'flags', cause: expect.stringContaining('isDark') }])
    await engine.close()
    const after = await openWith({ ...given, database })
    expect(after.engine.health().stalledViews).toMatchObject([{ view: 'flags' }])
  })

  it('that cannot be rebuilt says so, and stays whole as it was', async () => {
    const state = { isBroken: false }
    const projections = { inventory, counted: counted(state) }
    const { acme, engine } = await openWith({ kinds, projections })
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.lock(id, { locked: true })
    await engine.flush()
    state.isBroken = true
    await expect(engine.rebuild('counted')).rejects.toThrow('a bug of this view')
    expect(engine.health().stalledViews).toEqual([])
    await acme.lamp.make({ label: 'shelf' })
    expect(await engine.views.counted.get('acme')).toEqual({ account: 'acme', events: 3 })
  })

  it('does not keep the others from being rebuilt with it', async () => {
    const state = { isBroken: false }
    const projections = { inventory, counted: counted(state) }
    const { acme, engine, database } = await openWith({ kinds, projections })
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.lock(id, { locked: true })
    await engine.flush()
    database.exec('delete from inventory')
    state.isBroken = true
    await expect(engine.rebuild()).rejects.toThrow('a bug of this view')
    expect((await acme.list('lamp')).items).toMatchObject([{ id, version: 2 }])
  })

  it('that cannot be filled when the engine opens is whole after the bug is gone', async () => {
    const state = { isBroken: false }
    const given = { kinds, projections: { inventory, counted: counted(state) } }
    const { acme, engine, database } = await openWith({ kinds, projections: { inventory } })
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.lock(id, { locked: true })
    await engine.close()
    state.isBroken = true
    const stalled = await openWith({ ...given, database })
    expect(stalled.engine.health().stalledViews).toMatchObject([{ view: 'counted' }])
    await stalled.acme.lamp.make({ label: 'shelf' })
    await stalled.engine.close()
    state.isBroken = false
    const after = await openWith({ ...given, database })
    expect(await after.engine.views.counted.get('acme')).toEqual({ account: 'acme', events: 3 })
  })
})
