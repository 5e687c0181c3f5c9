/** What a run came to, counted from its events. */
import type { Envelope } from '../../../machines/index.ts'
import type { Store } from '../../index.ts'
import { readLog } from './log.ts'
import type { TracePlan } from './plan.ts'

export interface Figures {
  /** Machines launched. */
  readonly vms: number
  readonly events: number
  /** Submits that were refused. */
  readonly refusals: number
  /** Most machines that ran at once for any time: one that ends as it begins does not count. */
  readonly peakRunning: number
  readonly vmSeconds: number
  readonly vcpuSeconds: number
}

const isRunning = (state: string) => state === 'running' || state.startsWith('running.')

/** Follows machines into and out of the state running. Times are those of the events. */
export class RunningFigures {
  readonly #machines = new Map<string, { readonly vcpus: number; sinceMs?: number }>()
  #running = 0
  #atMs = 0
  vms = 0
  peakRunning = 0
  #vmMs = 0
  #vcpuMs = 0

  /** Events come in order of position. */
  add({ type, kind, resource, at, before, state, data }: Envelope): void {
    if (kind !== 'instance') return
    if (type === 'instance.launchRequested') {
      this.vms += 1
      this.#machines.set(resource, { vcpus: (data as { vcpus: number }).vcpus })
    }
    this.#advance(at)
    if (isRunning(state) && !isRunning(before)) this.#started(resource, at)
    if (isRunning(before) && !isRunning(state)) this.#ended(resource, at)
    if (state === 'terminated') this.#machines.delete(resource)
  }

  /** What still runs has run until `until` (ms). */
  close(until: number): Omit<Figures, 'events' | 'refusals'> {
    this.#advance(until)
    for (const [resource, { sinceMs }] of this.#machines) if (sinceMs !== undefined) this.#ended(resource, until)
    const { vms, peakRunning } = this
    return { vms, peakRunning, vmSeconds: this.#vmMs / 1_000, vcpuSeconds: this.#vcpuMs / 1_000 }
  }

  /** Ends come before starts at one instant, so how many run is known only when time has passed. */
  #advance(at: number): void {
    if (at > this.#atMs) this.peakRunning = Math.max(this.peakRunning, this.#running)
    this.#atMs = at
  }

  #started(resource: string, at: number): void {
    this.#running += 1
    this.#machines.get(resource)!.sinceMs = at
  }

  #ended(resource: string, at: number): void {
    const machine = this.#machines.get(resource)!
    const ranMs = at - machine.sinceMs!
    this.#running -= 1
    this.#vmMs += ranMs
    this.#vcpuMs += ranMs * machine.vcpus
    machine.sinceMs = undefined
  }
}

/** Reads the whole log once. `refusals` are counted by the runner: what is refused leaves no event. */
export async function figuresOf(store: Store, { horizonSecond }: TracePlan, refusals: number): Promise<Figures> {
  const running = new RunningFigures()
  const { position: events } = await readLog(store, event => running.add(event))
  return { ...running.close(horizonSecond * 1_000), events, refusals }
}
