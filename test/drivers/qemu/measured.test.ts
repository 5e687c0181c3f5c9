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
      const shown = async () => (await driver.observe('volume', 'vol-root', context())).facts.allocatedBytes as number
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
      const before = await shown()
      const kept = { snapshot: 'vs-1', memory: true, generation: 1 }
      await doing(driver, 'vmSnapshotEnsure', 'i-1', kept)
      const withMemory = await shown()
      expect(withMemory).toBe(measured())
      expect(withMemory).toBeGreaterThan(before)
      await doing(driver, 'vmSnapshotRevert', 'i-1', { snapshot: 'vs-1', generation: 1, run: true })
      await doing(driver, 'vmSnapshotDelete', 'i-1', { snapshot: 'vs-1' })
      // The disk refers to the memory that was loaded until it is kept once more.
      expect(await shown()).toBe(measured())
      const { usedVolumeBytes } = await driver.capacity(undefined, context())
      expect(usedVolumeBytes).toBe(measured())
    }))
})
