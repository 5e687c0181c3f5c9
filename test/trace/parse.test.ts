/** Why this test? A figure is only as good as the plan it is counted from. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readTrace } from '../../src/cli/trace/parse.ts'
import { CENSORED, instants } from '../../src/cli/trace/plan.ts'
import { FIRST_SECOND, sample, secondOfBin, traceFolder } from './synthetic.ts'

describe('a trace in the format of the Azure files', () => {
  it('becomes machines in batches, with arrival, size and lifetime', () => {
    const plan = readTrace(traceFolder([[['a U1', 'c C0']], [['b U3']]]).folder)
    expect(plan).toMatchObject({ startSecond: FIRST_SECOND, horizonSecond: secondOfBin(2) })
    expect([...plan.arrivalSeconds]).toEqual([secondOfBin(0), secondOfBin(0), secondOfBin(1)])
    expect([...plan.batchStarts]).toEqual([0, 2, 3])
    expect([...plan.lifetimeSeconds]).toEqual([300, CENSORED, 1_500])
    expect([...plan.flavourIndexes].map(index => plan.flavours[index]!)).toEqual([
      { letter: 'a', vcpus: 1, memoryBytes: 0.75 * 2 ** 30 },
      { letter: 'c', vcpus: 16, memoryBytes: 112 * 2 ** 30 },
      { letter: 'b', vcpus: 2, memoryBytes: 3.5 * 2 ** 30 },
    ])
  })

  it('keeps its title when only its first bins are read, and moves the horizon to their end', () => {
    const { folder } = traceFolder(sample)
    const [whole, prefix] = [readTrace(folder), readTrace(folder, 2)]
    expect(prefix.title).toBe(whole.title)
    expect(prefix.horizonSecond).toBe(secondOfBin(2))
    expect(readTrace(traceFolder([...sample, []]).folder).title).not.toBe(whole.title)
  })

  it('does at each instant first the ends, then the starts, then what passes', () => {
    const plan = readTrace(traceFolder(sample).folder)
    const seen = [...instants(plan)].map(({ second, ends, batches, passing }) => [
      (second - FIRST_SECOND) / 300,
      [...ends],
      batches,
      [...passing],
    ])
    expect(seen).toEqual([
      [0, [], [0, 3], []],
      [1, [0, 1], [3, 5], [5, 6, 7, 8, 9]],
      [3, [4], [5, 7], [12]],
      [4, [10], [7, 8], []],
      [5, [2, 11], [8, 8], []],
    ])
  })
})

describe('a trace that is not what the format says', () => {
  const wrong = (file: string, text: string) => {
    const { folder } = traceFolder([[['a U1']], [['b U3', 'a U1']]])
    writeFileSync(join(folder, file), text)
    return () => readTrace(folder)
  }
  const [first, second] = [secondOfBin(0), secondOfBin(1)]

  it.each([
    ['arrivals.txt', `${first} a,|,\n${second} b,z,|,\n`, "arrivals.txt:2: 'z' is no flavour"],
    ['arrivals.txt', `${first} a,|,\n${second} b,a,\n`, 'durations.txt:2: 3 items, where arrivals.txt has 2'],
    ['arrivals.txt', `${first} a,|,\n${second} b,|,|,\n`, 'durations.txt:2: item 2 ends a batch in one file only'],
    ['arrivals.txt', `${second} a,|,\n${first} b,a,|,\n`, `durations.txt:1: expected the bin of second ${second}`],
    ['arrivals.txt', `${first} a,|,\nsoon b,a,|,\n`, 'arrivals.txt:2: expected `<second'],
    ['arrivals.txt', '', 'arrivals.txt:1: there is no bin'],
    ['durations.txt', `${first} U1,|,\n${second} U3,X1,|,\n`, "durations.txt:2: 'X1' is no U or C"],
    ['durations.txt', `${first} U1,|,\n${second} U3,U9,|,\n`, "durations.txt:2: 'U9' is no U or C"],
    ['durations.txt', `${first} U1,|,\n`, 'durations.txt:2: expected'],
    ['flav_map.txt', '1,1 a\nmany b\n', 'flav_map.txt:2: expected `<vCPU'],
    ['interval_map.txt', '0 0\n\n300\n', 'interval_map.txt:3: expected `<seconds> <bin>`'],
  ])('is refused with the place: %s %j', (file, text, message) => {
    expect(wrong(file, text)).toThrow(
      expect.objectContaining({ code: 'traceInvalid', message: expect.stringContaining(message) }),
    )
  })

  it('is refused when bins go back in time, in both files alike', () => {
    const { folder } = traceFolder([[['a U1']], [['a U1']]])
    for (const [file, item] of [
      ['arrivals.txt', 'a'],
      ['durations.txt', 'U1'],
    ] as const)
      writeFileSync(join(folder, file), `${second} ${item},|,\n${first} ${item},|,\n`)
    expect(() => readTrace(folder)).toThrow('arrivals.txt:2: bins come in order of time')
  })

  it.each([
    ['a,|,|,', 'a batch without machines'],
    ['a,|,a,', 'the last batch is not ended'],
  ])('is refused for batches that do not end well: %s', (items, message) => {
    const { folder } = traceFolder([])
    writeFileSync(join(folder, 'arrivals.txt'), `${first} ${items}\n`)
    writeFileSync(join(folder, 'durations.txt'), `${first} ${items.replaceAll('a', 'U1')}\n`)
    expect(() => readTrace(folder)).toThrow(`arrivals.txt:1: ${message}`)
  })
})
