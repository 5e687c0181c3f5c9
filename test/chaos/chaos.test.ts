import { expect, it } from 'vitest'
import { describeWith, qemuSystem } from '../drivers/qemu/debian.ts'
import { chaos } from './chaos.ts'

const seed = Number(process.env.STEMMA_SEED ?? 20_261_121)

describeWith(qemuSystem, 'engines and machines killed at random', () => {
  it('come to rest with nothing lost, doubled, left over or damaged', { timeout: 900_000 }, async () => {
    const figures = await chaos({ seed, operations: 200, kills: 30 })
    console.log(`seed ${seed}: ${JSON.stringify(figures)}`)
    expect(figures.operations).toBeGreaterThanOrEqual(200)
    expect(figures.engineKills + figures.machineKills).toBeGreaterThanOrEqual(30)
    expect(figures.disks).toBeGreaterThan(1)
    expect(figures.kept).toBeGreaterThan(0)
    expect(figures.echoes).toBeGreaterThan(0)
  })
})
