/** What a run came to, for people and for programs. */
import Table from 'cli-table3'
import type { Figures } from './figures.ts'

export interface TraceReport {
  readonly title: string
  /** From the events, and from the files alone. */
  readonly figures: Figures
  readonly reference: Omit<Figures, 'events'>
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
    `${grouped(eventsWritten)} events in ${elapsedSeconds.toFixed(1)} s: ${grouped(Math.round(eventsPerSecond))} a second`,
    `${grouped(report.diskBytes)} bytes on disk: ${report.bytesPerEvent.toFixed(0)} an event`,
    `${(report.peakResidentBytes / MEBIBYTE).toFixed(0)} MiB of memory at most`,
  ].join('\n')
}
