/** Whole lives through the engine, with guests that have an operating system: what a caller asks is what a guest sees. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, type TestContext } from 'vitest'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { qemu } from '../../../src/drivers/qemu/index.ts'
import { createEngine } from '../../../src/engine.ts'
import { sqlite } from '../../../src/store/sqlite/index.ts'
import { context, mebibytes } from './asking.ts'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { addGuestImage, guestOrSkip, told } from './guest.ts'
import { endAll } from './processes.ts'

/** Each boot takes seconds, and on a busy computer many: instructions are translated one by one. */
const bootsWithinMs = 300_000

async function cloudOn(folder: string, guest: string) {
  const pool = join(folder, 'p')
  mkdirSync(pool)
  const driver = qemu({ pool })
  const store = sqlite(join(folder, 'cloud.db'))
  const engine = await createEngine({ kinds, projections, store, drivers: { here: driver } })
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: 96 * mebibytes })
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  const { id: image } = await acme.image.register({ name: 'guest', sizeBytes: 16 * mebibytes })
  addGuestImage(guest, pool, image)
  const launch = async (input = {}) => {
    const { id } = await acme.instance.launch({ image, type: 'small', ...input })
    expect(await acme.settled(id)).toBe('running')
    return id
  }
  /** Waits until the guest has written this; the test's own time limit ends it. */
  const tells = async (id: string, text: string): Promise<void> => {
    while (!(await told(driver, id)).includes(text)) await sleep(20)
  }
  return { engine, acme, driver, pool, image, launch, tells }
}
type Cloud = Awaited<ReturnType<typeof cloudOn>>

describeWith(qemuSystem, 'a life with a guest', () => {
  const story = (title: string, tell: (cloud: Cloud) => Promise<void>) =>
    it(
      title,
      (trial: TestContext) => {
        const guest = guestOrSkip(trial)
        return inFolder(async folder => {
          const cloud = await cloudOn(folder, guest)
          try {
            await tell(cloud)
          } finally {
            await cloud.engine.close()
            await endAll(cloud.pool)
          }
        })
      },
      bootsWithinMs,
    )

  story('keeps what was written over a stop that its guest obeys, and reads its user data', async cloud => {
    const { acme, driver, launch, tells } = cloud
    const userData = 'echo "guest: user data says so" && echo kept > /mnt/file && sync && echo "guest: written"'
    const id = await launch({ mode: 'stateful', userData })
    await tells(id, 'guest: written')
    await tells(id, 'guest: user data says so')
    await acme.instance.stop(id)
    expect(await acme.settled(id)).toBe('stopped')
    expect(await told(driver, id)).toContain('guest: asked to end')
    await acme.instance.modify(id, { userData: 'echo "guest: file $(cat /mnt/file)"' })
    await acme.instance.start(id)
    expect(await acme.settled(id)).toBe('running')
    await tells(id, 'guest: boots 2')
    await tells(id, 'guest: file kept')
  })

  story('leaves nothing of a stateless instance for the next one, nor on its image', async cloud => {
    const { acme, launch, tells, pool, image, driver } = cloud
    const hash = () =>
      createHash('sha256')
        .update(readFileSync(join(pool, 'images', `${image}.qcow2`)))
        .digest('hex')
    const before = hash()
    for (const _ of ['first', 'next']) {
      const id = await launch({ mode: 'stateless' })
      await tells(id, 'guest: boots 1')
      await acme.instance.terminate(id)
      expect(await acme.settled(id)).toBe('terminated')
      await cloud.engine.idle()
      expect((await driver.list('volume', undefined, context())).items).toEqual([])
    }
    expect(hash()).toBe(before)
  })

  story('sees a volume come by its serial and go, has a console, and ends when its guest does', async cloud => {
    const { acme, engine, driver, launch, tells } = cloud
    const id = await launch()
    await tells(id, 'guest: ready')
    const shown = await acme.consoleOutput(id)
    expect(Buffer.from(shown!.outputBase64, 'base64').toString()).toContain('guest: boots 1')
    const { id: volume } = await acme.volume.create({ sizeBytes: 4 * mebibytes })
    await acme.settled(volume)
    await acme.volume.attach(volume, { instance: id, device: '/dev/vdb' })
    await engine.idle()
    const { serial } = (await driver.observe('attachment', `${id}/${volume}`, context())).facts as { serial: string }
    await tells(id, serial)
    await acme.volume.detach(volume, {})
    expect(await acme.settled(volume)).toBe('available')
    while ((await told(driver, id)).trim().split('\n').at(-1)!.includes(serial)) await sleep(20)
    // Nobody asks: the guest turns itself off, and the engine hears of it.
    const { id: other } = await acme.instance.launch({ image: cloud.image, type: 'small', userData: 'poweroff -f' })
    for await (const { type } of engine.subscribe()) {
      if (type === 'instance.poweredOff') break
    }
    expect(await acme.settled(other)).toBe('stopped')
  })
})
