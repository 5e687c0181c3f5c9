import { describe, expect, it } from 'vitest'
import { domino } from './domino.ts'
import { lamp } from './light.ts'
import { contentOf, historyOf, inventory, logOf, openWith, outcomeOf, typesOf } from './setting.ts'

const open = () => openWith({ kinds: { domino, lamp }, projections: { inventory } })
type Setting = Awaited<ReturnType<typeof open>>

/** Dominoes in a row, the first linked to the second, and so on. */
async function row({ acme }: Setting, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) {
    const { id } = await acme.domino.stand({ next: ids.slice(0, 1) })
    ids.unshift(id)
  }
  return ids
}
/** Everything written, before and after something that must not write. */
async function written({ engine, database }: Setting) {
  await engine.flush()
  return contentOf(database)
}

describe('an event that is told', () => {
  it('is written in the same commit as what told it, and names its cause and its story', async () => {
    const setting = await open()
    const ids = await row(setting, 4)
    const commits = (await setting.engine.measures()).writer_commits!
    const { position } = await setting.acme.domino.push(ids[0]!)
    expect((await setting.engine.measures()).writer_commits).toBe(commits + 1)
    const events = (await logOf(setting.engine, 8)).slice(4)
    expect(events).toMatchObject([
      { type: 'domino.pushRequested', resource: ids[0], origin: 'requested', correlation: position },
      {
        type: 'domino.fell',
        resource: ids[1],
        origin: 'told',
        correlation: position,
        causation: position,
        data: { from: ids[0] },
      },
      { type: 'domino.fell', resource: ids[2], correlation: position, causation: position + 1 },
      { type: 'domino.fell', resource: ids[3], correlation: position, causation: position + 2 },
    ])
    for (const id of ids) expect(await setting.acme.get(id)).toMatchObject({ state: 'fallen' })
  })

  it('bears what did not exist', async () => {
    const setting = await open()
    await setting.acme.lamp.make({ label: 'desk', twins: true })
    const [made, twin] = await logOf(setting.engine, 2)
    expect(twin).toMatchObject({ type: 'lamp.twinMade', before: 'absent', state: 'dark', causation: made!.position })
    expect(await setting.acme.get(twin!.resource)).toMatchObject({ label: `desk's twin`, account: 'acme' })
  })

  it('reaches everything it is told to, in order', async () => {
    const setting = await open()
    const leaves = [await row(setting, 2), await row(setting, 1)]
    const { id } = await setting.acme.domino.stand({ next: leaves.map(([first]) => first!) })
    await setting.acme.domino.push(id)
    const told = (await logOf(setting.engine, 8)).slice(5).map(({ resource }) => resource)
    expect(told).toEqual([...leaves[0]!, ...leaves[1]!])
  })

  it('to somebody of another account is answered as if there were nobody', async () => {
    const setting = await open()
    const other = setting.engine.as({ account: 'other', actor: 'x' })
    const theirs = await other.domino.stand({})
    const shown = await other.domino.stand({ isPublic: true })
    for (const [command, target] of [
      ['push', theirs.id],
      ['nudge', theirs.id],
      ['push', shown.id],
      ['nudge', shown.id],
    ] as const) {
      const { id } = await setting.acme.domino.stand({ next: [target] })
      const strange = await setting.acme.domino.stand({ next: ['domino-0'] })
      const before = await written(setting)
      const [foreign, missing] = [
        await outcomeOf(setting.acme.domino[command](id)),
        await outcomeOf(setting.acme.domino[command](strange.id)),
      ]
      expect(await written(setting)).toEqual(before)
      expect(foreign.error).toMatchObject({ name: 'Refused', code: 'notFound' })
      const told = (error: object) => JSON.stringify(error).replaceAll(target, 'X').replaceAll('domino-0', 'X')
      expect(told(foreign.error)).toBe(told(missing.error))
      expect(foreign.error.message.replaceAll(target, 'domino-0')).toBe(missing.error.message)
    }
    expect(await typesOf(other, theirs.id)).toEqual(['domino.standRequested'])
  })

  it('to another kind is answered as if there were nobody', async () => {
    const setting = await open()
    const desk = await setting.acme.lamp.make({ label: 'desk' })
    const { id } = await setting.acme.domino.stand({ next: [desk.id] })
    const before = await written(setting)
    await expect(setting.acme.domino.push(id)).rejects.toMatchObject({ code: 'notFound' })
    expect(await written(setting)).toEqual(before)
  })
})

describe('an event that is proposed', () => {
  it('is taken by all or by none, and the reasons are those of whom it was proposed to', async () => {
    const setting = await open()
    const ids = await row(setting, 4)
    await setting.acme.domino.nudge(ids[0]!)
    for (const id of ids) expect(await historyOf(setting.acme, id)).toHaveLength(2)
    await setting.acme.domino.glue(ids[3]!)
    const before = await written(setting)
    const { error } = await outcomeOf(setting.acme.domino.nudge(ids[0]!))
    expect(error).toMatchObject({
      name: 'Refused',
      code: 'glued',
      resource: ids[3],
      state: 'standing',
      refusals: [{ command: 'domino.nudge', reasons: [{ requirement: 'loose' }] }],
    })
    expect(error.message).toContain(ids[3])
    expect(await written(setting)).toEqual(before)
  })

  it('in a state that has no answer to it is refused as in a wrong state', async () => {
    const setting = await open()
    const ids = await row(setting, 2)
    await setting.acme.domino.push(ids[1]!)
    const before = await written(setting)
    await expect(setting.acme.domino.nudge(ids[0]!)).rejects.toMatchObject({
      code: 'wrongState',
      resource: ids[1],
      state: 'fallen',
    })
    expect(await written(setting)).toEqual(before)
  })

  it('takes the whole submit down with it', async () => {
    const setting = await open()
    const [ids, others] = [await row(setting, 2), await row(setting, 2)]
    await setting.acme.domino.glue(ids[1]!)
    const before = await written(setting)
    const nudge = (id: string) => ({ kind: 'domino', command: 'nudge', id })
    await expect(setting.acme.submit([nudge(others[0]!), nudge(ids[0]!)])).rejects.toMatchObject({
      code: 'glued',
      refusals: [{ index: 1 }],
    })
    expect(await written(setting)).toEqual(before)
  })

  it('by lamps that pair is refused by the one that is locked', async () => {
    const setting = await open()
    const [desk, hall] = [
      await setting.acme.lamp.make({ label: 'desk' }),
      await setting.acme.lamp.make({ label: 'hall' }),
    ]
    await setting.acme.lamp.lock(hall.id, { locked: true })
    await expect(setting.acme.lamp.pair(desk.id, { twin: hall.id })).rejects.toMatchObject({
      code: 'locked',
      resource: hall.id,
    })
    expect(await typesOf(setting.acme, desk.id)).toHaveLength(1)
    await setting.acme.lamp.lock(hall.id, { locked: false })
    await setting.acme.lamp.pair(desk.id, { twin: hall.id })
    expect(await typesOf(setting.acme, hall.id)).toContain('lamp.twinProposed')
  })
})

describe('rules that tell in circles', () => {
  it.each(['push', 'nudge'] as const)('are caught at once, and nothing is written (%s)', async command => {
    const setting = await open()
    const ids = await row(setting, 3)
    await setting.acme.domino.link(ids[2]!, { next: [ids[1]!] })
    const before = await written(setting)
    const { error } = await outcomeOf(setting.acme.domino[command](ids[0]!))
    expect(error).toMatchObject({ name: 'BrokenRule', code: 'brokenRule' })
    expect(error.message).toContain(`${ids[1]} domino.${command === 'push' ? 'fell' : 'leant'}`)
    expect(await written(setting)).toEqual(before)
    await setting.acme.domino.link(ids[2]!, { next: [] })
    await expect(setting.acme.domino[command](ids[0]!)).resolves.toMatchObject({ outcome: 'accepted' })
  })

  it('may reach the same resource twice by different ways', async () => {
    const setting = await open()
    const [end] = await row(setting, 1)
    const sides = [await setting.acme.domino.stand({ next: [end!] }), await setting.acme.domino.stand({ next: [end!] })]
    const top = await setting.acme.domino.stand({ next: sides.map(({ id }) => id) })
    await setting.acme.domino.push(top.id)
    expect((await typesOf(setting.acme, end!)).filter(type => type === 'domino.fell')).toHaveLength(2)
  })

  it('may be eight deep, and no deeper', async () => {
    const setting = await open()
    const nine = await row(setting, 9)
    await setting.acme.domino.push(nine[0]!)
    expect(await setting.acme.get(nine[8]!)).toMatchObject({ state: 'fallen' })
    const ten = await row(setting, 10)
    const before = await written(setting)
    await expect(setting.acme.domino.push(ten[0]!)).rejects.toMatchObject({ code: 'brokenRule' })
    expect(await written(setting)).toEqual(before)
  })

  it('or tell what nobody can be told are caught, and hurt no other member of the batch', async () => {
    const setting = await open()
    const [one, other] = await row(setting, 2)
    const [wrong, right] = await Promise.all([
      outcomeOf(setting.acme.domino.misrule(one!)),
      outcomeOf(setting.acme.domino.glue(other!)),
    ])
    expect(wrong.error).toMatchObject({ code: 'brokenRule' })
    expect(right.value).toMatchObject({ outcome: 'accepted' })
    expect(await typesOf(setting.acme, one!)).toEqual(['domino.standRequested'])
  })
})

describe('a cascade that a deadline began', () => {
  it('tells like any other, as the engine', async () => {
    const setting = await open()
    const ids = await row(setting, 2)
    await setting.clock.pass(86_400_000)
    const [, fell] = await historyOf(setting.acme, ids[1]!)
    expect(fell).toMatchObject({ state: 'fallen', actor: 'engine' })
    expect((await historyOf(setting.acme, ids[0]!))[1]).toMatchObject({ type: 'domino.gustDue', origin: 'elapsed' })
  })

  it('may not propose, since nobody is there to hear the refusal: the resource is set aside, and nobody else', async () => {
    const setting = await open()
    const ids = await row(setting, 2)
    setting.database.exec(`delete from timers where event = 'domino.gustDue'`)
    await setting.clock.pass(90_000_000)
    expect(await typesOf(setting.engine, ids[0]!)).toEqual(['domino.standRequested'])
    expect(await typesOf(setting.acme, ids[1]!)).toEqual(['domino.standRequested', 'domino.sighDue'])
    expect(setting.engine.health().contained).toMatchObject([{ resource: ids[0] }])
    await expect(setting.acme.domino.glue(ids[0]!)).rejects.toMatchObject({ code: 'contained', resource: ids[0] })
    expect(await setting.acme.domino.glue(ids[1]!)).toMatchObject({ outcome: 'accepted' })
  })
})
