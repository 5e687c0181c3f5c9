/** What a run came to, for people and for programs. */
import Table from 'cli-table3'
import type { Figures } from './figures.ts'
import { differing, type RunningMs } from './usage.ts'

export interface TraceReport {
  readonly title: string
  /** From the events, and from the files alone. */
  readonly figures: Figures
  readonly reference: Omit<Figures, 'events'>
  /** How long machines of each flavour ran, in ms by letter: as usage bills it, and from the files alone. */
  readonly usageMs: RunningMs
  readonly filesMs: RunningMs
  /** All of these are the same. */
  readonly isEqual: boolean
  readonly elapsedSeconds: number
  /** Events written by this process; less than all of them if it resumed. */
  readonly eventsWritten: number
  readonly eventsPerSecond: number
  readonly diskBytes: number
  readonly bytesPerEvent: number
  readonly peakResidentBytes: number
}

const rows = [
  ['VMs', 'vms'],
  ['events', 'events'],
  ['refusals', 'refusals'],
  ['peak running', 'peakRunning'],
  ['VM-seconds', 'vmSeconds'],
  ['vCPU-seconds', 'vcpuSeconds'],
] as const satisfies readonly (readonly [string, keyof Figures])[]

/** Every figure that the files can say must be what the events say. */
export const isEqual = (figures: Figures, reference: Omit<Figures, 'events'>): boolean =>
  rows.every(([, name]) => name === 'events' || figures[name] === reference[name])

const grouped = (count: number) => count.toLocaleString('en-US')
const MEBIBYTE = 2 ** 20

/** VM-seconds of each flavour; whole milliseconds are compared. */
function usageTable({ usageMs, filesMs }: TraceReport): string {
  const table = new Table({
    head: ['VM-seconds of flavour', 'from usage', 'from the files', ''],
    colAligns: ['left', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  })
  const different = differing(usageMs, filesMs)
  for (const letter of Object.keys({ ...filesMs, ...usageMs }).sort()) {
    const [used, lived] = [usageMs[letter] ?? 0, filesMs[letter] ?? 0].map(ms => grouped(ms / 1_000))
    table.push([letter, used, lived, different.includes(letter) ? 'DIFFERENT' : 'equal'])
  }
  return table.toString()
}

export function printed(report: TraceReport): string {
  const { figures, reference, elapsedSeconds, eventsWritten, eventsPerSecond } = report
  const table = new Table({
    head: ['', 'from the events', 'from the files', ''],
    colAligns: ['left', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  })
  for (const [label, name] of rows) {
    if (name === 'events') table.push([label, grouped(figures.events), '', ''])
    else {
      const isSame = figures[name] === reference[name]
      table.push([label, grouped(figures[name]), grouped(reference[name]), isSame ? 'equal' : 'DIFFERENT'])
    }
  }
  return [
    report.title,
    table.toString(),
    usageTable(report),
    `${grouped(eventsWritten)} events in ${elapsedSeconds.toFixed(1)} s: ${grouped(Math.round(eventsPerSecond))} a second`,
    `${grouped(report.diskBytes)} bytes on disk: ${report.bytesPerEvent.toFixed(0)} an event`,
    `${(report.peakResidentBytes / MEBIBYTE).toFixed(0)} MiB of memory at most`,
  ].join('\n')
}
