/** Why this test? A run of hours that cannot be resumed is a run of hours that is done twice. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Figures } from '../../src/cli/trace/figures.ts'
import { readTrace } from '../../src/cli/trace/parse.ts'
import { referenceFigures } from '../../src/cli/trace/reference.ts'
import { runTrace } from '../../src/cli/trace/run.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { sqlite } from '../../src/index.ts'
import { anyBins, traceFolder } from './synthetic.ts'

const script = join(import.meta.dirname, 'killed-run.ts')

const run = (folder: string, data: string, commit: number, when: 'before' | 'after') =>
  spawnSync(process.execPath, [script, folder, data, String(commit), when], { encoding: 'utf8' })

it('a trace killed at any commits, and started again each time, ends with the figures of one that was not', async () => {
  // Few commits are made between two instants, so small numbers hit batches, open calls and the start itself.
  const deaths = fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom('before', 'after')), {
    minLength: 2,
    maxLength: 5,
  })
  let kills = 0
  const everyTrace = fc.asyncProperty(anyBins({ bins: 6, batches: 4, machines: 5 }), deaths, async (bins, deaths) => {
    const { folder, data } = traceFolder(bins)
    for (const [commit, when] of [[2, 'after'] as const, ...deaths]) {
      const { signal, status, stderr } = run(folder, data, commit, when)
      // Near its end a run has fewer commits left than its death waits for, and lives.
      expect(signal === 'SIGKILL' || status === 0, stderr).toBe(true)
      if (signal) kills += 1
    }
    const { stdout, stderr, status } = run(folder, data, 0, 'after')
    expect(status, stderr).toBe(0)
    const figures = JSON.parse(stdout) as Figures
    expect(figures).toMatchObject(referenceFigures(folder))
    const unbroken = { store: sqlite(':memory:'), driver: simulated({ instant: true }) }
    expect(figures).toEqual((await runTrace(readTrace(folder), unbroken)).figures)
  })
  const RUNS = 5
  await fc.assert(everyTrace, { numRuns: RUNS, endOnFailure: true })
  // The first death of each comes while the image is registered, before anything can be over.
  expect(kills).toBeGreaterThanOrEqual(RUNS)
})
