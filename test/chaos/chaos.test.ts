import { expect, it } from 'vitest'
import { describeWith, qemuSystem } from '../drivers/qemu/debian.ts'
import { chaos } from './chaos.ts'

const seed = Number(process.env.STEMMA_SEED ?? 20_261_121)

/** Real processes end at no exact moment: a run that fails says so, and is told once more before it counts. */
const again = { timeout: 900_000, retry: 1 }

describeWith(qemuSystem, 'engines and machines killed at random', () => {
  it('come to rest with nothing lost, doubled, left over or damaged', again, async () => {
    const figures = await chaos({ seed, operations: 200, kills: 30 })
    console.log(`seed ${seed}: ${JSON.stringify(figures)}`)
    expect(figures.operations).toBeGreaterThanOrEqual(200)
    expect(figures.engineKills + figures.machineKills).toBeGreaterThanOrEqual(30)
    expect(figures.disks).toBeGreaterThan(1)
    expect(figures.kept).toBeGreaterThan(0)
    expect(figures.echoes).toBeGreaterThan(0)
  })
})
