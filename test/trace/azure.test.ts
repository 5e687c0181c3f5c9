/** Why this test? It is the whole engine under a recorded workload, judged by figures that owe it nothing. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { traceCommand } from '../../src/cli/commands/trace.ts'
import { azureTrace } from '../../src/cli/trace/azure.ts'
import { readTrace } from '../../src/cli/trace/parse.ts'
import { referenceFigures, referenceMs } from '../../src/cli/trace/reference.ts'
import { isEqual, printed } from '../../src/cli/trace/report.ts'
import { runTrace } from '../../src/cli/trace/run.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { sqlite } from '../../src/index.ts'
import { anyBins, sample, temporaryFolder, traceFolder } from './synthetic.ts'

const inMemory = () => ({ store: sqlite(':memory:'), driver: simulated({ instant: true }) })

describe('a trace through the engine', () => {
  it('gives the figures that its files give', async () => {
    const { folder, data } = traceFolder(sample)
    const report = (await azureTrace({ folder, data }))!
    expect(report.figures).toMatchObject(referenceFigures(folder))
    expect(report).toMatchObject({ isEqual: true, eventsWritten: report.figures.events })
  })

  it('gives the figures of its files, whatever the trace', async () => {
    await fc.assert(
      fc.asyncProperty(anyBins({ bins: 8, batches: 5, machines: 9 }), async bins => {
        const { folder } = traceFolder(bins)
        const { figures, usageMs } = await runTrace(readTrace(folder), inMemory())
        expect(figures).toMatchObject(referenceFigures(folder))
        expect(usageMs).toEqual(referenceMs(folder))
      }),
      { numRuns: 40 },
    )
  })

  it('bills each flavour for as long as its machines ran, to the millisecond', async () => {
    const { folder, data } = traceFolder(sample)
    const report = (await azureTrace({ folder, data }))!
    const seconds = { a: 600 + 600 + 300 + 600, b: 1_500 + 600 + 300, c: 1_500 }
    const ms = Object.fromEntries(Object.entries(seconds).map(([letter, each]) => [letter, each * 1_000]))
    expect(report).toMatchObject({ usageMs: ms, filesMs: ms })
  })

  it('keeps its figures when hardly anything stays in memory', async () => {
    const { folder } = traceFolder(sample)
    const { figures } = await runTrace(readTrace(folder), { ...inMemory(), residentMax: 4 })
    expect(figures).toMatchObject(referenceFigures(folder))
  })

  it('launches each batch at once, under its own token', async () => {
    const { folder, data } = traceFolder(sample)
    await azureTrace({ folder, data })
    const store = sqlite(data)
    await store.open([])
    const events = (await store.log(0, 1_000)).map(({ text }) => JSON.parse(text))
    await store.close()
    const launches = events.filter(({ type }) => type === 'instance.launchRequested')
    expect(launches.map(({ token }) => token)).toEqual([
      ...['azure/0', 'azure/0', 'azure/1', 'azure/2', 'azure/3'],
      ...Array(5).fill('azure/4'),
      ...['azure/5', 'azure/5', 'azure/6', 'azure/6', 'azure/7'],
    ])
    expect(events.filter(({ type }) => type === 'volume.created')).toHaveLength(launches.length)
  })

  it('makes room by what ends for what starts at the same instant', async () => {
    const { folder } = traceFolder([[['a U1', 'a U1']], [['b U1'], ['a U1']]])
    const driver = simulated({ instant: true, capacity: { instances: 2 } })
    const { figures } = await runTrace(readTrace(folder), { store: sqlite(':memory:'), driver })
    expect(figures).toMatchObject(referenceFigures(folder))
  })

  it('counts a launch that the provider cannot make as a machine that never ran', async () => {
    const { folder } = traceFolder([[['a U1', 'a U1', 'a U1']]])
    const driver = simulated({ instant: true, capacity: { instances: 2 } })
    const { figures } = await runTrace(readTrace(folder), { store: sqlite(':memory:'), driver })
    expect(figures).toMatchObject({ vms: 3, peakRunning: 2, vmSeconds: 600 })
    expect(isEqual(figures!, referenceFigures(folder))).toBe(false)
  })
})

describe('an interrupted trace', () => {
  it('resumes where the log says it stands', async () => {
    const { folder, data } = traceFolder(sample)
    const interruption = new AbortController()
    const onProgress = ({ launched }: { launched: number }) => launched > 5 && interruption.abort()
    expect(await azureTrace({ folder, data, signal: interruption.signal, onProgress })).toBeUndefined()
    const report = (await azureTrace({ folder, data }))!
    expect(report.isEqual).toBe(true)
    expect(report.eventsWritten).toBeGreaterThan(0)
    expect(report.eventsWritten).toBeLessThan(report.figures.events)
  })

  it('writes nothing when it is run again after its end', async () => {
    const { folder, data } = traceFolder(sample)
    await azureTrace({ folder, data })
    expect(await azureTrace({ folder, data })).toMatchObject({ isEqual: true, eventsWritten: 0 })
  })

  it('goes on from a prefix to the whole, and does not go back', async () => {
    const { folder, data } = traceFolder(sample)
    expect(await azureTrace({ folder, data, limit: 2 })).toMatchObject({ isEqual: true, figures: { vms: 10 } })
    expect(await azureTrace({ folder, data })).toMatchObject({ isEqual: true, figures: { vms: 15 } })
    await expect(azureTrace({ folder, data, limit: 2 })).rejects.toMatchObject({ code: 'traceMismatch' })
  })

  it('is not mixed with another trace', async () => {
    const { folder, data } = traceFolder(sample)
    await azureTrace({ folder, data })
    const other = traceFolder([[['a U1']]])
    await expect(azureTrace({ folder: other.folder, data })).rejects.toMatchObject({ code: 'traceMismatch' })
  })
})

describe('stemma trace azure', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    process.exitCode = undefined
  })
  const stemma = async (...words: string[]) => {
    const written: string[] = []
    vi.spyOn(process.stdout, 'write').mockImplementation(text => written.push(String(text)) > 0)
    const program = new Command('stemma').exitOverride()
    traceCommand(program)
    await program.parseAsync(words, { from: 'user' })
    return written.join('')
  }

  it('prints both columns, and that they are equal', async () => {
    const { folder, data } = traceFolder(sample)
    const text = await stemma('trace', 'azure', folder, '--data', data)
    // Five figures, and three flavours of which something ran.
    expect(text.match(/ equal /g)).toHaveLength(8)
    expect(text).toMatch(/│ a\s+│\s+2,100\s+│\s+2,100\s+│ equal/)
    expect(text).toMatch(/peak running\s+│\s+5\s+│\s+5\s+│ equal/)
    expect(process.exitCode).toBeUndefined()
  })

  it('prints one object with --json', async () => {
    const { folder, data } = traceFolder(sample)
    const report = JSON.parse(await stemma('trace', 'azure', folder, '--data', data, '--json', '--limit', '1'))
    expect(report).toMatchObject({ isEqual: true, figures: { vms: 4 }, reference: { vms: 4 } })
    expect(report.bytesPerEvent).toBeGreaterThan(0)
  })

  it('says which figure differs', async () => {
    const { folder, data } = traceFolder(sample)
    const report = (await azureTrace({ folder, data }))!
    const reference = { ...report.reference, vmSeconds: report.reference.vmSeconds + 1 }
    const lines = printed({ ...report, reference, isEqual: false }).split('\n')
    expect(lines.filter(line => line.includes('DIFFERENT'))).toEqual([expect.stringContaining('VM-seconds')])
    const filesMs = { ...report.filesMs, b: report.filesMs.b! + 1 }
    const other = printed({ ...report, filesMs, isEqual: false }).split('\n')
    expect(other.filter(line => line.includes('DIFFERENT'))).toEqual([expect.stringMatching(/^│ b /)])
    expect(isEqual(report.figures, reference)).toBe(false)
  })
})

const given = process.env.STEMMA_TRACE_FOLDER ?? resolve(import.meta.dirname, '../../../shared/data/azure-vm-2017')
// The recording is not part of the project; whoever has it names its folder.
describe.skipIf(!existsSync(join(given, 'arrivals.txt')))('the real trace', () => {
  it('gives in its first hour the figures of its files', async () => {
    const data = join(temporaryFolder(), 'cloud.db')
    const report = (await azureTrace({ folder: given, data, limit: 12 }))!
    expect(report.figures).toMatchObject(referenceFigures(given, 12))
    expect(report.usageMs).toEqual(referenceMs(given, 12))
  })

  it('has the published figures, which the reference finds', () => {
    expect(referenceFigures(given)).toEqual({
      vms: 410_276,
      refusals: 0,
      peakRunning: 25_133,
      vmSeconds: 8_234_718_300,
      vcpuSeconds: 20_624_026_800,
    })
  })
})
