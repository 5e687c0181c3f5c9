/** Guests with an operating system: what they write stays, they end when they are asked to, and they let go of disks. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, type TestContext } from 'vitest'
import type { Driver } from '../../../src/drivers/driver.ts'
import { qemu } from '../../../src/drivers/qemu/index.ts'
import { Qmp } from '../../../src/drivers/qemu/qmp.ts'
import { context as called, doing, instanceSpec, mebibytes, start, volumeSpec } from './asking.ts'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { guestOrSkip, told } from './guest.ts'
import { endAll } from './processes.ts'
import { withGuestUp } from './warm-guest.ts'

/** Each boot takes seconds, and on a busy computer many: instructions are translated one by one. */
const bootsWithinMs = 300_000

/** Waits until the guest has written this; the test's own time limit ends it. */
const tells = async (driver: Driver, text: string, instance?: string): Promise<void> => {
  while (!(await told(driver, instance)).includes(text)) await sleep(20)
}

describeWith(qemuSystem, 'guests', () => {
  const story = (title: string, tell: (driver: Driver, pool: string) => Promise<void>) =>
    it(
      title,
      async (context: TestContext) => {
        const folder = guestOrSkip(context)
        await inFolder(async pool => {
          const driver = await withGuestUp(folder, pool)
          try {
            await tell(driver, pool)
          } finally {
            await driver.close!()
            await endAll(pool)
          }
        })
      },
      bootsWithinMs,
    )
  const devices = instanceSpec(['vol-root']).devices

  story('keep what they wrote when they are stopped and started, and another has it from a snapshot', async driver => {
    await tells(driver, 'guest: boots 1')
    await doing(driver, 'instanceReset', 'i-1', { generation: 1 })
    await tells(driver, 'guest: boots 2')
    await doing(driver, 'volumeSnapshotEnsure', 'snap-2', { volume: 'vol-root' })
    const ended = await doing(driver, 'instancePower', 'i-1', { want: 'off', mode: 'graceful', generation: 1 })
    expect(ended.facts).toMatchObject({ status: 'stopped', endedBy: 'guest' })
    await doing(driver, 'instancePower', 'i-1', start(2, { devices }))
    await tells(driver, 'guest: boots 3')
    await doing(driver, 'instancePower', 'i-1', { want: 'off', mode: 'hard', generation: 2 })
    await doing(driver, 'volumeEnsure', 'vol-2', volumeSpec(16 * mebibytes, { kind: 'volumeSnapshot', id: 'snap-2' }))
    // As one of an image that was made of it: the pool has none of that name, and the kernel is that of the first.
    const made = instanceSpec(['vol-2'], { image: 'made-of-i-1', memoryBytes: 96 * mebibytes })
    await doing(driver, 'instanceEnsure', 'i-2', made)
    await doing(driver, 'instancePower', 'i-2', start())
    // Two before the snapshot, and this one.
    await tells(driver, 'guest: boots 3', 'i-2')
  })

  story('see disks come with their serials, and let them go', async driver => {
    await doing(driver, 'volumeEnsure', 'vol-0123456789abcdef0', volumeSpec())
    const spec = { instance: 'i-1', volume: 'vol-0123456789abcdef0', device: '/dev/vdb', generation: 1 }
    const { serial } = (await doing(driver, 'attach', 'i-1', spec)).facts
    const shown = await driver.observe('attachment', 'i-1/vol-0123456789abcdef0', called())
    expect([serial, shown.facts.serial]).toEqual(['vol0123456789abcdef0', 'vol0123456789abcdef0'])
    await tells(driver, 'guest: disks vol0123456789abcdef0 volroot')
    expect(await doing(driver, 'detach', 'i-1', spec)).toMatchObject({ already: false })
    await doing(driver, 'volumeDelete', 'vol-0123456789abcdef0')
    const [, after] = (await told(driver)).split('vol0123456789abcdef0 volroot')
    expect(after).not.toContain('vol0123456789abcdef0')
    while (!(await told(driver)).split('vol0123456789abcdef0 volroot')[1]!.includes('guest: disks volroot'))
      await sleep(20)
  })

  story('that end by themselves are stopped, with the reason, also for a later driver', async (_, pool) => {
    // Pressed by a person: the driver was not asked. A guest that does not listen yet is pressed again.
    const press = async () => {
      const qmp = await Qmp.connect(join(pool, 'run', 'i-1', 'qmp'))
      await qmp.execute('system_powerdown')
      qmp.close()
      await qmp.closed
    }
    const later = qemu({ pool })
    const seen = () => later.observe('instance', 'i-1', called())
    for (let turn = 0; (await seen()).facts.status !== 'stopped'; turn++) {
      if (turn % 150 === 0) await press().catch(() => {})
      await sleep(20)
    }
    expect((await seen()).facts).toMatchObject({ status: 'stopped', endReason: 'guest-shutdown' })
    await doing(later, 'instancePower', 'i-1', start(2, { devices }))
    await tells(later, 'guest: boots 2')
    await later.close!()
  })
})
