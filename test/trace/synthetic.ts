/** Small traces in the format of the Azure files, and what surely must be true of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { onTestFinished } from 'vitest'

/** `a U3`: a machine of flavour a whose lifetime lies in bin 3; `b C1`: one that outlives the recording. */
export type Machine = `${'a' | 'b' | 'c'} ${'U' | 'C'}${number}`
export type Batch = readonly Machine[]
/** Batches by bin. */
export type Bins = readonly (readonly Batch[])[]

export const FIRST_SECOND = 2_100_000
export const secondOfBin = (bin: number): number => FIRST_SECOND + 300 * bin

const FLAVOURS = '1,0.75 a\n2,3.5 b\n16,112 c\n'
/** Bins 0 to 3 begin at 0, 300, 600 and 1500 seconds; as in the real file, several lines lie in one bin. */
const INTERVALS = '0 0\n300 1\n600 2\n900 2\n1200 2\n1500 3\n'

/** A folder of its own, removed when the test has finished. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stemma-trace-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function writeTrace(folder: string, bins: Bins): void {
  const linesOf = (word: 0 | 1) =>
    bins
      .map((batches, bin) => {
        const items = batches.flatMap(batch => [...batch.map(machine => machine.split(' ')[word]), '|'])
        return `${secondOfBin(bin)} ${items.map(item => `${item},`).join('')}\n`
      })
      .join('')
  writeFileSync(join(folder, 'arrivals.txt'), linesOf(0))
  writeFileSync(join(folder, 'durations.txt'), linesOf(1))
  writeFileSync(join(folder, 'interval_map.txt'), INTERVALS)
  writeFileSync(join(folder, 'flav_map.txt'), FLAVOURS)
}

/** A folder with this trace, and where its events may go. */
export function traceFolder(bins: Bins): { folder: string; data: string } {
  const folder = temporaryFolder()
  writeTrace(folder, bins)
  return { folder, data: join(folder, 'cloud.db') }
}

const machine = fc
  .tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('U', 'C'), fc.nat(3))
  .map(([letter, kind, bin]) => `${letter} ${kind}${bin}` as Machine)

/** Any trace of a few bins: empty bins, lone machines, batches of many, lifetimes of nothing and beyond the end. */
export const anyBins = (size: { bins: number; batches: number; machines: number }): fc.Arbitrary<Bins> =>
  fc.array(
    fc.array(fc.array(machine, { minLength: 1, maxLength: size.machines, size: 'max' }), {
      maxLength: size.batches,
      size: 'max',
    }),
    { minLength: 1, maxLength: size.bins, size: 'max' },
  )

/** A trace worth seeing: overlaps, an end and a start at one instant, a machine that passes, one that stays. */
export const sample: Bins = [
  [['a U1', 'a U1'], ['b U3'], ['c C0']],
  [['a U2'], ['b U0', 'b U0', 'b U0', 'b U0', 'b U0']],
  [],
  [
    ['a U1', 'b U2'],
    ['c U0', 'a C1'],
  ],
  [['b U3']],
]
