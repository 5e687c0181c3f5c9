/** A full disk, from the caller to a real guest and back. (spec: drivers-and-qemu 2, trap 9; issue: bad input.) */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, type TestContext } from 'vitest'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { qemu } from '../../../src/drivers/qemu/index.ts'
import { createEngine } from '../../../src/engine.ts'
import { sqlite } from '../../../src/store/sqlite/index.ts'
import { mebibytes } from './asking.ts'
import { addFillerImage } from './boot-sector.ts'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { told } from './guest.ts'
import { endAll } from './processes.ts'
import { enlarge, mounting, unmount } from './small-file-system.ts'

/** The system's time, which can be put forward: what the engine waits for is due then. */
const movable = () => {
  let aheadMs = 0
  const now = () => Date.now() + aheadMs
  const armed = new Set<{ arm: () => void; timer?: NodeJS.Timeout }>()
  return {
    now,
    soon: (run: () => void) => void setImmediate(run),
    wakeAt: (time: number, wake: () => void) => {
      const alarm = {
        timer: undefined as NodeJS.Timeout | undefined,
        arm: () => {
          clearTimeout(alarm.timer)
          alarm.timer = setTimeout(ring, Math.min(Math.max(0, time - now()), 2 ** 31 - 1))
        },
      }
      const ring = () => {
        armed.delete(alarm)
        wake()
      }
      armed.add(alarm)
      alarm.arm()
      return () => {
        armed.delete(alarm)
        clearTimeout(alarm.timer)
      }
    },
    forward: (ms: number) => {
      aheadMs += ms
      for (const { arm } of armed) arm()
    },
  }
}

/** A cloud on a file system that its only guest fills, once that guest is held. */
async function withFullDisk(
  trial: TestContext,
  story: (cloud: Awaited<ReturnType<typeof filledCloud>>) => Promise<void>,
) {
  await inFolder(async folder => {
    const pool = join(folder, 'p')
    mkdirSync(pool)
    const why = mounting(pool, '6m')
    if (why) return trial.skip(why)
    const ends: (() => Promise<void>)[] = [async () => unmount(pool), () => endAll(pool)]
    try {
      await story(await filledCloud(folder, pool, ends))
    } finally {
      for (const end of ends.reverse()) await end()
    }
  })
}

async function filledCloud(folder: string, pool: string, ends: (() => Promise<void>)[]) {
  const clock = movable()
  const driver = qemu({ pool, gracefulMs: 300 })
  const store = sqlite(join(folder, 'cloud.db'))
  const options = { kinds, projections, store, clock, drivers: { here: driver }, surveyEveryMs: 0 }
  const engine = await createEngine(options)
  ends.push(() => engine.close())
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: 32 * mebibytes })
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  const { id: image } = await acme.image.register({ name: 'filler', sizeBytes: 16 * mebibytes })
  addFillerImage(pool, 16 * mebibytes, image)
  const { id } = await acme.instance.launch({ image, type: 'small' })
  expect(await acme.settled(id)).toBe('running')
  const stalled = async () => (await acme.get(id)).attributes.stalled
  const until = async (isSo: (stall: unknown) => boolean) => {
    while (!isSo(await stalled())) await sleep(20)
  }
  await until(stall => stall !== undefined)
  return { engine, clock, acme, driver, pool, id, stalled, until }
}

describeWith(qemuSystem, 'a guest that fills the disk below it', () => {
  it('is shown as held, with the volume and the reason, and no survey takes that for drift', (trial: TestContext) =>
    withFullDisk(trial, async ({ engine, acme, id, stalled, until, pool, driver }) => {
      const { state, attributes } = await acme.get(id)
      expect(state).toBe('running')
      const [{ volume }] = attributes.devices
      expect(attributes.stalled.code).toBe('io-error')
      expect(attributes.stalled.message).toContain(`no space is left for ${volume}`)
      const { kinds: seen } = (await engine.survey()).providers[0]!
      expect(seen.flatMap(({ orphan, ghost, drift }) => [orphan.count, ghost.count, drift.count])).not.toContain(1)
      // Whoever starts it too early is heard, and nothing has changed.
      await acme.instance.start(id)
      await engine.idle()
      expect(await stalled()).toBeDefined()
      enlarge(pool, '64m')
      await acme.instance.start(id)
      await until(stall => stall === undefined)
      while (!(await told(driver, id)).includes('W')) await sleep(20)
      expect(await told(driver, id)).not.toContain('E')
      expect((await acme.get(id)).attributes.generation).toBe(1)
    }))

  it('goes on by itself some time after there is room, and has lost nothing', (trial: TestContext) =>
    withFullDisk(trial, async ({ engine, clock, id, pool, driver, stalled }) => {
      enlarge(pool, '64m')
      // Where it was seen held once more while it was let go on, it waits for the next time.
      for (let waits = 0; (await stalled()) !== undefined; waits++) {
        if (waits % 100 === 0) clock.forward(60_000)
        await sleep(20)
      }
      while (!(await told(driver, id)).includes('W')) await sleep(20)
      const types = []
      for await (const { type } of engine.history(id)) types.push(type)
      expect(types).toContain('instance.stallRetryDue')
      expect(types).not.toContain('instance.startRequested')
      expect(types.at(-1)).toBe('instance.recovered')
    }))
})
