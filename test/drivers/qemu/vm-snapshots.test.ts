/** Machines as a whole, kept inside their disks: what QEMU would get wrong if it were left to it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Driver } from '../../../src/drivers/driver.ts'
import { tagOf } from '../../../src/drivers/qemu/pool.ts'
import { snapshotsIn } from '../../../src/drivers/qemu/qcow2-snapshots.ts'
import { ask, context, doing, instanceSpec, mebibytes, refusal, start, volumeSpec } from './asking.ts'
import { addCountingImage, boots, counted, countsPast, keysHeard, pressKey } from './counting-guest.ts'
import { describeWith, qemuImg, qemuSystem } from './debian.ts'
import { guestWrites, textOn } from './guest-writing.ts'
import { monitored, off, onPool, running, seen, volumeAt } from './machine-setting.ts'
import { killMachine } from './processes.ts'

const snapshot = (name: string, memory = true, generation = 1) => ({ snapshot: name, memory, generation })
const revert = (name: string, generation = 1, rest: object = {}) => ({ snapshot: name, generation, run: true, ...rest })
const disks = ['vol-root', 'vol-data']
const { devices } = instanceSpec(disks)
const texts = (pool: string) => disks.map(volume => textOn(volumeAt(pool, volume)))
const writeBoth = async (pool: string, text: string) => {
  for (const volume of disks) await guestWrites(pool, 'i-1', text, volume)
}
const byHand = (...words: string[]) => execFileSync('qemu-img', words, { encoding: 'utf8' })
/** `check` ends with 3 where it finds what nobody uses. A machine that was just killed may still hold its lock. */
const checked = (path: string): { corruptions?: number; leaks?: number } => {
  const { stdout } = spawnSync('qemu-img', ['check', '--force-share', '--output=json', '-f', 'qcow2', path], {
    encoding: 'utf8',
  })
  return JSON.parse(stdout)
}
const namesIn = async (pool: string, volume: string) =>
  (await snapshotsIn(volumeAt(pool, volume))).map(({ name }) => name)

/** An instance `i-1` whose guest counts, on a layer over its image. */
const counting = async (driver: Driver, pool: string): Promise<void> => {
  addCountingImage(pool)
  await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec(4 * mebibytes, { kind: 'image', id: 'counting' }))
  await doing(driver, 'volumeEnsure', 'vol-data', volumeSpec())
  await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(disks, { image: 'counting' }))
  await doing(driver, 'instancePower', 'i-1', start())
}

describeWith(qemuImg, 'the table of snapshots in a disk', () => {
  it('is read as QEMU itself shows it, in order, with sizes of then', () =>
    onPool(async (driver, pool) => {
      await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec())
      const path = volumeAt(pool, 'vol-1')
      expect(await snapshotsIn(path)).toEqual([])
      byHand('snapshot', '-c', 'a', path)
      byHand('resize', '-q', '-f', 'qcow2', path, '8M')
      for (const name of ['b', 'b', 'a longer name, with a comma']) byHand('snapshot', '-c', name, path)
      expect(await snapshotsIn(path)).toEqual([
        { name: 'a', memoryBytes: 0, virtualBytes: 4 * mebibytes },
        { name: 'b', memoryBytes: 0, virtualBytes: 8 * mebibytes },
        { name: 'b', memoryBytes: 0, virtualBytes: 8 * mebibytes },
        { name: 'a longer name, with a comma', memoryBytes: 0, virtualBytes: 8 * mebibytes },
      ])
    }))

  it('is one table, also where it is written anew while it is read', () =>
    onPool(async (driver, pool) => {
      await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec())
      const path = volumeAt(pool, 'vol-1')
      for (const name of ['a', 'b', 'c']) byHand('snapshot', '-c', name, path)
      let reads = 0
      const opened = async (...words: Parameters<typeof open>) => {
        const file = await open(...words)
        const read = file.read.bind(file) as (...words: unknown[]) => Promise<unknown>
        const meddled = async (...words: unknown[]) => {
          const result = await read(...words)
          // It knows where the table is, and has not read it.
          if (++reads === 1) byHand('snapshot', '-d', 'a', path)
          return result
        }
        return Object.assign(file, { read: meddled })
      }
      expect((await snapshotsIn(path, opened as typeof open)).map(({ name }) => name)).toEqual(['b', 'c'])
    }))
})

describeWith(qemuSystem, 'VM snapshots', () => {
  it('bring back the memory and every disk of one moment, again and again, and leave the image as it was', () =>
    onPool(async (driver, pool) => {
      await counting(driver, pool)
      const image = () =>
        createHash('sha256')
          .update(readFileSync(join(pool, 'images', 'counting.qcow2')))
          .digest('hex')
      const before = image()
      await countsPast(driver, pool, 2)
      await writeBoth(pool, 'one')
      const kept = await doing(driver, 'vmSnapshotEnsure', 'i-1', snapshot('vs-1'))
      expect(kept.facts).toMatchObject({
        state: 'running',
        disks: { 'vol-root': { sizeBytes: 4 * mebibytes }, 'vol-data': { sizeBytes: 4 * mebibytes } },
      })
      await writeBoth(pool, 'two')
      await pressKey(pool)
      const far = await counted(pool)
      await doing(driver, 'vmSnapshotEnsure', 'i-1', snapshot('vs-2'))
      await doing(driver, 'vmSnapshotRevert', 'i-1', revert('vs-1'))
      // How far it has counted says nothing here: it counts on before anybody can look.
      expect([await keysHeard(pool), await boots(driver), texts(pool)]).toEqual([0, 1, ['one', 'one']])
      await writeBoth(pool, 'three')
      await doing(driver, 'vmSnapshotRevert', 'i-1', revert('vs-2'))
      expect(await counted(pool)).toBeGreaterThanOrEqual(far)
      expect([await keysHeard(pool), texts(pool)]).toEqual([1, ['two', 'two']])
      await doing(driver, 'vmSnapshotDelete', 'i-1', { snapshot: 'vs-1' })
      await doing(driver, 'vmSnapshotRevert', 'i-1', revert('vs-2'))
      expect([texts(pool), image()]).toEqual([['two', 'two'], before])
      expect(await monitored(pool, qmp => qmp.execute('query-jobs'))).toEqual([])
    }))

  it('with memory go on in a new process too, and those of disks alone are booted from', () =>
    onPool(async (driver, pool, open) => {
      await counting(driver, pool)
      const then = await countsPast(driver, pool, 4)
      await writeBoth(pool, 'with memory')
      await doing(driver, 'vmSnapshotEnsure', 'i-1', snapshot('vs-memory'))
      await writeBoth(pool, 'disks alone')
      await doing(driver, 'vmSnapshotEnsure', 'i-1', snapshot('vs-disks', false))
      await writeBoth(pool, 'lost')
      await killMachine(pool, 'i-1')
      const later = open()
      await doing(later, 'vmSnapshotRevert', 'i-1', revert('vs-memory', 2))
      expect(await counted(pool)).toBeGreaterThanOrEqual(then)
      expect(texts(pool)).toEqual(['with memory', 'with memory'])
      // Its console began with the new process, in which nothing was booted.
      expect(await boots(later)).toBe(0)
      await doing(later, 'vmSnapshotRevert', 'i-1', revert('vs-disks', 3, { devices }))
      expect(texts(pool)).toEqual(['disks alone', 'disks alone'])
      await countsPast(later, pool, 0)
      expect(await boots(later)).toBe(1)
      await doing(later, 'vmSnapshotRevert', 'i-1', { snapshot: 'vs-memory', generation: 3, run: false })
      expect((await seen(later)).facts).toMatchObject({ status: 'stopped', generation: 3 })
      expect(texts(pool)).toEqual(['with memory', 'with memory'])
    }))

  it('are put on each disk once, where a name was left on some or twice on one', () =>
    onPool(async (driver, pool) => {
      await running(driver, 'vol-data')
      await doing(driver, 'instancePower', 'i-1', off())
      const asked = { ...snapshot('vs-1', false), volumes: disks }
      for (const volume of ['vol-data', 'vol-data']) byHand('snapshot', '-c', tagOf('vs-1'), volumeAt(pool, volume))
      await doing(driver, 'vmSnapshotEnsure', 'i-1', asked)
      for (const volume of disks) expect(await namesIn(pool, volume)).toEqual([tagOf('vs-1')])
      // And those of a machine that has its disks open.
      byHand('snapshot', '-c', tagOf('vs-2'), volumeAt(pool, 'vol-data'))
      await doing(driver, 'instancePower', 'i-1', start(2, { devices }))
      await doing(driver, 'vmSnapshotEnsure', 'i-1', snapshot('vs-2', true, 2))
      for (const volume of disks) expect(await namesIn(pool, volume)).toEqual([tagOf('vs-1'), tagOf('vs-2')])
      await doing(driver, 'vmSnapshotDelete', 'i-1', { snapshot: 'vs-2' })
      await doing(driver, 'instancePower', 'i-1', off('hard', 2))
      byHand('snapshot', '-c', tagOf('vs-1'), volumeAt(pool, 'vol-root'))
      await doing(driver, 'vmSnapshotDelete', 'i-1', { snapshot: 'vs-1' })
      for (const volume of disks) expect(await namesIn(pool, volume)).toEqual([])
    }))

  it('that a disk has lost are not gone back to, and the guest runs on', () =>
    onPool(async (driver, pool) => {
      await counting(driver, pool)
      await countsPast(driver, pool, 0)
      await doing(driver, 'vmSnapshotEnsure', 'i-1', snapshot('vs-1'))
      await monitored(pool, qmp =>
        qmp.execute('snapshot-delete', { 'job-id': 'by-hand', tag: tagOf('vs-1'), devices: ['v-vol-data'] }),
      )
      while ((await namesIn(pool, 'vol-data')).length > 0) await new Promise(resolve => setTimeout(resolve, 10))
      expect(await refusal(driver, 'vmSnapshotRevert', 'i-1', revert('vs-1'))).toBe('corrupt')
      expect((await driver.observe('vmSnapshot', 'vs-1', context())).exists).toBe('unknown')
      expect((await seen(driver)).facts.status).toBe('running')
      await countsPast(driver, pool, await counted(pool))
      await doing(driver, 'vmSnapshotDelete', 'i-1', { snapshot: 'vs-1' })
      expect(await namesIn(pool, 'vol-root')).toEqual([])
    }))

  it('take sizes back with them, and tell', () =>
    onPool(async (driver, pool) => {
      await running(driver, 'vol-data')
      await doing(driver, 'vmSnapshotEnsure', 'i-1', snapshot('vs-1', false))
      await doing(driver, 'instancePower', 'i-1', off())
      // The driver refuses that as long as there is one.
      expect(await refusal(driver, 'volumeResize', 'vol-data', { sizeBytes: 8 * mebibytes })).toBe('precondition')
      byHand('resize', '-q', '-f', 'qcow2', volumeAt(pool, 'vol-data'), '8M')
      expect((await driver.observe('volume', 'vol-data', context())).facts.sizeBytes).toBe(8 * mebibytes)
      const back = await doing(driver, 'vmSnapshotRevert', 'i-1', revert('vs-1', 2, { devices }))
      expect(back.facts.disks).toMatchObject({ 'vol-data': { sizeBytes: 4 * mebibytes } })
      expect((await driver.observe('volume', 'vol-data', context())).facts.sizeBytes).toBe(4 * mebibytes)
    }))

  it('are loaded only into a machine that is as it was then, and make one with the next launch', () =>
    onPool(async (driver, pool) => {
      await running(driver, 'vol-data')
      await writeBoth(pool, 'then')
      await doing(driver, 'vmSnapshotEnsure', 'i-1', snapshot('vs-1'))
      await doing(driver, 'instancePower', 'i-1', off())
      const other = { vcpus: 2, devices: instanceSpec(['vol-root']).devices }
      await doing(driver, 'instancePower', 'i-1', start(2, other))
      expect(await refusal(driver, 'vmSnapshotRevert', 'i-1', revert('vs-1', 2))).toBe('precondition')
      expect((await seen(driver)).facts).toMatchObject({ status: 'running', vcpus: 2 })
      await doing(driver, 'vmSnapshotRevert', 'i-1', revert('vs-1', 3))
      expect((await seen(driver)).facts).toMatchObject({ status: 'running', generation: 3, vcpus: 1 })
      expect(texts(pool)).toEqual(['then', 'then'])
    }))

  it('keep their volumes from others, and from being taken back alone', () =>
    onPool(async driver => {
      await running(driver, 'vol-data')
      await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-data' })
      await doing(driver, 'vmSnapshotEnsure', 'i-1', snapshot('vs-1'))
      await doing(driver, 'instancePower', 'i-1', off())
      expect(await refusal(driver, 'instanceEnsure', 'i-2', instanceSpec(['vol-data']))).toBe('precondition')
      expect(await refusal(driver, 'volumeRevert', 'vol-data', { snapshot: 'snap-1' })).toBe('precondition')
      expect(await refusal(driver, 'volumeDelete', 'vol-data')).toBe('precondition')
      await doing(driver, 'instanceDestroy', 'i-1')
      await doing(driver, 'instanceEnsure', 'i-2', instanceSpec(['vol-data']))
    }))

  it('of a machine that died before they were whole are none, and asked for again by the same token never a later one', () =>
    onPool(async (driver, pool, open) => {
      await running(driver)
      const record = { ...snapshot('vs-1'), volumes: ['vol-root'] }
      // Killed at every moment from before the first byte to after the last.
      for (let afterMs = 0; afterMs < 200; afterMs += 40) {
        const generation = 1 + afterMs / 40
        const [name, token] = [`vs-${generation}`, `keep-${generation}`]
        const asked = { ...record, snapshot: name, generation }
        const asking = ask(open(), 'vmSnapshotEnsure', 'i-1', asked, token)
        await new Promise(resolve => setTimeout(resolve, afterMs))
        await killMachine(pool, 'i-1')
        await asking.catch(() => {})
        const later = open()
        const outcome = await ask(later, 'vmSnapshotEnsure', 'i-1', asked, token)
        const exists = (await later.observe('vmSnapshot', name, context())).exists
        const names = (await namesIn(pool, 'vol-root')).filter(each => each === tagOf(name))
        if (outcome.kind === 'done') expect([exists, names.length]).toEqual(['yes', 1])
        else {
          expect([outcome.kind, exists, names]).toEqual(['rejected', 'no', []])
          expect(checked(volumeAt(pool, 'vol-root')).leaks ?? 0).toBe(0)
          expect(await ask(later, 'vmSnapshotEnsure', 'i-1', asked, token)).toMatchObject({ kind: 'rejected' })
        }
        await doing(later, 'instancePower', 'i-1', off('hard', generation))
        // Whatever was killed when, nothing is wrong with the disk; at most some of it is not used by anybody.
        expect(checked(volumeAt(pool, 'vol-root')).corruptions ?? 0).toBe(0)
        await doing(
          later,
          'instancePower',
          'i-1',
          start(generation + 1, { devices: instanceSpec(['vol-root']).devices }),
        )
      }
      await doing(driver, 'instanceDestroy', 'i-1')
    }))
})
