/** What a disk holds is measured, never added up: a machine keeps space that belongs to nothing any more. (spec: 3.) */
import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { context, doing } from './asking.ts'
import { describeWith, qemuSystem } from './debian.ts'
import { onPool, running, volumeAt } from './machine-setting.ts'

describeWith(qemuSystem, 'the space that a disk takes', () => {
  it('is measured after each change, also where no snapshot has it any more', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      const observed = async () => (await driver.observe('volume', 'vol-root', context())).facts.allocatedBytes
      const used = async () => (await driver.capacity(undefined, context())).usedVolumeBytes
      const measured = () => {
        const told = execFileSync('qemu-img', [
          'info',
          '-U',
          '-f',
          'qcow2',
          '--output=json',
          volumeAt(pool, 'vol-root'),
        ])
        return JSON.parse(String(told))['actual-size'] as number
      }
      /** What is shown, as it is measured: a file system may take its blocks a moment later, so between two that agree. */
      const shown = async (look: () => Promise<unknown>): Promise<number> => {
        for (;;) {
          const before = measured()
          const seen = await look()
          if (measured() !== before) continue
          expect(seen).toBe(before)
          return before
        }
      }
      const before = await shown(observed)
      const kept = { snapshot: 'vs-1', memory: true, generation: 1 }
      await doing(driver, 'vmSnapshotEnsure', 'i-1', kept)
      expect(await shown(observed)).toBeGreaterThan(before)
      await doing(driver, 'vmSnapshotRevert', 'i-1', { snapshot: 'vs-1', generation: 1, run: true })
      await doing(driver, 'vmSnapshotDelete', 'i-1', { snapshot: 'vs-1' })
      // The disk refers to the memory that was loaded until it is kept once more.
      await shown(observed)
      await shown(used)
    }))
})
