/** Real processes of QEMU in which firmware runs and no operating system: what they survive, and what survives them. */
import { spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Driver, Observation } from '../../../src/drivers/driver.ts'
import { type QemuOptions, qemu } from '../../../src/drivers/qemu/index.ts'
import {
  ask,
  context,
  doing,
  holds,
  instanceSpec,
  mebibytes,
  once,
  refusal,
  start,
  volumeSpec,
  write,
} from './asking.ts'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { monitored } from './machine-setting.ts'
import { endAll, holderOf, killMachine } from './processes.ts'

type Open = (options?: Partial<QemuOptions>) => Driver
const onPool = (work: (driver: Driver, pool: string, open: Open) => Promise<void>) =>
  inFolder(async pool => {
    const opened: Driver[] = []
    const open: Open = options => {
      opened.push(qemu({ pool, gracefulMs: 300, ...options }))
      return opened.at(-1)!
    }
    try {
      await work(open(), pool, open)
    } finally {
      for (const driver of opened) await driver.close!()
      await endAll(pool)
    }
  })

/** An instance `i-1` that runs, with `vol-root` and the other volumes. */
const running = async (driver: Driver, ...others: string[]): Promise<void> => {
  const volumes = ['vol-root', ...others]
  for (const volume of volumes) await doing(driver, 'volumeEnsure', volume, volumeSpec())
  await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(volumes))
  await doing(driver, 'instancePower', 'i-1', start())
}
const seen = (driver: Driver): Promise<Observation> => driver.observe('instance', 'i-1', context())
const volumeAt = (pool: string, id: string) => join(pool, 'volumes', `${id}.qcow2`)
const off = (mode: 'hard' | 'graceful' = 'hard', generation = 1) => ({ want: 'off', mode, generation })

describeWith(qemuSystem, 'machines', () => {
  it('outlive the process that started them, and are those of the next one', () =>
    inFolder(async pool => {
      const launcher = spawn(process.execPath, [join(import.meta.dirname, 'launcher.ts'), pool, 'i-1'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const gone = event(launcher, 'exit')
      try {
        await Promise.race([event(launcher.stdout, 'data'), gone])
        launcher.kill('SIGKILL')
        await gone
        const pid = await holderOf(pool, 'i-1')
        const driver = qemu({ pool })
        expect(await seen(driver)).toMatchObject({ exists: 'yes', generation: 1, facts: { status: 'running' } })
        expect(await doing(driver, 'instancePower', 'i-1', start())).toMatchObject({ already: true })
        expect(await holderOf(pool, 'i-1')).toBe(pid)
        await doing(driver, 'instanceDestroy', 'i-1')
        expect(await holderOf(pool, 'i-1')).toBe(undefined)
        await driver.close!()
      } finally {
        launcher.kill('SIGKILL')
        await endAll(pool)
      }
    }))

  it('are adopted, not started twice, when their launch was not recorded before the process died', () =>
    onPool(async (driver, pool, open) => {
      await running(driver)
      const pid = await holderOf(pool, 'i-1')
      const record = join(pool, 'records', 'instance', 'i-1.json')
      writeFileSync(record, JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), launched: 0 }))
      const later = open()
      expect(await doing(later, 'instancePower', 'i-1', start())).toMatchObject({ facts: { status: 'running' } })
      expect(await holderOf(pool, 'i-1')).toBe(pid)
    }))

  it('have vanished when they are killed, which is not begun again, and start over what they left', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      await killMachine(pool, 'i-1')
      expect((await seen(driver)).facts).toMatchObject({ status: 'stopped', endReason: 'vanished' })
      expect(await refusal(driver, 'instancePower', 'i-1', start())).toBe('ended')
      // Whoever hears that has no reason to turn it off: it has no disks any more.
      expect((await seen(driver)).facts).toMatchObject({ status: 'stopped', endReason: 'vanished' })
      expect((await driver.list('attachment', undefined, context())).items).toEqual([])
      const devices = instanceSpec(['vol-root']).devices
      expect(await doing(driver, 'instancePower', 'i-1', start(2, { devices }))).toMatchObject({
        facts: { status: 'running', generation: 2 },
      })
    }))

  it('that do not answer are unknown, never failed', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      const pid = (await holderOf(pool, 'i-1'))!
      process.kill(pid, 'SIGSTOP')
      try {
        expect((await seen(driver)).exists).toBe('unknown')
      } finally {
        process.kill(pid, 'SIGCONT')
      }
      expect((await seen(driver)).facts.status).toBe('running')
    }))

  it('that do not end when they are asked to are ended, by force if need be', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      const begun = await once(driver, 'instancePower', 'i-1', off('graceful'), 'stop')
      expect(begun).toMatchObject({ kind: 'pending' })
      expect((await seen(driver)).facts.status).toBe('running')
      expect(await doing(driver, 'instancePower', 'i-1', off('graceful'), 'stop')).toMatchObject({
        already: false,
        facts: { status: 'stopped', endedBy: 'force' },
      })
      expect(await holderOf(pool, 'i-1')).toBe(undefined)
      await doing(driver, 'instancePower', 'i-1', start(2))
      process.kill((await holderOf(pool, 'i-1'))!, 'SIGSTOP')
      await doing(driver, 'instancePower', 'i-1', off('hard', 2))
      expect(await holderOf(pool, 'i-1')).toBe(undefined)
    }))

  it('keep their disks while they are paused, for a later driver too', () =>
    onPool(async (driver, pool, open) => {
      await running(driver)
      await monitored(pool, qmp => qmp.execute('stop'))
      const later = open()
      expect((await seen(later)).facts.status).toBe('paused')
      expect(await refusal(later, 'volumeDelete', 'vol-root')).toBe('precondition')
      await doing(later, 'instancePower', 'i-1', off())
      await doing(later, 'volumeDelete', 'vol-root')
    }))

  it('have a snapshot taken of the disk they use, as it was then', () =>
    onPool(async (driver, pool) => {
      await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec())
      write(volumeAt(pool, 'vol-root'), 'a')
      await running(driver)
      await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' }, 'cut')
      expect(await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' }, 'cut')).toMatchObject({
        already: true,
        facts: { sizeBytes: 4 * mebibytes },
      })
      expect(await monitored(pool, qmp => qmp.execute('query-jobs'))).toEqual([])
      await doing(driver, 'instancePower', 'i-1', off())
      write(volumeAt(pool, 'vol-root'), 'b')
      expect(holds(join(pool, 'snapshots', 'snap-1.qcow2'), 'a')).toBe(true)
    }))

  it('finish a snapshot for a later driver that is given the handle', () =>
    onPool(async (driver, _, open) => {
      await running(driver)
      const begun = await once(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' }, 'cut')
      if (begun.kind === 'pending') {
        const later = open()
        let outcome = await later.poll(begun.handle, context('cut'))
        while (outcome.kind === 'pending') outcome = await later.poll(outcome.handle, context('cut'))
        expect(outcome).toMatchObject({ kind: 'done', facts: { sizeBytes: 4 * mebibytes } })
      }
      expect((await open().observe('volumeSnapshot', 'snap-1', context())).exists).toBe('yes')
    }))

  it('see a disk grow while they run, and keep the new size', () =>
    onPool(async (driver, _, open) => {
      await running(driver)
      await doing(driver, 'volumeResize', 'vol-root', { sizeBytes: 8 * mebibytes })
      expect(await refusal(driver, 'volumeResize', 'vol-root', { sizeBytes: 4 * mebibytes })).toBe('invalid')
      expect((await open().observe('volume', 'vol-root', context())).facts.sizeBytes).toBe(8 * mebibytes)
    }))

  it('take disks into free ports, each its own, until there is none', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      const volumes = ['b', 'c', 'd', 'e', 'f', 'g', 'h'].map(letter => ({
        device: `/dev/vd${letter}`,
        volume: `vol-${letter}`,
      }))
      for (const { device, volume } of volumes) {
        await doing(driver, 'volumeEnsure', volume, volumeSpec())
        await doing(driver, 'attach', 'i-1', { instance: 'i-1', volume, device, generation: 1 })
      }
      await doing(driver, 'volumeEnsure', 'vol-i', volumeSpec())
      const ninth = { instance: 'i-1', volume: 'vol-i', device: '/dev/vdi', generation: 1 }
      expect(await refusal(driver, 'attach', 'i-1', ninth)).toBe('exhausted')
      const devices = await monitored(pool, qmp => qmp.execute('qom-list', { path: '/machine/peripheral' }))
      expect(devices.filter(({ name }) => name.startsWith('d-')).length).toBe(8)
    }))

  it('let go of a disk when they are stopped, where nobody inside does', () =>
    onPool(async driver => {
      await running(driver, 'vol-data')
      const spec = { instance: 'i-1', volume: 'vol-data', device: '/dev/vdb', generation: 1 }
      const begun = await once(driver, 'detach', 'i-1', spec, 'off')
      if (begun.kind !== 'pending') throw new Error(`not pending: ${JSON.stringify(begun)}`)
      expect(await driver.poll(begun.handle, context('off'))).toMatchObject({ kind: 'pending' })
      expect(await refusal(driver, 'volumeDelete', 'vol-data')).toBe('precondition')
      await doing(driver, 'instancePower', 'i-1', off())
      let ended = await driver.poll(begun.handle, context('off'))
      while (ended.kind === 'pending') ended = await driver.poll(begun.handle, context('off'))
      expect(ended.kind).toBe('done')
      await doing(driver, 'volumeDelete', 'vol-data')
    }))

  it('tell who watches when they pause and go on', () =>
    onPool(async driver => {
      await running(driver)
      const watching = new AbortController()
      const news = driver.watch!(watching.signal)[Symbol.asyncIterator]()
      const statuses = new Set<unknown>()
      const heard = (async () => {
        while (!statuses.has('paused')) statuses.add((await news.next()).value?.facts.status)
      })()
      // Again and again, because who has just begun to watch may not be connected yet.
      while (!statuses.has('paused')) {
        await doing(driver, 'instancePower', 'i-1', { want: 'paused', mode: 'hard', generation: 1 })
        await Promise.race([heard, new Promise(resolve => setTimeout(resolve, 100))])
        await doing(driver, 'instancePower', 'i-1', start())
      }
      await heard
      watching.abort()
    }))

  it('are refused with what QEMU says when it can not start them, and may be started later', () =>
    onPool(async (driver, pool) => {
      await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec())
      await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-root'], { image: 'odd' }))
      writeFileSync(join(pool, 'images', 'odd.boot.json'), JSON.stringify({ kernel: '../../etc/passwd' }))
      expect(await refusal(driver, 'instancePower', 'i-1', start())).toBe('invalid')
      writeFileSync(join(pool, 'images', 'odd.boot.json'), JSON.stringify({ kernel: 'missing' }))
      const failed = await ask(driver, 'instancePower', 'i-1', start())
      expect(failed).toMatchObject({ kind: 'rejected', error: { message: expect.stringContaining('missing') } })
      expect((await seen(driver)).facts.status).toBe('stopped')
      writeFileSync(join(pool, 'images', 'odd.boot.json'), '{')
      expect(await refusal(driver, 'instancePower', 'i-1', start())).toBe('invalid')
    }))

  it('run in a pool whose path has quotes, commas and spaces', () =>
    inFolder(async folder => {
      const pool = join(folder, `a,b'c"d e`)
      const driver = qemu({ pool })
      try {
        await running(driver)
        await doing(driver, 'instancePower', 'i-1', off())
        await doing(
          driver,
          'instancePower',
          'i-1',
          start(2, { devices: instanceSpec(['vol-root']).devices, userData: 'hello' }),
        )
        expect((await seen(driver)).facts.status).toBe('running')
      } finally {
        await endAll(pool)
      }
    }))
})
