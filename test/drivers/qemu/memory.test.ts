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
/** The numbers that it has told, in order. */
const numbers = async (driver: Driver): Promise<number[]> => countsIn(await told(driver)).map(({ memory }) => memory)
const last = async (driver: Driver): Promise<number> => (await numbers(driver)).at(-1) ?? 0

/** Waits until it has counted so far. The test's own time limit ends it. */
async function countsTo(driver: Driver, number: number): Promise<void> {
  while ((await last(driver)) < number) await sleep(20)
}

/**
 * The first number, from that place on, that does not follow the one before it: there it was taken back, or forward. Who
 * waits for it may be late: by then it has counted on, and nothing of that is lost.
 */
async function leap(driver: Driver, from: number): Promise<number> {
  for (;;) {
    const told = await numbers(driver)
    const found = told.find((number, at) => at >= from && number !== told[at - 1]! + 1)
    if (found !== undefined) return found
    await sleep(20)
  }
}

/** What it had told last before it was kept, and when that was done: it was kept in between. */
interface Moment {
  readonly snapshot: string
  readonly first: number
  readonly last: number
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
          const keep = async (snapshot: string): Promise<Moment> => {
            const first = await last(driver)
            await doing(driver, 'vmSnapshotEnsure', 'i-1', { snapshot, memory: true, generation: 1 })
            return { snapshot, first, last: await last(driver) }
          }
          const goBack = async (moment: Moment) => {
            const { length } = await numbers(driver)
            const asked = { snapshot: moment.snapshot, generation: 1, run: true }
            await doing(driver, 'vmSnapshotRevert', 'i-1', asked)
            const number = await leap(driver, length)
            expect(number).toBeGreaterThanOrEqual(moment.first)
            // It may have counted one on, and told that later.
            expect(number).toBeLessThanOrEqual(moment.last + 2)
          }

          await countsTo(driver, 3)
          const a = await keep('a')
          await countsTo(driver, a.last + 20)
          const b = await keep('b')
          await goBack(a)
          await countsTo(driver, a.last + 5)
          const c = await keep('c')
          // All three are still there, whatever the order.
          await goBack(b)
          await goBack(c)
          await goBack(a)

          const { length } = await numbers(driver)
          const before = await last(driver)
          await doing(driver, 'instancePower', 'i-1', { want: 'suspended', mode: 'hard', generation: 1 })
          expect((await seen(driver)).facts.status).toBe('suspended')
          expect(await holderOf(pool, 'i-1')).toBe(undefined)
          await doing(driver, 'instancePower', 'i-1', start())
          await countsTo(driver, before + 5)
          const since = (await numbers(driver)).slice(length - 1)
          expect(since).toEqual(since.map((_, at) => since[0]! + at))
          const text = await told(driver)
          expect(text.match(/guest: boots/g)).toHaveLength(1)
          expect(countsIn(text).filter(({ memory, disk }) => memory !== disk)).toEqual([])
        }),
      )
    },
    bootsWithinMs,
  )
})
