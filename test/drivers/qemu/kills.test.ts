/**
 * Whoever asks is killed in the middle of a call, and asks again with the same token: it is done once, whenever that was.
 * (spec: drivers-and-qemu 5.)
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Driver } from '../../../src/drivers/driver.ts'
import { qemu } from '../../../src/drivers/qemu/index.ts'
import { endedJob } from '../../../src/drivers/qemu/jobs.ts'
import { jobOf, nodeOf, tagOf } from '../../../src/drivers/qemu/pool.ts'
import { snapshotsIn } from '../../../src/drivers/qemu/qcow2-snapshots.ts'
import type { Verb } from '../../../src/drivers/qemu/work.ts'
import { ask, doing, instanceSpec, mebibytes, start, volumeSpec } from './asking.ts'
import { addCountingImage, boots, counted, countsPast } from './counting-guest.ts'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { guestWrites, textOn } from './guest-writing.ts'
import { killedAsking } from './killed-asking.ts'
import { monitored, off, seen, volumeAt } from './machine-setting.ts'
import { endAll } from './processes.ts'

/** Moments from before the first step of a call to after its last. */
const momentsMs = [0, 40, 150]
const tokenOf = (what: string, atMs: number) => `${what}-${atMs}`

/** A pool that one process uses at a time: this one, or the one that is killed. */
interface Setting {
  readonly pool: string
  driver: Driver
}
const alone = (work: (setting: Setting) => Promise<void>) =>
  inFolder(async pool => {
    const setting: Setting = { pool, driver: qemu({ pool, gracefulMs: 300 }) }
    try {
      await work(setting)
    } finally {
      await setting.driver.close!()
      await endAll(pool)
    }
  })

/** Asks in a process that is killed, and then here until it is done. */
const askedTwice = async (setting: Setting, atMs: number, verb: Verb, id: string, spec: object, token: string) => {
  const { pool } = setting
  await setting.driver.close!()
  try {
    await killedAsking(pool, () => sleep(atMs), verb, id, spec, token)
  } finally {
    setting.driver = qemu({ pool, gracefulMs: 300 })
  }
  // What the killed one has started may still be about to be there: then it is asked again.
  await doing(setting.driver, verb, id, spec, token)
  return setting.driver
}

const counting = async ({ driver, pool }: Setting): Promise<void> => {
  addCountingImage(pool)
  await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec(4 * mebibytes, { kind: 'image', id: 'counting' }))
  await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-root'], { image: 'counting' }))
  await doing(driver, 'instancePower', 'i-1', start())
  await countsPast(driver, pool, 0)
}
const rootText = (pool: string) => textOn(volumeAt(pool, 'vol-root'))
const runs = async (driver: Driver) =>
  expect((await seen(driver)).facts).toMatchObject({ status: 'running', generation: 1 })

describeWith(qemuSystem, 'calls whose caller is killed', () => {
  it('reset a guest once', () =>
    alone(async setting => {
      const { pool } = setting
      await counting(setting)
      for (const atMs of momentsMs) {
        const before = await boots(setting.driver)
        const token = tokenOf('reset', atMs)
        const later = await askedTwice(setting, atMs, 'instanceReset', 'i-1', { generation: 1 }, token)
        while ((await boots(later)) === before) await sleep(20)
        // What it wrote since stays in its memory: nobody resets it a second time.
        const far = await countsPast(later, pool, 2)
        expect(await doing(later, 'instanceReset', 'i-1', { generation: 1 }, token)).toMatchObject({ already: true })
        expect(await counted(pool)).toBeGreaterThanOrEqual(far)
        await runs(later)
      }
    }))

  it('suspend a guest, which goes on from where it was', () =>
    alone(async setting => {
      const { pool } = setting
      await counting(setting)
      for (const atMs of momentsMs) {
        const before = await counted(pool)
        const asked = { want: 'suspended', mode: 'hard', generation: 1 }
        const later = await askedTwice(setting, atMs, 'instancePower', 'i-1', asked, tokenOf('sleep', atMs))
        expect((await seen(later)).facts.status).toBe('suspended')
        const awake = await askedTwice(setting, atMs, 'instancePower', 'i-1', start(), tokenOf('wake', atMs))
        await runs(awake)
        expect([(await counted(pool)) >= before, await boots(awake)]).toEqual([true, 1])
      }
    }))

  it('keep a machine once, and go back to it once', () =>
    alone(async setting => {
      const { pool } = setting
      await counting(setting)
      for (const atMs of momentsMs) {
        const name = `vs-${atMs}`
        await guestWrites(pool, 'i-1', name)
        const kept = { snapshot: name, memory: true, generation: 1 }
        await askedTwice(setting, atMs, 'vmSnapshotEnsure', 'i-1', kept, tokenOf('keep', atMs))
        const names = (await snapshotsIn(volumeAt(pool, 'vol-root'))).filter(each => each.name === tagOf(name))
        expect(names.length).toBe(1)
        await guestWrites(pool, 'i-1', 'lost')
        const back = { snapshot: name, generation: 1, run: true }
        const later = await askedTwice(setting, atMs, 'vmSnapshotRevert', 'i-1', back, tokenOf('back', atMs))
        expect(rootText(pool)).toBe(name)
        await guestWrites(pool, 'i-1', 'since')
        expect(await doing(later, 'vmSnapshotRevert', 'i-1', back, tokenOf('back', atMs))).toMatchObject({
          already: true,
        })
        expect([rootText(pool), await boots(later)]).toEqual(['since', 1])
        await runs(later)
        const gone = { snapshot: `vs-${momentsMs[momentsMs.indexOf(atMs) - 1]}` }
        await askedTwice(setting, atMs, 'vmSnapshotDelete', 'i-1', gone, tokenOf('drop', atMs))
      }
      expect((await snapshotsIn(volumeAt(pool, 'vol-root'))).map(({ name }) => name)).toEqual([tagOf('vs-150')])
      expect(await monitored(pool, qmp => qmp.execute('query-jobs'))).toEqual([])
    }))

  it('take a VM snapshot off every disk, and leave nothing of it in the machine', () =>
    alone(async setting => {
      const { pool, driver } = setting
      await counting(setting)
      await doing(driver, 'vmSnapshotEnsure', 'i-1', { snapshot: 'vs-1', memory: true, generation: 1 })
      // As one that is killed when the name is off the disks, and before it dismisses the job.
      const job = jobOf('drop', 'vs-1')
      const dropping = { 'job-id': job, tag: tagOf('vs-1'), devices: [nodeOf('vol-root')] }
      const ended = await monitored(pool, qmp => endedJob(qmp, job, () => qmp.execute('snapshot-delete', dropping)))
      expect([ended.error, await snapshotsIn(volumeAt(pool, 'vol-root'))]).toEqual([undefined, []])
      await doing(driver, 'vmSnapshotDelete', 'i-1', { snapshot: 'vs-1' })
      expect(await monitored(pool, qmp => qmp.execute('query-jobs'))).toEqual([])
      await runs(driver)
    }))

  it('take a group whose members were not all written down, and each of them is there', () =>
    alone(async setting => {
      const { pool } = setting
      for (const volume of ['vol-1', 'vol-2']) await doing(setting.driver, 'volumeEnsure', volume, volumeSpec())
      const members = ['vol-1', 'vol-2'].map(volume => ({ snapshot: `of-${volume}`, volume }))
      await doing(setting.driver, 'volumeSnapshotGroupEnsure', 'g-1', { members }, 'cut')
      // As one that is killed when it has written down the group and the first of its members.
      await setting.driver.close!()
      const group = join(pool, 'records', 'snapshotGroup', 'g-1.json')
      writeFileSync(group, JSON.stringify({ ...JSON.parse(readFileSync(group, 'utf8')), isComplete: false }))
      rmSync(join(pool, 'records', 'volumeSnapshot', 'of-vol-2.json'))
      for (const { snapshot } of members) rmSync(join(pool, 'snapshots', `${snapshot}.qcow2`))
      setting.driver = qemu({ pool })
      await doing(setting.driver, 'volumeSnapshotGroupEnsure', 'g-1', { members }, 'cut')
      for (const { snapshot, volume } of members)
        await doing(setting.driver, 'volumeRevert', volume, { snapshot }, `back-${volume}`)
    }))

  it('keep a machine, and the next one knows which it follows', () =>
    alone(async setting => {
      const { pool } = setting
      await counting(setting)
      const keeping = (snapshot: string) => ({ snapshot, memory: true, generation: 1 })
      await doing(setting.driver, 'vmSnapshotEnsure', 'i-1', keeping('vs-1'), 'one')
      // As one that is killed when all is kept, and before it is written down that it is.
      await setting.driver.close!()
      const record = join(pool, 'records', 'vmSnapshot', 'vs-1.json')
      writeFileSync(record, JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), isComplete: false }))
      setting.driver = qemu({ pool, gracefulMs: 300 })
      await doing(setting.driver, 'vmSnapshotEnsure', 'i-1', keeping('vs-1'), 'one')
      const next = await doing(setting.driver, 'vmSnapshotEnsure', 'i-1', keeping('vs-2'), 'two')
      expect(next.facts).toMatchObject({ parent: 'vs-1' })
    }))

  it('take a group and a volume back once', () =>
    alone(async setting => {
      const { pool } = setting
      await counting(setting)
      await doing(setting.driver, 'volumeEnsure', 'vol-data', volumeSpec())
      let generation = 1
      for (const atMs of momentsMs) {
        await guestWrites(pool, 'i-1', `group ${atMs}`)
        const members = ['vol-root', 'vol-data'].map(volume => ({ snapshot: `${volume}-${atMs}`, volume }))
        await askedTwice(setting, atMs, 'volumeSnapshotGroupEnsure', `g-${atMs}`, { members }, tokenOf('group', atMs))
        expect(textOn(join(pool, 'snapshots', `vol-root-${atMs}.qcow2`))).toBe(`group ${atMs}`)
        await guestWrites(pool, 'i-1', 'lost')
        await doing(setting.driver, 'instancePower', 'i-1', off('hard', generation))
        const spec = { snapshot: `vol-root-${atMs}` }
        const token = tokenOf('volume', atMs)
        await askedTwice(setting, atMs, 'volumeRevert', 'vol-root', spec, token)
        expect(rootText(pool)).toBe(`group ${atMs}`)
        generation++
        const { devices } = instanceSpec(['vol-root'])
        await doing(setting.driver, 'instancePower', 'i-1', start(generation, { devices }))
        await guestWrites(pool, 'i-1', 'since')
        expect(await ask(setting.driver, 'volumeRevert', 'vol-root', spec, token)).toMatchObject({
          kind: 'done',
          already: true,
        })
        expect(rootText(pool)).toBe('since')
      }
      expect(await monitored(pool, qmp => qmp.execute('query-jobs'))).toEqual([])
    }))
})
