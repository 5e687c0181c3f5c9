import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kinds as known } from '../../machines/index.ts'
import type { Principal } from '../../src/runtime/principal.ts'
import { poster } from './poster.ts'
import { historyOf, inventory, openWith, outcomeOf } from './setting.ts'

const kinds = { account: known.account, domain: known.domain, poster }
const open = () => openWith({ kinds, projections: { inventory } })
type Setting = Awaited<ReturnType<typeof open>>

const ranked = ['owner', 'domainAdmin', 'operator', 'engine'] as const
const commands = { fold: 'owner', stamp: 'domainAdmin', audit: 'operator', yellow: 'engine' } as const
type Named = keyof typeof commands

/**
 * root -> north -> fjord, root -> south; the accounts acme in north, deep in fjord, warm in south, and wild, which
 * nobody opened.
 */
async function country({ engine }: Setting): Promise<void> {
  const operator = engine.as({ account: 'cloud', actor: 'op', authority: 'operator' })
  await operator.domain.create({ name: 'root' })
  for (const [name, parent] of [
    ['north', 'root'],
    ['south', 'root'],
    ['fjord', 'north'],
  ] as const)
    await operator.domain.create({ name, parent })
  for (const [name, domain] of [
    ['acme', 'north'],
    ['deep', 'fjord'],
    ['warm', 'south'],
  ] as const)
    await operator.account.open({ name, domain })
}
const printed = async (
  { engine }: Setting,
  account: string,
  shownTo: never | 'private' | 'public' | string[] = 'private',
) => (await engine.as({ account, actor: 'x' }).poster.print({ shownTo })).id
const codeOf = async (promise: Promise<unknown>) => (await outcomeOf(promise)).error?.code ?? 'accepted'

describe('authority', () => {
  it('is enough from the level that a command declares upwards, and not below', async () => {
    const setting = await open()
    await country(setting)
    const id = await printed(setting, 'acme')
    for (const [level, authority] of ranked.entries())
      for (const [name, needed] of Object.entries(commands)) {
        const session = setting.engine.as({ account: 'acme', actor: 'x', authority, domain: 'north' })
        const expected = level >= ranked.indexOf(needed) ? 'accepted' : 'notPermitted'
        expect(`${authority} ${name} ${await codeOf(session.poster[name as Named](id))}`).toBe(
          `${authority} ${name} ${expected}`,
        )
      }
  })

  it('is what a refusal goes by when it says what is allowed', async () => {
    const setting = await open()
    await country(setting)
    const id = await printed(setting, 'acme', 'public')
    const allowed = async (principal: Omit<Principal, 'actor'>) => {
      const session = setting.engine.as({ ...principal, actor: 'x' })
      const stale = { kind: 'poster', command: 'fold', id, expectedVersion: 99 } as const
      return (await outcomeOf(session.submit([stale]))).error.allowed
    }
    const names = Object.keys(commands)
    for (const [level, authority] of ranked.entries())
      expect(await allowed({ account: 'acme', authority })).toEqual(names.slice(0, level + 1))
    expect(await allowed({ account: 'stranger' })).toEqual([])
    expect(await allowed({ account: 'other', authority: 'domainAdmin', domain: 'north' })).toEqual(names.slice(0, 2))
    expect(await allowed({ account: 'other', authority: 'domainAdmin', domain: 'south' })).toEqual([])
  })

  it('is missing whatever the input: what somebody may not ask does not depend on it', async () => {
    const setting = await open()
    await country(setting)
    const answers = async (authority: 'owner' | 'operator') => {
      const actions = await setting.engine.as({ account: 'cloud', actor: 'x', authority }).actions('account/acme')
      return actions.find(({ command }) => command === 'limit')
    }
    expect(await answers('operator')).toEqual({ command: 'limit', answer: 'depends', on: ['limits'] })
    expect(await answers('owner')).toMatchObject({ answer: 'refused', reasons: [{ code: 'notPermitted' }] })
  })

  it('is that of an owner unless said otherwise', async () => {
    const setting = await open()
    const id = await printed(setting, 'acme')
    expect(await codeOf(setting.acme.poster.fold(id))).toBe('accepted')
    expect(await codeOf(setting.acme.poster.stamp(id))).toBe('notPermitted')
  })

  it('is asked for creating too', async () => {
    const setting = await open()
    expect(await codeOf(setting.acme.domain.create({ name: 'root' }))).toBe('notPermitted')
    expect(await codeOf(setting.acme.account.open({ name: 'mine', domain: 'root' }))).toBe('notPermitted')
    expect(setting.engine.health().position).toBe(0)
  })

  it('of a made-up level is none', async () => {
    const setting = await open()
    const id = await printed(setting, 'acme')
    for (const authority of ['root', 'constructor', '__proto__', '']) {
      const session = setting.engine.as({ account: 'other', actor: 'x', authority: authority as never })
      expect(await codeOf(session.poster.fold(id))).toBe('notFound')
      expect(await codeOf(session.poster.audit(id))).toBe('notFound')
    }
  })

  it('of operator and engine reaches every account', async () => {
    const setting = await open()
    for (const account of ['acme', 'wild']) {
      const id = await printed(setting, account)
      for (const authority of ['operator', 'engine'] as const) {
        const session = setting.engine.as({ account: 'cloud', actor: 'x', authority })
        expect(await codeOf(session.poster.fold(id))).toBe('accepted')
        expect(await session.get(id)).toMatchObject({ account })
      }
    }
  })

  it('keeps the account of what is commanded, and records who did it', async () => {
    const setting = await open()
    const id = await printed(setting, 'acme')
    await setting.engine.as({ account: 'cloud', actor: 'the operator', authority: 'operator' }).poster.audit(id)
    expect((await historyOf(setting.acme, id))[1]).toMatchObject({ account: 'acme', actor: 'the operator' })
  })
})

describe('an administrator of a domain', () => {
  const reach: Record<string, string[]> = {
    root: ['acme', 'deep', 'warm', 'wild'],
    north: ['acme', 'deep'],
    fjord: ['deep'],
    south: ['warm'],
    nowhere: [],
  }
  it.each(Object.keys(reach))('of %s reaches the accounts in it and below it, and no others', async domain => {
    const setting = await open()
    await country(setting)
    const admin = setting.engine.as({ account: 'staff', actor: 'x', authority: 'domainAdmin', domain })
    for (const account of ['acme', 'deep', 'warm', 'wild']) {
      const id = await printed(setting, account)
      const isReached = reach[domain]!.includes(account)
      for (const [command, code] of [
        ['fold', 'accepted'],
        ['stamp', 'accepted'],
        ['audit', 'notPermitted'],
      ] as const)
        expect(`${command} ${account} ${await codeOf(admin.poster[command](id))}`).toBe(
          `${command} ${account} ${isReached ? code : 'notFound'}`,
        )
      expect(await codeOf(admin.get(id))).toBe(isReached ? 'accepted' : 'notFound')
      expect(await codeOf(historyOf(admin, id))).toBe(isReached ? 'accepted' : 'notFound')
      expect(await codeOf(admin.actions(id))).toBe(isReached ? 'accepted' : 'notFound')
    }
  })

  it('who names no domain reaches nobody but its own account', async () => {
    const setting = await open()
    await country(setting)
    const admin = setting.engine.as({ account: 'acme', actor: 'x', authority: 'domainAdmin' })
    expect(await codeOf(admin.poster.stamp(await printed(setting, 'acme')))).toBe('accepted')
    expect(await codeOf(admin.poster.stamp(await printed(setting, 'warm')))).toBe('notFound')
  })

  it('reaches exactly what a walk up the tree would, in any tree', async () => {
    const parents = fc.array(fc.nat(), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(parents, fc.nat(), fc.nat(), async (picks, home, seat) => {
        const setting = await open()
        const operator = setting.engine.as({ account: 'cloud', actor: 'op', authority: 'operator' })
        const names = ['root']
        const parentOf = new Map<string, string>()
        await operator.domain.create({ name: 'root' })
        for (const [index, pick] of picks.entries()) {
          const parent = names[pick % names.length]!
          await operator.domain.create({ name: `d${index}`, parent })
          parentOf.set(`d${index}`, parent)
          names.push(`d${index}`)
        }
        const domain = names[home % names.length]!
        const administered = names[seat % names.length]!
        await operator.account.open({ name: 'acme', domain })
        const id = await printed(setting, 'acme')
        let isBelow = false
        for (let each: string | undefined = domain; each; each = parentOf.get(each)) isBelow ||= each === administered
        const admin = setting.engine.as({
          account: 'staff',
          actor: 'x',
          authority: 'domainAdmin',
          domain: administered,
        })
        expect(await codeOf(admin.poster.stamp(id))).toBe(isBelow ? 'accepted' : 'notFound')
        expect(await codeOf(admin.get(id))).toBe(isBelow ? 'accepted' : 'notFound')
      }),
      { numRuns: 25 },
    )
  })
})

describe('what belongs to another account', () => {
  const stranger: Principal = { account: 'stranger', actor: 'x' }
  /** All ways to ask about an id, by name. */
  const ways = ({ engine }: Setting): Record<string, (id: string) => Promise<unknown>> => {
    const session = engine.as(stranger)
    return {
      get: id => session.get(id),
      history: id => historyOf(session, id),
      'history from a version': async id => {
        for await (const _ of session.history(id, 7)) return
      },
      actions: id => session.actions(id),
      settled: id => session.settled(id),
      command: id => session.poster.fold(id),
      'command with authority': id => session.poster.audit(id),
      'command with a version': id => session.poster.fold(id, {}, { expectedVersion: 9 }),
      'dry run': id => session.poster.fold(id, {}, { dryRun: true }),
      'one of several': id =>
        session.submit([
          { kind: 'poster', command: 'print' },
          { kind: 'poster', command: 'fold', id },
        ]),
      'as a fact': id => session.poster.copy({ of: id }),
    }
  }
  const never = 'poster-00000000000000000'

  it('is answered to the letter as what never existed, whoever asks and however', async () => {
    const setting = await open()
    const id = await printed(setting, 'acme')
    const shared = await printed(setting, 'acme', ['friend'])
    for (const foreign of [id, shared])
      for (const [name, ask] of Object.entries(ways(setting))) {
        const texts = []
        for (const each of [foreign, never]) {
          const { error } = await outcomeOf(ask(each))
          expect(`${name} ${error?.code}`).toBe(`${name} notFound`)
          const made = error.refusals?.map(({ resource }: { resource: string }) => resource) ?? []
          let text = `${error.name} ${error.message} ${JSON.stringify(error)}`.replaceAll(each, 'ID')
          // A creating command names the id it would have made.
          for (const own of made) text = text.replaceAll(own, 'NEW')
          texts.push(text)
        }
        expect(texts[0]).toBe(texts[1])
      }
    expect(setting.engine.health().position).toBe(2)
  })

  it('is in no list, whatever is asked for', async () => {
    const setting = await open()
    await printed(setting, 'acme')
    const mine = await printed(setting, 'stranger')
    const session = setting.engine.as(stranger)
    for (const where of [{}, { account: 'acme' }, { account: ['acme', 'stranger'] }, { state: 'hanging' }]) {
      const { items } = await session.list('poster', { where })
      for (const { account, id } of items) expect([account, id]).toEqual(['stranger', mine])
    }
    const all = await setting.engine.as({ ...stranger, authority: 'operator' }).list('poster')
    expect(all.items).toHaveLength(2)
  })

  it('may be seen and used if it is public or shared, but commanded by nobody else', async () => {
    const setting = await open()
    const [shown, shared] = [
      await printed(setting, 'acme', 'public'),
      await printed(setting, 'acme', ['stranger', 'friend']),
    ]
    const session = setting.engine.as(stranger)
    for (const id of [shown, shared]) {
      expect(await session.get(id)).toMatchObject({ account: 'acme' })
      expect(await historyOf(session, id)).toHaveLength(1)
      const { error } = await outcomeOf(session.poster.fold(id))
      expect(error).toMatchObject({ code: 'notPermitted', resource: id, reasons: [{ requirement: 'authority' }] })
      const actions = await session.actions(id)
      expect(actions.map(({ answer }) => answer)).toEqual(Array(4).fill('refused'))
      expect(await session.poster.copy({ of: id })).toMatchObject({ outcome: 'accepted' })
    }
    const other = setting.engine.as({ account: 'other', actor: 'x' })
    expect(await other.get(shown)).toMatchObject({ id: shown })
    expect(await codeOf(other.get(shared))).toBe('notFound')
    expect(await codeOf(other.poster.copy({ of: shared }))).toBe('notFound')
  })

  it('says nothing about a token that its account used', async () => {
    const setting = await open()
    const mine = await setting.acme.poster.print({}, { token: 'one' })
    const theirs = await setting.engine.as(stranger).poster.print({}, { token: 'one' })
    expect(theirs.id).not.toBe(mine.id)
  })
})
