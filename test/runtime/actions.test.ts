import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Action } from '../../src/runtime/actions.ts'
import type { CommandInput } from '../../src/runtime/request.ts'
import { silence } from './bench.ts'
import { lamp } from './light.ts'
import { contentOf, open, outcomeOf, rest } from './setting.ts'

type Setting = Awaited<ReturnType<typeof open>>

/** Inputs that fit each command, from a number. */
const inputs: Record<string, (pick: number, ids: string[]) => object> = {
  light: () => ({}),
  break: () => ({}),
  lock: pick => ({ locked: pick % 2 === 0 }),
  pair: (pick, ids) => ({ twin: ids[pick % ids.length]! }),
}
const names = Object.keys(inputs)
const step = fc.record({
  does: fc.constantFrom(...names),
  lamp: fc.nat(2),
  pick: fc.nat(9),
  isAnswered: fc.boolean(),
})
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** Three lamps after a random life, some of whose asks are never answered. */
async function live(setting: Setting, script: readonly Step[]): Promise<string[]> {
  const { acme, bench, clock } = setting
  const ids = []
  for (let n = 0; n < 3; n += 1) ids.push((await acme.lamp.make({ label: `lamp ${n}` })).id)
  for (const { does, lamp: which, pick, isAnswered } of script) {
    if (!isAnswered) bench.next('instanceEnsure', silence).next('instanceDestroy', silence)
    await outcomeOf(acme.submit([{ kind: 'lamp', command: does, id: ids[which]!, input: inputs[does]!(pick, ids) }]))
    await rest()
    if (pick === 9) await clock.pass(600)
  }
  return ids
}

/** What doing it really comes to, tried on a copy of the world. */
async function tried({ acme }: Setting, command: CommandInput): Promise<string> {
  const { value, error } = await outcomeOf(acme.submit([command], { dryRun: true }))
  return value ? value[0]!.outcome : error.name === 'Refused' ? 'refused' : error.code
}

describe('the actions of a resource', () => {
  it('are what is accepted, unchanged or refused when it is tried, in every state of any life', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async script => {
        const setting = await open()
        const ids = await live(setting, script)
        for (const id of ids) {
          const actions = await setting.acme.actions(id)
          expect(actions.map(({ command }) => command).sort()).toEqual([...names].sort())
          for (const action of actions) {
            const outcomes = new Set<string>()
            for (let pick = 0; pick < 6; pick += 1) {
              const input = inputs[action.command]!(pick, ids)
              outcomes.add(await tried(setting, { kind: 'lamp', command: action.command, id, input }))
            }
            // What depends may go either way; what is refused is refused whatever the input.
            if (action.answer === 'refused') expect(outcomes).toEqual(new Set(['refused']))
            else if (action.answer !== 'depends') expect(outcomes).toEqual(new Set([action.answer]))
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it('come true when they are done for real, one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.nat(2), async (script, which) => {
        const setting = await open()
        const id = (await live(setting, script))[which]!
        setting.bench.always('instanceEnsure', silence).always('instanceDestroy', silence)
        for (const action of await setting.acme.actions(id)) {
          if (action.answer === 'depends') continue
          const fresh = (await setting.acme.actions(id)).find(({ command }) => command === action.command) as Action
          const input = inputs[action.command]!(0, [id])
          const { value, error } = await outcomeOf(
            setting.acme.submit([{ kind: 'lamp', command: action.command, id, input }]),
          )
          if (fresh.answer !== 'refused') expect(value![0]!.outcome).toBe(fresh.answer)
          else if (Object.keys(input).length === 0) expect(error.reasons).toEqual(fresh.reasons)
          else expect(error.name).toBe('Refused')
        }
      }),
      { numRuns: 60 },
    )
  })

  it('say why not, and on what it depends', async () => {
    const { acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    expect(await acme.actions(id)).toEqual([
      { command: 'light', answer: 'accepted' },
      { command: 'lock', answer: 'depends', on: ['locked'] },
      { command: 'pair', answer: 'depends', on: ['twin'] },
      { command: 'break', answer: 'accepted' },
    ])
    await acme.lamp.lock(id, { locked: true })
    const locked = { requirement: 'unlocked', code: 'locked', sentence: `The lamp '${id}' is locked; unlock it first.` }
    expect(await acme.actions(id)).toMatchObject([
      { command: 'light', answer: 'refused', reasons: [locked] },
      { command: 'lock', answer: 'depends' },
      { command: 'pair', answer: 'depends' },
      { command: 'break', answer: 'refused', reasons: [locked] },
    ])
  })

  it('of what has ended are refused or unchanged', async () => {
    const { acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.break(id)
    await acme.settled(id)
    expect((await acme.actions(id)).map(({ command, answer }) => `${command} ${answer}`)).toEqual([
      'light refused',
      'lock refused',
      'pair refused',
      'break unchanged',
    ])
  })

  it('leave nothing behind, however often somebody looks', async () => {
    const { acme, database, engine, bench } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    await engine.flush()
    const before = contentOf(database)
    for (let n = 0; n < 20; n += 1) await acme.actions(id)
    await engine.flush()
    expect(contentOf(database)).toEqual(before)
    expect(bench.calls).toEqual([])
    expect(engine.health().position).toBe(1)
  })

  it('name every command that does not create', () => {
    const own = Object.entries(lamp.commands).filter(([, { creates }]) => !creates)
    expect(own.map(([name]) => name).sort()).toEqual([...names].sort())
  })
})

describe('a refusal', () => {
  it('names what this state allows, and that is what has an answer there', async () => {
    const { acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.break(id)
    await acme.settled(id)
    const { error } = await outcomeOf(acme.lamp.light(id))
    expect(error).toMatchObject({ code: 'wrongState', state: 'broken', allowed: ['break'], resource: id })
    expect(error.message).toContain('dark')
  })

  it('in a wrong state also names the requirements that say no', async () => {
    const { acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk', twins: true })
    await acme.lamp.lock(id, { locked: true })
    const { error } = await outcomeOf(acme.lamp.pair(id, { twin: id }))
    expect(error.reasons.map(({ code }: { code: string }) => code)).toEqual(['locked', 'paired'])
    await acme.lamp.lock(id, { locked: false })
    await acme.lamp.light(id)
    await acme.settled(id)
    const { error: later } = await outcomeOf(acme.lamp.pair(id, { twin: id }))
    expect(later.reasons.map(({ code }: { code: string }) => code)).toEqual(['paired', 'wrongState'])
  })
})
