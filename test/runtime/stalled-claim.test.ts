import { describe, expect, it } from 'vitest'
import { claim } from '../../machines/grammar.ts'
import { bulb, ration } from './bulb.ts'
import { lamp } from './light.ts'
import { copyOf, inventory, openWith } from './setting.ts'

/** The ration, whose fold throws at returned bulbs while it is broken. */
const fragile = (state: { isBroken: boolean }, version = 1) => ({
  ...ration,
  version,
  fold: ((row, event, key) => {
    if (state.isBroken && event.type === 'bulb.returnRequested') throw new Error('a bug of this view')
    return ration.fold(row, event, key)
  }) as typeof ration.fold,
})
const stalled = { name: 'Unavailable', code: 'viewStalled', cause: { message: 'a bug of this view' } }

/** Three bulbs taken and one of them returned; then the view is opened in a new version, which is broken. */
async function broken(bulbs = bulb) {
  const state = { isBroken: false }
  const given = { kinds: { bulb: bulbs, lamp }, projections: { inventory, ration: fragile(state, 2) } }
  const before = await openWith({ ...given, projections: { inventory, ration: fragile(state) } })
  const [one] = await Promise.all([1, 2, 3].map(() => before.acme.bulb.take({})))
  await before.acme.bulb.return(one!.id)
  await before.engine.close()
  state.isBroken = true
  const setting = await openWith({ ...given, database: before.database })
  return { ...setting, state, reopen: () => openWith({ ...given, database: copyOf(setting.database) }) }
}

describe('a claimed view that could not be filled', () => {
  it('is named, and nothing is claimed from it, whatever is committed meanwhile', async () => {
    const { acme, engine } = await broken()
    expect(engine.health().stalledViews).toEqual([{ view: 'ration', cause: 'Error: a bug of this view' }])
    for (let n = 0; n < 3; n += 1) {
      await expect(acme.bulb.take({})).rejects.toMatchObject(stalled)
      await acme.lamp.make({ label: 'desk' })
    }
    expect(engine.health().stalledViews).toHaveLength(1)
  })

  it('keeps up nothing but claims: what it would only have folded goes on', async () => {
    const { acme, engine } = await broken()
    const [taken] = (await acme.list('bulb', { where: { state: 'taken' } })).items
    await expect(acme.bulb.return(taken!.id)).resolves.toMatchObject({ outcome: 'accepted' })
    expect(await acme.actions(taken!.id)).toEqual([{ command: 'return', answer: 'unchanged' }])
    expect(engine.health().stalledViews).toHaveLength(1)
  })

  it('is the reason for which an action that claims is refused', async () => {
    const claiming = { ...bulb.commands.return, needs: { ration: claim('ration') } }
    const { acme } = await broken({ ...bulb, commands: { ...bulb.commands, return: claiming } })
    const [taken] = (await acme.list('bulb', { where: { state: 'taken' } })).items
    expect(await acme.actions(taken!.id)).toMatchObject([
      { command: 'return', answer: 'refused', reasons: [{ code: 'viewStalled' }] },
    ])
  })

  it('is whole again, with what came meanwhile, once a rebuild has succeeded', async () => {
    const { acme, engine, state } = await broken()
    const [taken] = (await acme.list('bulb', { where: { state: 'taken' } })).items
    await acme.bulb.return(taken!.id)
    state.isBroken = false
    await engine.rebuild('ration')
    expect(engine.health().stalledViews).toEqual([])
    expect(await engine.views.ration.get('acme')).toEqual({ account: 'acme', bulbs: 1 })
    await acme.bulb.take({})
    expect(await engine.views.ration.get('acme')).toEqual({ account: 'acme', bulbs: 2 })
  })

  it('is not taken for complete by the next engine, which rebuilds it', async () => {
    const { acme, state, reopen } = await broken()
    await acme.lamp.make({ label: 'desk' })
    state.isBroken = false
    const after = await reopen()
    expect(after.engine.recovery.views).toContain('ration')
    expect(await after.engine.views.ration.get('acme')).toEqual({ account: 'acme', bulbs: 2 })
    await expect(after.acme.bulb.take({})).resolves.toMatchObject({ outcome: 'accepted' })
  })

  it('does not keep the next engine from opening while it is broken', async () => {
    const { acme, reopen } = await broken()
    await acme.lamp.make({ label: 'desk' })
    const after = await reopen()
    expect(after.engine.health().stalledViews).toMatchObject([{ view: 'ration' }])
    await expect(after.acme.bulb.take({})).rejects.toMatchObject(stalled)
    await expect(after.acme.lamp.make({ label: 'hall' })).resolves.toMatchObject({ outcome: 'accepted' })
  })

  it('is known by its own name, whatever the engine calls it', async () => {
    const state = { isBroken: false }
    const opened = (version: number, database?: Awaited<ReturnType<typeof broken>>['database']) =>
      openWith({ kinds: { bulb }, projections: { inventory, allowance: fragile(state, version) }, database })
    const before = await opened(1)
    const { id } = await before.acme.bulb.take({})
    await before.acme.bulb.return(id)
    await before.engine.close()
    state.isBroken = true
    const { acme, engine } = await opened(2, before.database)
    await expect(acme.bulb.take({})).rejects.toMatchObject(stalled)
    state.isBroken = false
    await engine.rebuild('allowance')
    await expect(acme.bulb.take({})).resolves.toMatchObject({ outcome: 'accepted' })
  })

  it('stays stalled while a rebuild fails', async () => {
    const { acme, engine } = await broken()
    await expect(engine.rebuild('ration')).rejects.toThrow('a bug of this view')
    expect(engine.health().stalledViews).toHaveLength(1)
    await expect(acme.bulb.take({})).rejects.toMatchObject(stalled)
  })

  it('that nobody has is said to be none', async () => {
    const { engine } = await broken()
    const wrong = { name: 'InvalidRequest', field: 'view', message: expect.stringContaining('inventory, ration') }
    await expect(engine.rebuild('rations' as never)).rejects.toMatchObject(wrong)
    expect(engine.health().stalledViews).toHaveLength(1)
  })
})
