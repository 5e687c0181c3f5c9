/** A guest without an operating system never lets go of a disk: what ends it must not wait for that. (spec: 4.) */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { qemu } from '../../../src/drivers/qemu/index.ts'
import { createEngine } from '../../../src/engine.ts'
import { sqlite } from '../../../src/store/sqlite/index.ts'
import { mebibytes } from './asking.ts'
import { addFillerImage } from './boot-sector.ts'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { endAll, holderOf } from './processes.ts'

type Ending = (acme: Awaited<ReturnType<typeof detaching>>['acme'], id: string) => Promise<unknown>

/** An instance that is asked to give back a volume, and does not. */
async function detaching(folder: string) {
  const pool = join(folder, 'p')
  mkdirSync(pool)
  const driver = qemu({ pool, gracefulMs: 300 })
  const store = sqlite(join(folder, 'cloud.db'))
  const engine = await createEngine({ kinds, projections, store, drivers: { here: driver }, surveyEveryMs: 0 })
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: 32 * mebibytes })
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  const { id: image } = await acme.image.register({ name: 'halts', sizeBytes: mebibytes })
  addFillerImage(pool, mebibytes, image)
  const { id } = await acme.instance.launch({ image, type: 'small' })
  expect(await acme.settled(id)).toBe('running')
  const { id: volume } = await acme.volume.create({ sizeBytes: mebibytes })
  await acme.settled(volume)
  await acme.volume.attach(volume, { instance: id, device: '/dev/vdb' })
  expect(await acme.settled(volume)).toBe('in-use')
  await acme.volume.detach(volume, {})
  await sleep(300)
  const [, { status }] = (await acme.get(id)).attributes.devices
  expect(status).toBe('detaching')
  return { engine, acme, driver, pool, id, volume }
}

describeWith(qemuSystem, 'a disk that a guest does not let go of', () => {
  it.each<[string, Ending, string]>([
    ['a graceful stop', (acme, id) => acme.instance.stop(id), 'stopped'],
    ['a hard stop', (acme, id) => acme.instance.stop(id, { force: true }), 'stopped'],
    ['its end', (acme, id) => acme.instance.terminate(id), 'terminated'],
  ])('does not hold up %s, and is free after it', (_, ending, state) =>
    inFolder(async folder => {
      const { engine, acme, id, volume, pool } = await detaching(folder)
      try {
        const askedAt = Date.now()
        await ending(acme, id)
        expect(await acme.settled(id)).toBe(state)
        const types = []
        for await (const { type, at } of engine.history(id)) if (at >= askedAt) types.push(type)
        // Nobody had to wait until the stop was asked for a second time.
        expect(types).not.toContain('instance.stopRetryDue')
        expect(await acme.settled(volume)).toBe('available')
        expect(await holderOf(pool, id)).toBeUndefined()
      } finally {
        await engine.close()
        await endAll(pool)
      }
    }),
  )
})
