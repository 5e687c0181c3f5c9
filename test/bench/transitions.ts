/** Transitions per second of both evaluators against XState's own `transition()`, on the real instance machine. */
import { transition } from 'xstate'
import type { MachineEvent } from '../../machines/grammar.ts'
import { kinds } from '../../machines/index.ts'
import { registerDrivers } from '../../src/drivers/register.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { type Evaluator, evaluator, type MachineState, reference, stateValueOf } from '../../src/runtime/evolve.ts'

const kind = kinds.instance
const device = { device: '/dev/sda1', volume: 'vol-1', sizeBytes: 1_073_741_824, deleteOnTermination: true }
const event = (name: string, data: unknown): MachineEvent => ({
  type: `instance.${name}`,
  resource: 'i-1',
  version: 1,
  account: 'bench',
  at: 1,
  data,
  facts: {
    image: { state: 'available' },
    offering: { state: 'active' },
    provider: {
      capabilities: registerDrivers({ lab: simulated() }).get('lab')!.capabilities,
    },
    account: null,
  },
})

/** A life that goes round: launched once, then protected and unprotected over and over, then deadlines and late reports. */
const round = [
  event('volumeReady', { volume: 'vol-1' }),
  event('created', { status: 'running', generation: 1 }),
  event('modifyRequested', { terminationProtection: true }),
  event('poweredOff', { generation: 0, reason: 'guest-shutdown' }),
  event('modifyRequested', { terminationProtection: false }),
  event('stopRequested', {}),
  event('stopTimedOut', {}),
  event('stopped', { status: 'stopped', generation: 1 }),
  event('startRequested', {}),
  event('started', { status: 'running', generation: 2 }),
]

function rate(
  step: (state: MachineState, each: MachineEvent) => MachineState,
  initial: MachineState,
  count: number,
): number {
  let state = initial
  const begun = process.hrtime.bigint()
  for (let index = 0; index < count; index += 1) state = step(state, round[index % round.length]!)
  return (count * 1e9) / Number(process.hrtime.bigint() - begun)
}

const stepOf = (one: Evaluator) => (state: MachineState, each: MachineEvent) => one.step(state, each).next

function publicStep(state: MachineState, each: MachineEvent): MachineState {
  const before = kind.machine.resolveState({ value: stateValueOf(state.state), context: state.context } as never)
  const [after] = transition(kind.machine as never, before as never, each as never) as unknown as [
    { value: unknown; context: unknown },
  ]
  return after.value === (before as unknown as { value: unknown }).value
    ? { ...state, context: after.context }
    : { state: pathOf(after.value), context: after.context }
}
const pathOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value as object).map(([name, inner]) => `${name}.${pathOf(inner)}`)[0]!

export interface TransitionFigures {
  readonly compiledPerSecond: number
  readonly sharedScopePerSecond: number
  readonly xstatePerSecond: number
  readonly ratio: number
}

export function benchTransitions(count: number): TransitionFigures {
  const launched = event('launchRequested', {
    image: 'img-1',
    type: 'small',
    mode: 'stateful',
    zone: 'a',
    provider: 'lab',
    vcpus: 1,
    memoryBytes: 1_073_741_824,
    rootDevice: '/dev/sda1',
    devices: [device],
    shutdownBehaviour: 'stop',
  })
  const compiled = evaluator(kind)
  const { next, decision } = compiled.step(compiled.initial, launched)
  if (decision !== 'taken') throw new Error(`the launch was ${decision}: this would measure nothing`)
  const shared = reference(kind)
  for (const warm of [compiled, shared]) rate(stepOf(warm), next, count / 10)
  const xstatePerSecond = rate(publicStep, next, count / 20)
  const sharedScopePerSecond = rate(stepOf(shared), next, count / 5)
  const compiledPerSecond = rate(stepOf(compiled), next, count)
  return { compiledPerSecond, sharedScopePerSecond, xstatePerSecond, ratio: compiledPerSecond / xstatePerSecond }
}
