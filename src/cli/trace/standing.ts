/**
 * Where an interrupted run stands. Nothing but the log says so: a batch is launched if its machines are in the log under
 * its token, a machine is ended if it was asked to terminate.
 */
import type { Envelope } from '../../../machines/index.ts'
import type { Store } from '../../index.ts'
import { readLog } from './log.ts'
import { batchCount, type TracePlan } from './plan.ts'

/** Token of a batch's launch: asked again after an interruption, it is answered and not done again. */
export const batchToken = (batch: number): string => `azure/${batch}`

/** The data file holds something else than this trace, or more of it than was asked for. */
export class TraceMismatch extends Error {
  override readonly name = 'TraceMismatch'
  readonly code = 'traceMismatch'
  constructor(found: string) {
    super(`the data file holds ${found}; choose another file with --data`)
  }
}

export interface Standing {
  /** Last time in the log, ms; 0 for an empty one. */
  readonly at: number
  readonly launchedBatches: ReadonlySet<number>
  readonly endedCount: number
  /** Ids of machines launched and not asked to terminate, by number. */
  readonly idByMachine: Map<number, string>
}

/** Reads the log once. Throws TraceMismatch where it cannot come from this plan. */
export async function standingOf(store: Store, plan: TracePlan): Promise<Standing> {
  const launched = new Map<number, number>()
  const machineById = new Map<string, number>()
  let endedCount = 0

  const launch = ({ resource, token = '' }: Envelope) => {
    const batch = Number(/^azure\/(\d+)$/.exec(token)?.[1] ?? -1)
    if (batch < 0 || batch >= batchCount(plan)) throw new TraceMismatch(`a launch that is not planned (${resource})`)
    // Commands of one submit are decided in order, so the n-th event of a token is the n-th machine of its batch.
    const nth = launched.get(batch) ?? 0
    launched.set(batch, nth + 1)
    machineById.set(resource, plan.batchStarts[batch]! + nth)
  }
  const { at } = await readLog(store, event => {
    if (event.type === 'instance.launchRequested') launch(event)
    if (event.type === 'instance.terminateRequested' && machineById.delete(event.resource)) endedCount += 1
    if (event.type === 'image.registerRequested') {
      const { name } = event.data as { name: string }
      if (name !== plan.title) throw new TraceMismatch(`'${name}', not '${plan.title}'`)
    }
  })

  if (at > plan.horizonSecond * 1_000) throw new TraceMismatch('events of a later time than this part of the trace')
  const idByMachine = new Map([...machineById].map(([id, machine]) => [machine, id]))
  return { at, launchedBatches: new Set(launched.keys()), endedCount, idByMachine }
}
