/**
 * The same figures from the files alone: a few lines that share nothing with the parser, the plan or the engine, so
 * that agreement means something.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Figures } from './figures.ts'
import type { RunningMs } from './usage.ts'

interface Life {
  readonly letter: string
  readonly vcpus: number
  /** Seconds since the trace began. */
  readonly start: number
  readonly end: number
  readonly isCensored: boolean
}

/** Every machine of the first `limit` bins of the trace in this folder. The files have been parsed and are well formed. */
function* livesIn(folder: string, limit?: number): Generator<Life> {
  const rows = (file: string) =>
    readFileSync(join(folder, file), 'utf8')
      .trim()
      .split('\n')
      .map(line => line.trim().split(' '))
  const vcpus = new Map(rows('flav_map.txt').map(([size = '', letter]) => [letter, Number.parseInt(size, 10)]))
  const lifetimes = new Map<string, number>()
  for (const [seconds, bin = ''] of rows('interval_map.txt'))
    lifetimes.set(bin, Math.min(Number(seconds), lifetimes.get(bin) ?? Number.POSITIVE_INFINITY))
  const arrivals = rows('arrivals.txt').slice(0, limit)
  const durations = rows('durations.txt')
  const horizon = Number(arrivals.at(-1)![0]) + 300
  for (const [index, [second, letters = '']] of arrivals.entries()) {
    const start = Number(second)
    const lives = durations[index]![1]?.split(',') ?? []
    for (const [item, letter] of letters.split(',').entries()) {
      const vcpu = vcpus.get(letter)
      if (vcpu === undefined) continue
      const life = lives[item]!
      const isCensored = life.startsWith('C')
      const end = isCensored ? horizon : Math.min(horizon, start + lifetimes.get(life.slice(1))!)
      yield { letter, vcpus: vcpu, start, end, isCensored }
    }
  }
}

/** Figures of the first `limit` bins of the trace in this folder. */
export function referenceFigures(folder: string, limit?: number): Omit<Figures, 'events'> {
  const changes = new Map<number, number>()
  const change = (second: number, by: number) => changes.set(second, (changes.get(second) ?? 0) + by)
  let [vms, vmSeconds, vcpuSeconds] = [0, 0, 0]
  for (const { vcpus, start, end, isCensored } of livesIn(folder, limit)) {
    vms += 1
    vmSeconds += end - start
    vcpuSeconds += (end - start) * vcpus
    change(start, 1)
    if (!isCensored) change(end, -1)
  }
  let [running, peakRunning] = [0, 0]
  for (const [, by] of [...changes].sort(([a], [b]) => a - b)) {
    running += by
    peakRunning = Math.max(peakRunning, running)
  }
  return { vms, refusals: 0, peakRunning, vmSeconds, vcpuSeconds }
}

/** How long machines of each flavour run in those bins, in ms. */
export function referenceMs(folder: string, limit?: number): RunningMs {
  const sums: Record<string, number> = {}
  for (const { letter, start, end } of livesIn(folder, limit))
    if (end > start) sums[letter] = (sums[letter] ?? 0) + (end - start) * 1_000
  return sums
}
