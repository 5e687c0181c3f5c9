/** Guests that are suspended, or taken back to a snapshot, go on in the middle of what they were doing. */

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, type TestContext } from 'vitest'
import type { Driver } from '../../../src/drivers/driver.ts'
import { doing, instanceSpec, mebibytes, start, volumeSpec } from './asking.ts'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { addGuestImage, guestOrSkip, told } from './guest.ts'
import { openedOn, seen } from './machine-setting.ts'
import { holderOf } from './processes.ts'

/** Counts in memory, writes each number to the disk, and tells both: the second as it is read from there. */
const counting = `n=0
while :; do
  n=$((n+1)); echo $n > /mnt/count; sync; echo 3 > /proc/sys/vm/drop_caches
  echo "guest: memory $n disk $(cat /mnt/count)"; usleep 50000
done`
const bootsWithinMs = 300_000

interface Count {
  readonly memory: number
  readonly disk: number
}
const countsIn = (text: string): Count[] =>
  [...text.matchAll(/guest: memory (\d+) disk (\d+)\r?\n/g)].map(([, memory, disk]) => ({
    memory: Number(memory),
    disk: Number(disk),
  }))
/** The last number it has told; waits for one that fits. The test's own time limit ends it. */
async function counted(driver: Driver, fits: (memory: number) => boolean): Promise<number> {
  for (;;) {
    const last = countsIn(await told(driver)).at(-1)
    if (last && fits(last.memory)) return last.memory
    await sleep(20)
  }
}

describeWith(qemuSystem, 'what a guest has in memory', () => {
  it(
    'is there again with its disk after each snapshot of a tree, and after it was suspended',
    (trial: TestContext) => {
      const folder = guestOrSkip(trial)
      return inFolder(pool =>
        openedOn(pool, async driver => {
          addGuestImage(folder, pool)
          await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec(16 * mebibytes, { kind: 'image', id: 'guest' }))
          const spec = { image: 'guest', memoryBytes: 96 * mebibytes, userData: counting }
          await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-root'], spec))
          await doing(driver, 'instancePower', 'i-1', start())
          const keep = (snapshot: string) =>
            doing(driver, 'vmSnapshotEnsure', 'i-1', { snapshot, memory: true, generation: 1 })
          const goBack = (snapshot: string) =>
            doing(driver, 'vmSnapshotRevert', 'i-1', { snapshot, generation: 1, run: true })

          await counted(driver, memory => memory >= 3)
          await keep('a')
          const a = await counted(driver, () => true)
          const b = await counted(driver, memory => memory >= a + 20)
          await keep('b')
          await counted(driver, memory => memory > b)
          await goBack('a')
          await counted(driver, memory => memory < b && memory >= a + 5)
          await keep('c')
          const c = await counted(driver, memory => memory < b)
          // All three are still there, whatever the order.
          await goBack('b')
          await counted(driver, memory => memory >= b)
          await goBack('c')
          await counted(driver, memory => memory <= c + 5)
          await goBack('a')
          await counted(driver, memory => memory < a + 5)

          const before = await counted(driver, () => true)
          await doing(driver, 'instancePower', 'i-1', { want: 'suspended', mode: 'hard', generation: 1 })
          expect((await seen(driver)).facts.status).toBe('suspended')
          expect(await holderOf(pool, 'i-1')).toBe(undefined)
          await doing(driver, 'instancePower', 'i-1', start())
          const after = await counted(driver, memory => memory > before + 5)
          expect(after).toBeLessThan(before + 100)
          const text = await told(driver)
          expect(text.match(/guest: boots/g)).toHaveLength(1)
          expect(countsIn(text).filter(({ memory, disk }) => memory !== disk)).toEqual([])
        }),
      )
    },
    bootsWithinMs,
  )
})
