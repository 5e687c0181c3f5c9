/** A shorter plan that fails in the same way: whole parts of it are left out, larger ones first. */
import { type Run, type SimulationOptions, simulate } from './simulate.ts'
import { Violation } from './violation.ts'

/** Runs spent on one failure; shrinking must not take longer than finding. */
const RUNS_MAX = 80

const checkerOf = (failure: unknown) => (failure instanceof Violation ? failure.checker : String(failure))

export async function shrink(run: Run, options: SimulationOptions = {}): Promise<Run> {
  let best = run
  let runs = 0
  for (let size = Math.ceil(run.plan.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < best.plan.length && runs < RUNS_MAX; ) {
      const plan = [...best.plan.slice(0, start), ...best.plan.slice(start + size)]
      runs += 1
      const shorter = await simulate(run.seed, { ...options, plan })
      if (checkerOf(shorter.failure) === checkerOf(run.failure)) best = shorter
      else start += size
    }
  }
  return best
}
