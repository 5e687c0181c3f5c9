/** From a folder and a data file to a report: opens the parts, runs the plan, measures. */
import { statSync } from 'node:fs'
import { simulated } from '../../drivers/simulated/index.ts'
import { sqlite } from '../../index.ts'
import { readTrace } from './parse.ts'
import { machineCount } from './plan.ts'
import { referenceFigures, referenceMs } from './reference.ts'
import { isEqual, type TraceReport } from './report.ts'
import { type Progress, runTrace } from './run.ts'
import { differing } from './usage.ts'

export interface AzureOptions {
  readonly folder: string
  /** The engine's data file; the simulated provider keeps its own truth beside it, in `<data>.world`. */
  readonly data: string
  /** Only the first bins. */
  readonly limit?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

/** Calls the simulated provider takes at once: its answers share transactions, as many as there are. */
const CALLS_IN_FLIGHT_MAX = 1_024

/**
 * Runs or resumes the trace. Resolves to undefined when the signal stopped it.
 * Throws TraceInvalid, TraceMismatch, StoreError, SimulatedFileRefused.
 */
export async function azureTrace(options: AzureOptions): Promise<TraceReport | undefined> {
  const { folder, data, limit, signal, onProgress } = options
  const began = performance.now()
  const plan = readTrace(folder, limit)
  onProgress?.({ launched: 0, total: machineCount(plan), second: plan.startSecond })
  const driver = simulated({
    instant: true,
    file: `${data}.world`,
    capabilities: { limits: { callsInFlightMax: CALLS_IN_FLIGHT_MAX } },
  })
  const { figures, usageMs, eventsWritten } = await runTrace(plan, { store: sqlite(data), driver, signal, onProgress })
  if (!figures) return undefined
  const reference = referenceFigures(folder, limit)
  const filesMs = referenceMs(folder, limit)
  const elapsedSeconds = (performance.now() - began) / 1_000
  const diskBytes = [data, `${data}-wal`].reduce((sum, file) => sum + sizeOf(file), 0)
  return {
    title: plan.title,
    figures,
    reference,
    usageMs,
    filesMs,
    isEqual: isEqual(figures, reference) && differing(usageMs, filesMs).length === 0,
    elapsedSeconds,
    eventsWritten,
    eventsPerSecond: eventsWritten / elapsedSeconds,
    diskBytes,
    bytesPerEvent: diskBytes / figures.events,
    // The system counts in KiB.
    peakResidentBytes: process.resourceUsage().maxRSS * 1_024,
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
