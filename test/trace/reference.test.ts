/** Why this test? The reference is what the engine is judged by, so it is judged by hand first. */
import { expect, it } from 'vitest'
import { referenceFigures } from '../../src/cli/trace/reference.ts'
import { sample, traceFolder } from './synthetic.ts'

it('counts what the files say, by the convention of half-open lives', () => {
  // Bins of 300 s; the horizon is 1 500 s after the first. Lifetimes: U0 0, U1 300, U2 600, U3 1 500.
  // a a 300 each; b 1 500; c censored 1 500 | a 600, five b for nothing | - | a 300, b 600, c nothing, a censored 600 | b 300
  expect(referenceFigures(traceFolder(sample).folder)).toEqual({
    vms: 15,
    refusals: 0,
    peakRunning: 5,
    vmSeconds: 600 + 1_500 + 1_500 + 600 + 300 + 600 + 600 + 300,
    vcpuSeconds: 600 + 2 * 1_500 + 16 * 1_500 + 600 + 300 + 2 * 600 + 600 + 2 * 300,
  })
})

it('counts a prefix to its own horizon', () => {
  expect(referenceFigures(traceFolder(sample).folder, 2)).toEqual({
    vms: 10,
    refusals: 0,
    peakRunning: 4,
    vmSeconds: 600 + 600 + 600 + 300,
    vcpuSeconds: 600 + 2 * 600 + 16 * 600 + 300,
  })
})
