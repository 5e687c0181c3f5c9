/** What a series of seeds came to, in figures; and what a failing one needs to be read and run again. */
import type { Run } from './simulate.ts'
import type { World } from './world.ts'

/** Transitions that change something or want something, in the rules as declared: `<kind> <state> <event>`. */
function declared({ catalogue }: World): Set<string> {
  const found = new Set<string>()
  for (const { kind, evaluator } of catalogue.kinds.values())
    for (const { path, on } of evaluator.chart.leaves.values())
      for (const [type, transitions] of on)
        if (transitions.some(({ target, actions }) => target !== undefined || actions.length > 0))
          found.add(`${kind.name} ${path} ${type}`)
  return found
}

export class Figures {
  seeds = 0
  readonly sums: Record<string, number> = {}
  readonly faults: Record<string, number> = {}
  readonly #reached = new Set<string>()
  #declared: ReadonlySet<string> = new Set()
  readonly #began = performance.now()

  add({ world, days }: Run): void {
    this.seeds += 1
    if (this.#declared.size === 0) this.#declared = declared(world)
    for (const { kind, before, type } of world.log) this.#reached.add(`${kind} ${before} ${type}`)
    const counted = { ...world.figures, events: world.log.length, requests: world.submissions.length, days }
    for (const [name, count] of Object.entries(counted)) this.sums[name] = (this.sums[name] ?? 0) + count
    for (const [name, count] of Object.entries(world.faults)) this.faults[name] = (this.faults[name] ?? 0) + count
  }

  /** Declared transitions that no run has taken. */
  missed(): string[] {
    return [...this.#declared].filter(each => !this.#reached.has(each))
  }

  text(): string {
    const {
      steps = 0,
      events = 0,
      requests = 0,
      lives = 0,
      crashes = 0,
      statementCrashes = 0,
      reports = 0,
      forgotten = 0,
      days = 0,
    } = this.sums
    const seconds = (performance.now() - this.#began) / 1_000
    const faults = Object.entries(this.faults)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${name} ${count}`)
    return [
      `seeds ${this.seeds}, steps ${steps}, requests ${requests}, events ${events}`,
      `lives ${lives}, crashes ${crashes} (${statementCrashes} at a statement), reports repeated ${reports}`,
      `forgotten ${forgotten}`,
      `faults: ${faults.join(', ')}`,
      `transitions taken ${this.#declared.size - this.missed().length} of ${this.#declared.size}`,
      `virtual days ${days.toFixed(1)}, ${(this.seeds / seconds).toFixed(1)} seeds/s`,
    ].join('\n')
  }
}

/** Everything about a failing run. `docs/simulation.md` explains the columns. */
export function failureText({ seed, world, failure, plan }: Run, shrunk?: Run): string {
  const shown = shrunk ?? { world, failure, plan }
  return [
    `seed ${seed} failed at step ${world.step}: ${failure instanceof Error ? failure.message : String(failure)}`,
    `again: STEMMA_SEED=${seed} npx vitest run test/simulation -t 'every promise'`,
    `plan of ${shown.plan.length} steps: ${shown.plan.join(' ')}`,
    shrunk ? `shrunk, it fails with: ${String(shrunk.failure)}` : '',
    shown.world.journal.tail(),
    failure instanceof Error ? (failure.stack ?? '') : '',
  ].join('\n')
}
