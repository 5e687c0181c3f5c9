import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { transition } from 'xstate'
import type { Kind, Want } from '../../machines/grammar.ts'
import { evaluator, type MachineState, reference, stateValueOf } from '../../src/runtime/evolve.ts'
import { lamp } from './light.ts'

/** XState's public, pure `transition()`: slower than both evaluators, and the last word. */
function publicStep(kind: Kind, from: MachineState, event: { type: string }) {
  const before = kind.machine.resolveState({ value: stateValueOf(from.state), context: from.context } as never)
  const [after, actions] = transition(kind.machine, before as never, event as never) as unknown as [
    { value: unknown; context: unknown },
    { type: string; params?: object | object[] }[],
  ]
  const wants = actions.flatMap(({ type, params }) =>
    [params ?? []].flat().map(each => ({ want: type, ...each }) as Want),
  )
  return { value: after.value, context: after.context, wants }
}

describe('the compiled evaluator', () => {
  it('always agrees with XState, by both of its ways, over random event sequences', () => {
    const compiled = evaluator(lamp)
    const slow = reference(lamp)
    expect(compiled.chart.beyondTable).toBeUndefined()
    const types = Object.keys(lamp.events.specs).map(name => `lamp.${name}`)
    const event = fc.record({
      type: fc.constantFrom(...types),
      resource: fc.constantFrom('lamp-1', 'lamp-2'),
      version: fc.nat(),
      account: fc.constant('acme'),
      at: fc.nat(),
      data: fc.record({
        label: fc.string(),
        provider: fc.constant('lab'),
        twin: fc.constantFrom(null, 'lamp-9'),
        locked: fc.boolean(),
      }),
      facts: fc.constant({}),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), sequence => {
        let state = compiled.initial
        for (const each of sequence) {
          const fast = compiled.step(state, each)
          const plain = slow.step(state, each)
          const last = publicStep(lamp, state, each)
          expect(fast).toEqual(plain)
          expect({ value: stateValueOf(fast.next.state), context: fast.next.context, wants: fast.wants }).toEqual(last)
          state = fast.next
        }
      }),
      { numRuns: 300 },
    )
  })

  it('tells a decided nothing, an unchanged, a refusal and a forgotten pair apart', () => {
    const { step, initial } = evaluator(lamp)
    const ask = (from: MachineState, name: string, data: unknown = {}) =>
      step(from, { type: `lamp.${name}`, resource: 'lamp-1', version: 1, account: 'a', at: 0, data, facts: {} })
    const dark = ask(initial, 'makeRequested', { label: 'x', provider: 'lab', twin: null }).next
    expect(ask(initial, 'lit').decision).toBe('ignored')
    expect(ask(initial, 'lightRequested').decision).toBe('undecided')
    const warming = ask(dark, 'lightRequested')
    expect(warming.decision).toBe('taken')
    expect(ask(warming.next, 'lightRequested').decision).toBe('unchanged')
    const locked = ask(dark, 'lockRequested', { locked: true }).next
    expect(ask(locked, 'lightRequested').decision).toBe('refused')
  })
})
