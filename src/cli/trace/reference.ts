/**
 * The same figures from the files alone: a few lines that share nothing with the parser, the plan or the engine, so
 * that agreement means something.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Figures } from './figures.ts'

/** Figures of the first `limit` bins of the trace in this folder. The files have been parsed and are well formed. */
export function referenceFigures(folder: string, limit?: number): Omit<Figures, 'events'> {
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
  const changes = new Map<number, number>()
  const change = (second: number, by: number) => changes.set(second, (changes.get(second) ?? 0) + by)
  let [vms, vmSeconds, vcpuSeconds] = [0, 0, 0]
  for (const [index, [second, letters = '']] of arrivals.entries()) {
    const start = Number(second)
    const lives = durations[index]![1]?.split(',') ?? []
    for (const [item, letter] of letters.split(',').entries()) {
      const vcpu = vcpus.get(letter)
      if (vcpu === undefined) continue
      const life = lives[item]!
      const end = life.startsWith('C') ? horizon : Math.min(horizon, start + lifetimes.get(life.slice(1))!)
      vms += 1
      vmSeconds += end - start
      vcpuSeconds += (end - start) * vcpu
      change(start, 1)
      if (!life.startsWith('C')) change(end, -1)
    }
  }
  let [running, peakRunning] = [0, 0]
  for (const [, by] of [...changes].sort(([a], [b]) => a - b)) {
    running += by
    peakRunning = Math.max(peakRunning, running)
  }
  return { vms, refusals: 0, peakRunning, vmSeconds, vcpuSeconds }
}
