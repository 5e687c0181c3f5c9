/**
 * Reads a folder in the format of the Azure trace: `arrivals.txt` and `durations.txt` (one line per bin, item by item
 * the same shape, `|` ends a batch), `interval_map.txt` (lifetime bins) and `flav_map.txt` (sizes of machines).
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BIN_SECONDS, CENSORED, type Flavour, type TracePlan } from './plan.ts'

const FILES = ['arrivals.txt', 'durations.txt', 'interval_map.txt', 'flav_map.txt'] as const
type FileName = (typeof FILES)[number]
const GIBIBYTE = 2 ** 30

/** A line of a trace is not what the format says. Names file and line, and what was expected there. */
export class TraceInvalid extends Error {
  override readonly name = 'TraceInvalid'
  readonly code = 'traceInvalid'
  constructor(file: string, line: number, message: string) {
    super(`${file}:${line}: ${message}`)
  }
}

interface Line {
  readonly file: FileName
  readonly number: number
  readonly text: string
}
const invalid = ({ file, number }: Line, message: string) => new TraceInvalid(file, number, message)

const linesOf = (file: FileName, text: string): Line[] =>
  text
    .split('\n')
    .map((each, index) => ({ file, number: index + 1, text: each.trimEnd() }))
    .filter(line => line.text !== '')

/**
 * The first `limit` bins of the trace in this folder (all of them by default).
 * Throws TraceInvalid, and the system's error for a file that cannot be read.
 */
export function readTrace(folder: string, limit = Number.POSITIVE_INFINITY): TracePlan {
  const digest = createHash('sha256')
  const lines = {} as Record<FileName, Line[]>
  for (const file of FILES) {
    const text = readFileSync(join(folder, file), 'utf8')
    digest.update(`${file}\n${text}`)
    lines[file] = linesOf(file, text)
  }
  const title = `azure trace ${digest.digest('hex').slice(0, 16)}`
  return planOf(title, lines, lines['arrivals.txt'].slice(0, limit))
}

function planOf(title: string, lines: Readonly<Record<FileName, readonly Line[]>>, bins: readonly Line[]): TracePlan {
  const flavours = lines['flav_map.txt'].map(flavourOf)
  const letters = new Map(flavours.map(({ letter }, index) => [letter, index]))
  const lowerEdges = lowerEdgesOf(lines['interval_map.txt'])
  const durations = lines['durations.txt']
  const columns = { arrivals: [] as number[], flavours: [] as number[], lifetimes: [] as number[], batches: [0] }
  let before = -1
  for (const [index, bin] of bins.entries()) {
    const second = secondOf(bin)
    if (second <= before) throw invalid(bin, `bins come in order of time; ${second} follows ${before}`)
    const lives = durations[index] ?? { file: 'durations.txt', number: durations.length + 1, text: '' }
    if (secondOf(lives) !== second) throw invalid(lives, `expected the bin of second ${second}, as in arrivals.txt`)
    for (const [letter, life] of pairs(bin, lives)) {
      const flavour = letters.get(letter)
      if (flavour === undefined) throw invalid(bin, `'${letter}' is no flavour of flav_map.txt`)
      columns.arrivals.push(second)
      columns.flavours.push(flavour)
      columns.lifetimes.push(lifetimeOf(lives, life, lowerEdges))
    }
    columns.batches.push(...batchEnds(bin, columns.batches.at(-1)!))
    before = second
  }
  if (before < 0) throw new TraceInvalid('arrivals.txt', 1, 'there is no bin; expected `<second> <items>`')
  return {
    title,
    startSecond: secondOf(bins[0]!),
    horizonSecond: before + BIN_SECONDS,
    flavours,
    arrivalSeconds: Uint32Array.from(columns.arrivals),
    flavourIndexes: Uint8Array.from(columns.flavours),
    lifetimeSeconds: Uint32Array.from(columns.lifetimes),
    batchStarts: Uint32Array.from(columns.batches),
  }
}

function secondOf(line: Line): number {
  const second = Number(line.text.split(' ')[0] || 'none')
  if (!Number.isSafeInteger(second) || second < 0 || second >= CENSORED)
    throw invalid(line, 'expected `<second since trace start> <items>`')
  return second
}

const itemsOf = ({ text }: Line): string[] => {
  const [, items = ''] = text.split(' ')
  return items.split(',').filter(item => item !== '')
}

/** Machine by machine: its letter and its duration; both lines must end their batches at the same places. */
function* pairs(bin: Line, lives: Line): Generator<[letter: string, life: string]> {
  const letters = itemsOf(bin)
  const durations = itemsOf(lives)
  if (letters.length !== durations.length)
    throw invalid(lives, `${durations.length} items, where arrivals.txt has ${letters.length}`)
  for (const [index, letter] of letters.entries()) {
    const life = durations[index]!
    if ((letter === '|') !== (life === '|')) throw invalid(lives, `item ${index + 1} ends a batch in one file only`)
    if (letter !== '|') yield [letter, life]
  }
}

function batchEnds(bin: Line, firstMachine: number): number[] {
  const ends: number[] = []
  let machine = firstMachine
  for (const item of itemsOf(bin)) {
    if (item !== '|') machine += 1
    else if (machine === (ends.at(-1) ?? firstMachine)) throw invalid(bin, 'a batch without machines')
    else ends.push(machine)
  }
  if (machine !== (ends.at(-1) ?? firstMachine)) throw invalid(bin, 'the last batch is not ended by `|`')
  return ends
}

function lifetimeOf(line: Line, item: string, lowerEdges: ReadonlyMap<number, number>): number {
  const [, kind, bin] = /^([UC])(\d+)$/.exec(item) ?? []
  const lifetime = lowerEdges.get(Number(bin ?? Number.NaN))
  if (lifetime === undefined) throw invalid(line, `'${item}' is no U or C with a bin of interval_map.txt`)
  return kind === 'C' ? CENSORED : lifetime
}

function lowerEdgesOf(lines: readonly Line[]): Map<number, number> {
  const edges = new Map<number, number>()
  for (const line of lines) {
    const [, seconds, bin] = /^(\d+) (\d+)$/.exec(line.text) ?? []
    if (bin === undefined) throw invalid(line, 'expected `<seconds> <bin>`')
    const known = edges.get(Number(bin))
    edges.set(Number(bin), Math.min(Number(seconds), known ?? Number(seconds)))
  }
  return edges
}

function flavourOf(line: Line): Flavour {
  const [, vcpus, gigabytes, letter] = /^(\d+),(\d+(?:\.\d+)?) ([A-Za-z])$/.exec(line.text) ?? []
  const memoryBytes = Math.round(Number(gigabytes) * GIBIBYTE)
  if (letter === undefined || Number(vcpus) < 1 || memoryBytes < 1)
    throw invalid(line, 'expected `<vCPU,memory GB> <letter>`')
  return { letter, vcpus: Number(vcpus), memoryBytes }
}
