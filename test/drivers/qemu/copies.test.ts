/** Copies of disks that machines have open: of one moment, or none. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Driver, Outcome } from '../../../src/drivers/driver.ts'
import { Machines } from '../../../src/drivers/qemu/machines.ts'
import { volumeSnapshotEnsure } from '../../../src/drivers/qemu/snapshot-calls.ts'
import type { Call } from '../../../src/drivers/qemu/work.ts'
import { ask, context, doing, instanceSpec, mebibytes, once, refusal, start, volumeSpec, write } from './asking.ts'
import { addEndingImage } from './counting-guest.ts'
import { describeWith, qemuSystem } from './debian.ts'
import { guestWrites, textOn } from './guest-writing.ts'
import { hostOn } from './host-on.ts'
import { off, onPool, running, seen, volumeAt } from './machine-setting.ts'
import { killMachine } from './processes.ts'

const snapshotAt = (pool: string, id: string) => join(pool, 'snapshots', `${id}.qcow2`)
const group = {
  members: [
    { snapshot: 'snap-a', volume: 'vol-root' },
    { snapshot: 'snap-b', volume: 'vol-data' },
  ],
}
/** Then `pending` says that the machine is at it, and never that this computer is slow. */
const patient = { answerWithinMs: 60_000 }
const there = async (driver: Driver, id: string) => (await driver.observe('volumeSnapshot', id, context())).exists

/** Has the guest count up, first on one disk and then on the other, for as long as `work` takes. */
async function whileWriting(pool: string, work: (isUnderWay: Promise<void>) => Promise<void>): Promise<void> {
  let isOver = false
  let begin = () => {}
  const isUnderWay = new Promise<void>(resolve => {
    begin = resolve
  })
  const write = async () => {
    for (let count = 1; !isOver; count++) {
      for (const volume of ['vol-root', 'vol-data']) await guestWrites(pool, 'i-1', String(count), volume)
      if (count === 3) begin()
    }
  }
  const [written, worked] = await Promise.allSettled([
    write().finally(begin),
    work(isUnderWay).finally(() => {
      isOver = true
    }),
  ])
  for (const each of [worked, written]) if (each.status === 'rejected') throw each.reason
}

describeWith(qemuSystem, 'a group of snapshots', () => {
  it('is of one moment of a machine that goes on writing, first to one disk and then to the other', () =>
    onPool(async (driver, pool) => {
      await running(driver, 'vol-data')
      for (let round = 0; round < 4; round++) {
        const members = group.members.map(({ snapshot, volume }) => ({ snapshot: `${snapshot}-${round}`, volume }))
        await whileWriting(pool, async isUnderWay => {
          await isUnderWay
          await doing(driver, 'volumeSnapshotGroupEnsure', `g-${round}`, { members })
        })
        const [first, second] = members.map(({ snapshot }) => Number(textOn(snapshotAt(pool, snapshot))))
        expect([0, 1]).toContain(first! - second!)
        expect(first).toBeGreaterThan(0)
      }
    }))

  it('is not there before it is complete, and none of it is when its machine dies', () =>
    onPool(async (driver, pool, open) => {
      await running(driver)
      await doing(driver, 'volumeEnsure', 'vol-data', volumeSpec(64 * mebibytes))
      // Something to copy, so that it takes a while.
      for (let at = 0; at < 3; at++) write(volumeAt(pool, 'vol-data'), 'x')
      const begun = await once(open(patient), 'volumeSnapshotGroupEnsure', 'g-1', group, 'cut')
      if (begun.kind === 'pending')
        expect([await there(driver, 'snap-a'), await there(driver, 'snap-b')]).toEqual(['no', 'no'])
      await killMachine(pool, 'i-1')
      const later = open()
      const ended = await ask(later, 'volumeSnapshotGroupEnsure', 'g-1', group, 'cut')
      const seen = [await there(later, 'snap-a'), await there(later, 'snap-b')]
      if (ended.kind === 'done') expect(seen).toEqual(['yes', 'yes'])
      else {
        expect([ended.kind, ...seen]).toEqual(['rejected', 'no', 'no'])
        await doing(later, 'volumeSnapshotGroupEnsure', 'g-1', group, 'again')
        expect([await there(later, 'snap-a'), await there(later, 'snap-b')]).toEqual(['yes', 'yes'])
      }
    }))

  it('has no moment in two machines that run', () =>
    onPool(async driver => {
      await running(driver)
      await doing(driver, 'volumeEnsure', 'vol-data', volumeSpec())
      await doing(driver, 'instanceEnsure', 'i-2', instanceSpec(['vol-data']))
      await doing(driver, 'instancePower', 'i-2', start())
      expect(await refusal(driver, 'volumeSnapshotGroupEnsure', 'g-1', group)).toBe('precondition')
      expect(await there(driver, 'snap-a')).toBe('no')
      await doing(driver, 'instancePower', 'i-2', off())
      await doing(driver, 'volumeSnapshotGroupEnsure', 'g-1', group)
    }))
})

describeWith(qemuSystem, 'a snapshot whose machine is another by the time it is asked for again', () => {
  it('is none: it would keep a later moment than the one that was accepted', () =>
    onPool(async (driver, pool, open) => {
      await running(driver)
      await guestWrites(pool, 'i-1', 'then')
      const begun = await once(open(patient), 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' }, 'cut')
      if (begun.kind !== 'pending') return
      await killMachine(pool, 'i-1')
      const later = open()
      await doing(later, 'instancePower', 'i-1', off())
      await doing(later, 'instancePower', 'i-1', start(2, { devices: instanceSpec(['vol-root']).devices }))
      await guestWrites(pool, 'i-1', 'later')
      for (let attempt = 0; attempt < 2; attempt++)
        expect(await ask(later, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' }, 'cut')).toMatchObject({
          kind: 'rejected',
          error: { code: 'precondition' },
        })
      expect(await there(later, 'snap-1')).toBe('no')
      await doing(later, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' }, 'another')
      expect(textOn(snapshotAt(pool, 'snap-1'))).toBe('later')
    }))
})

describeWith(qemuSystem, 'a guest that has turned itself off', () => {
  it('has done so still when a disk is taken from it, and its process has gone', () =>
    onPool(async (driver, pool) => {
      addEndingImage(pool)
      await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec(4 * mebibytes, { kind: 'image', id: 'ending' }))
      await doing(driver, 'volumeEnsure', 'vol-data', volumeSpec())
      await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-root', 'vol-data'], { image: 'ending' }))
      await doing(driver, 'instancePower', 'i-1', start())
      while ((await seen(driver)).facts.status !== 'stopped') await sleep(20)
      expect((await seen(driver)).facts.endReason).toBe('guest-shutdown')
      await doing(driver, 'detach', 'i-1', { instance: 'i-1', volume: 'vol-data', device: '/dev/vdb', generation: 1 })
      expect((await seen(driver)).facts).toMatchObject({ status: 'stopped', endReason: 'guest-shutdown' })
    }))
})

const ofRoot = { volume: 'vol-root' }

describeWith(qemuSystem, 'a snapshot of a disk that a machine has open', () => {
  it('is there for good once it has its name, also where its machine ends at that moment', () =>
    onPool(async (driver, pool, open) => {
      await running(driver)
      await driver.close!()
      const path = snapshotAt(pool, 'snap-1')
      const host = hostOn(pool)
      let ends = 0
      // What is left to be done once it has its name is only to tell the machine that its job may go.
      const talk: typeof host.machines.talk = async (...words) => {
        if (existsSync(path) && ends++ === 0) await killMachine(pool, 'i-1')
        return Machines.prototype.talk.apply(host.machines, words) as never
      }
      Object.assign(host.machines, { talk })
      const call: Call = { verb: 'volumeSnapshotEnsure', id: 'snap-1', spec: ofRoot, context: context('one') }
      let outcome: Outcome
      do outcome = await volumeSnapshotEnsure(host, call, new AbortController().signal)
      while (outcome.kind === 'pending')
      host.pool.release()
      expect([outcome.kind, ends]).toEqual(['done', 1])
      const later = open()
      expect(await there(later, 'snap-1')).toBe('yes')
      expect(await ask(later, 'volumeSnapshotEnsure', 'snap-1', ofRoot, 'one')).toMatchObject({
        kind: 'done',
        already: true,
      })
      expect((await ask(later, 'volumeSnapshotDelete', 'snap-1', {}, 'end')).kind).toBe('done')
      expect(existsSync(path)).toBe(false)
    }))
})
