/**
 * What went wrong with QEMU when it was tried, and is tried here. Which trap has its test where is in `trap-table.ts`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, type TestContext } from 'vitest'
import { holderOf as holderOfFile } from '../../../src/drivers/qemu/process-lock.ts'
import { Qmp } from '../../../src/drivers/qemu/qmp.ts'
import {
  ask,
  context,
  doing,
  holds,
  instanceSpec,
  mebibytes,
  once,
  start,
  volumeSpec,
  withQemuImg,
  write,
} from './asking.ts'
import { addFillerImage } from './boot-sector.ts'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { monitored, off, onPool, openedOn, patient, running, seen, volumeAt } from './machine-setting.ts'
import { holderOf, killMachine, pidFileOf } from './processes.ts'
import { enlarge, mounting, unmount } from './small-file-system.ts'

const launchWords = (pool: string): [string, ...string[]] =>
  JSON.parse(readFileSync(join(pool, 'run', 'i-1', 'launch.json'), 'utf8'))

/** A process that is dead and has not been waited for: its parent sleeps. */
async function withZombie(work: (pid: number) => Promise<void>): Promise<void> {
  const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = event(parent, 'exit')
  try {
    const [told] = await event(parent.stdout, 'data')
    const pid = Number(String(told))
    while (!/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) await sleep(5)
    await work(pid)
  } finally {
    parent.kill('SIGKILL')
    await gone
  }
}

describeWith(qemuSystem, 'who is alive', () => {
  it('is not said by a pid: neither a zombie nor a stranger with the same number is the machine, and none is ended', () =>
    onPool(async (driver, pool, open) => {
      await running(driver)
      await killMachine(pool, 'i-1')
      const files = () => readdirSync(join(pool, 'run', 'i-1'))
      expect(files()).toEqual(expect.arrayContaining(['pid', 'qmp', 'events']))
      const stranger: ChildProcess = spawn('sleep', ['600'])
      const gone = event(stranger, 'exit')
      try {
        await withZombie(async zombie => {
          for (const pid of [zombie, stranger.pid!]) {
            writeFileSync(join(pool, 'run', 'i-1', 'pid'), `${pid}\n`)
            // To a signal both are there.
            expect(() => process.kill(pid, 0)).not.toThrow()
            expect((await seen(open())).facts).toMatchObject({ status: 'stopped', endReason: 'vanished' })
          }
        })
        await doing(driver, 'instancePower', 'i-1', off())
        const devices = instanceSpec(['vol-root']).devices
        await doing(driver, 'instancePower', 'i-1', start(2, { devices }))
        expect((await seen(driver)).facts.status).toBe('running')
        await doing(driver, 'instanceDestroy', 'i-1')
        expect(stranger.exitCode).toBe(null)
      } finally {
        stranger.kill('SIGKILL')
        await gone
      }
    }))

  it('is not said by a lock that the kernel does not show, as when others begin or end while its list is read', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      const pid = (await holderOf(pool, 'i-1'))!
      const file = pidFileOf(pool, 'i-1')
      expect(await holderOfFile(file, async () => '')).toBe(pid)
      // One that starts has the lock, and has not said its number.
      const number = readFileSync(file, 'utf8')
      writeFileSync(file, '')
      expect(await holderOfFile(file)).toBe(pid)
      writeFileSync(file, number)
    }))

  it('is said by the lock: started a second time, QEMU ends, and the first goes on answering', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      const pid = await holderOf(pool, 'i-1')
      const [program, ...words] = launchWords(pool)
      expect(() => execFileSync(program, words, { stdio: 'pipe' })).toThrow(/lock pid file/)
      expect(await holderOf(pool, 'i-1')).toBe(pid)
      expect((await seen(driver)).facts.status).toBe('running')
    }))

  it('is not who answers at its socket: another machine there is not taken for it', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      const [program, ...words] = launchWords(pool)
      await killMachine(pool, 'i-1')
      execFileSync(
        program,
        words.map(each => each.replace(/^guest=.*/, 'guest=i-9/1')),
        { stdio: 'pipe' },
      )
      expect(await monitored(pool, qmp => qmp.execute('query-name'))).toEqual({ name: 'i-9/1' })
      expect((await seen(driver)).facts.status).toBe('stopped')
      expect(await ask(driver, 'instancePower', 'i-1', start())).toMatchObject({ kind: 'rejected' })
      expect(await ask(driver, 'instanceReset', 'i-1', { generation: 1 })).toMatchObject({ kind: 'rejected' })
    }))

  it('is not known while somebody else has its monitor, and nothing hangs: after that it is', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      const other = await Qmp.connect(join(pool, 'run', 'i-1', 'qmp'), patient)
      try {
        expect((await seen(driver)).exists).toBe('unknown')
        expect(await once(driver, 'instanceReset', 'i-1', { generation: 1 }, 'again')).toMatchObject({
          kind: 'pending',
        })
      } finally {
        other.close()
      }
      expect(await doing(driver, 'instanceReset', 'i-1', { generation: 1 }, 'again')).toMatchObject({ kind: 'done' })
      expect((await seen(driver)).facts.status).toBe('running')
    }))
})

describe('a file system that is full', () => {
  it('holds the guest that writes, which is told, and lets it go on where it was when there is room', async (trial: TestContext) =>
    inFolder(async folder => {
      const pool = join(folder, 'p')
      mkdirSync(pool)
      const why = mounting(pool, '6m')
      if (why) return trial.skip(why)
      try {
        await openedOn(pool, async driver => {
          const sizeBytes = 16 * mebibytes
          addFillerImage(pool, sizeBytes)
          await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec(sizeBytes, { kind: 'image', id: 'filler' }))
          await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-root']))
          const watching = new AbortController()
          const news = driver.watch!(watching.signal)[Symbol.asyncIterator]()
          await doing(driver, 'instancePower', 'i-1', start())
          const held = { status: 'paused', pauseReason: 'io-error', pauseMessage: expect.stringContaining('vol-root') }
          for (let told = await news.next(); told.value?.facts.status !== 'paused'; ) told = await news.next()
          expect((await seen(driver)).facts).toMatchObject(held)
          expect((await seen(driver)).facts.pauseMessage).toContain('no space is left')
          // Without more room it would be held again at once.
          const still = await ask(driver, 'instancePower', 'i-1', start())
          expect(still).toMatchObject({ kind: 'rejected', error: { code: 'exhausted', retry: 'after-change' } })
          expect((await seen(driver)).facts).toMatchObject(held)
          const full = await ask(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' })
          expect(full).toMatchObject({ kind: 'rejected', error: { code: 'exhausted' } })
          expect(readdirSync(join(pool, 'snapshots'))).toEqual([])

          enlarge(pool, '64m')
          expect(await doing(driver, 'instancePower', 'i-1', start())).toMatchObject({ facts: { status: 'running' } })
          while (!(await written(driver)).includes('W')) await sleep(20)
          expect(await written(driver)).not.toContain('E')
          watching.abort()
          await doing(driver, 'instancePower', 'i-1', off())
          execFileSync('qemu-img', ['check', '-q', '-f', 'qcow2', volumeAt(pool, 'vol-root')])
        })
      } finally {
        unmount(pool)
      }
    }))
})

const written = async (driver: Parameters<typeof seen>[0]): Promise<string> =>
  Buffer.from((await driver.consoleOutput!('i-1', context()))!.outputBase64, 'base64').toString()

describeWith(qemuSystem, 'formats and names', () => {
  it('are said to qemu-img each time, so that no contents can choose their format', () =>
    onPool(async (driver, pool) => {
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(pool, 'images', 'golden.qcow2'), '2M'])
      const log = join(pool, 'words')
      await withQemuImg(pool, `echo "$@" >> '${log}'; exec $real "$@"`, async () => {
        await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec())
        await doing(driver, 'volumeEnsure', 'vol-2', volumeSpec(4 * mebibytes, { kind: 'image', id: 'golden' }))
        await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-1' })
        await doing(
          driver,
          'volumeEnsure',
          'vol-3',
          volumeSpec(8 * mebibytes, { kind: 'volumeSnapshot', id: 'snap-1' }),
        )
        await doing(driver, 'volumeResize', 'vol-1', { sizeBytes: 8 * mebibytes })
        await doing(driver, 'volumeSnapshotEnsure', 'snap-2', { from: { snapshot: 'snap-1' } })
      })
      const calls = readFileSync(log, 'utf8').trim().split('\n')
      expect(calls.length).toBeGreaterThanOrEqual(6)
      for (const call of calls) {
        expect(call).toContain('-f qcow2')
        if (call.includes(' -b ')) expect(call).toContain('-F qcow2')
        // Nothing that writes into what another disk stands on.
        expect(call).not.toMatch(/^(commit|rebase)/)
      }
    }))

  it('are never said by a disk to a machine', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      const words = launchWords(pool)
      const disks = words.filter((_, at) => words[at - 1] === '-blockdev').map(text => JSON.parse(text))
      expect(disks).toMatchObject([{ driver: 'qcow2', file: { driver: 'file', filename: volumeAt(pool, 'vol-root') } }])
      expect(words.filter(each => each === '-drive' || each.startsWith('-hd'))).toEqual([])
    }))

  it('of every length that ids have are taken by a machine, at its start and while it runs', () =>
    onPool(async driver => {
      const [first, second] = ['v'.repeat(64), `w.${'_'.repeat(62)}`]
      for (const volume of [first, second]) await doing(driver, 'volumeEnsure', volume, volumeSpec())
      await doing(driver, 'instanceEnsure', 'i-1', instanceSpec([first]))
      await doing(driver, 'instancePower', 'i-1', start())
      await doing(driver, 'attach', 'i-1', { instance: 'i-1', volume: second, device: '/dev/vdb', generation: 1 })
      await doing(driver, 'volumeSnapshotEnsure', 's'.repeat(64), { volume: first })
    }))

  it('of a layer’s base are found from everywhere, also when the pool has moved', () =>
    inFolder(async folder => {
      const [before, after] = [join(folder, 'before'), join(folder, 'after')]
      await openedOn(before, async driver => {
        const image = join(before, 'images', 'golden.qcow2')
        execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '2M'])
        write(image, 'g')
        await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec(4 * mebibytes, { kind: 'image', id: 'golden' }))
        const told = execFileSync('qemu-img', ['info', '--output=json', '-f', 'qcow2', volumeAt(before, 'vol-1')])
        expect(JSON.parse(told.toString())['full-backing-filename']).toMatch(/golden\.qcow2$/)
      })
      renameSync(before, after)
      await openedOn(after, async driver => {
        expect(holds(volumeAt(after, 'vol-1'), 'g')).toBe(true)
        await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-1']))
        await doing(driver, 'instancePower', 'i-1', start())
        await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-1' })
        expect(holds(join(after, 'snapshots', 'snap-1.qcow2'), 'g')).toBe(true)
      })
    }))
})

describeWith(qemuSystem, 'disks of a machine', () => {
  it('are connected once, however much of it was done before its driver died', () =>
    onPool(async (driver, pool, open) => {
      await running(driver)
      await doing(driver, 'volumeEnsure', 'vol-b', volumeSpec())
      const spec = { instance: 'i-1', volume: 'vol-b', device: '/dev/vdb', generation: 1 }
      await monitored(pool, qmp =>
        qmp.execute('blockdev-add', {
          driver: 'qcow2',
          'node-name': 'v-vol-b',
          file: { driver: 'file', filename: volumeAt(pool, 'vol-b') },
        }),
      )
      await doing(open(), 'attach', 'i-1', spec)
      expect(await doing(open(), 'attach', 'i-1', spec)).toMatchObject({ already: true })
      const devices = await monitored(pool, qmp => qmp.execute('qom-list', { path: '/machine/peripheral' }))
      expect(
        devices
          .filter(({ name }) => name.startsWith('d-'))
          .map(({ name }) => name)
          .sort(),
      ).toEqual(['d-v-vol-b', 'd-v-vol-root'])
    }))

  it('never share a port: QEMU refuses the second, because each says that it is the first there', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      await doing(driver, 'volumeEnsure', 'vol-b', volumeSpec())
      await monitored(pool, async qmp => {
        const node = {
          driver: 'qcow2',
          'node-name': 'other',
          file: { driver: 'file', filename: volumeAt(pool, 'vol-b') },
        }
        await qmp.execute('blockdev-add', node as never)
        const device = { driver: 'virtio-blk-pci', id: 'other', drive: 'other', serial: 'x', bus: 'port0', addr: '0x0' }
        await expect(qmp.execute('device_add', device as never)).rejects.toThrow(/slot 0 .*(not available|in use)/)
        await qmp.execute('blockdev-del', { 'node-name': 'other' })
      })
      await doing(driver, 'attach', 'i-1', { instance: 'i-1', volume: 'vol-b', device: '/dev/vdb', generation: 1 })
    }))

  it('that the guest does not let go of are still connected, whoever asks again, and come off when it is reset', () =>
    onPool(async (driver, pool, open) => {
      await running(driver, 'vol-b')
      await doing(driver, 'instancePower', 'i-1', { want: 'paused', mode: 'hard', generation: 1 })
      const spec = { instance: 'i-1', volume: 'vol-b', device: '/dev/vdb', generation: 1 }
      expect(await once(driver, 'detach', 'i-1', spec, 'off')).toMatchObject({ kind: 'pending' })
      const later = open()
      expect(await once(later, 'detach', 'i-1', spec, 'off')).toMatchObject({ kind: 'pending' })
      expect((await later.observe('attachment', 'i-1/vol-b', context())).exists).toBe('yes')
      await doing(later, 'instancePower', 'i-1', start())
      // QEMU 7.2 sometimes takes the device out with the first one, and lets go of its disk with the next.
      let outcome = await once(later, 'detach', 'i-1', spec, 'off')
      while (outcome.kind === 'pending') {
        await monitored(pool, qmp => qmp.execute('system_reset'))
        await sleep(250)
        outcome = await once(later, 'detach', 'i-1', spec, 'off')
      }
      expect(outcome.kind).toBe('done')
      expect((await later.observe('attachment', 'i-1/vol-b', context())).exists).toBe('no')
      await doing(later, 'volumeDelete', 'vol-b')
    }))
})

describeWith(qemuSystem, 'a copy that a machine makes', () => {
  const target = (pool: string) => join(pool, '.tmp', 'snap-1.backup')

  it('is made anew over what a machine that died left of it, which looks whole', () =>
    onPool(async (driver, pool) => {
      await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec())
      write(volumeAt(pool, 'vol-root'), 'a')
      await running(driver)
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', target(pool), '4M'])
      write(target(pool), 'x')
      await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' })
      expect(holds(join(pool, 'snapshots', 'snap-1.qcow2'), 'a')).toBe(true)
      expect(existsSync(target(pool))).toBe(false)
    }))

  it('is none when the machine is killed meanwhile, nor a later moment in its place; who asks anew gets that', () =>
    onPool(async (driver, pool, open) => {
      await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec())
      write(volumeAt(pool, 'vol-root'), 'a')
      await running(driver)
      const begun = await once(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' }, 'cut')
      await killMachine(pool, 'i-1')
      const later = open()
      const first = await ask(later, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' }, 'cut')
      // It may have been whole before the kill.
      if (begun.kind === 'pending' && first.kind !== 'done') {
        expect(first).toMatchObject({ kind: 'rejected', error: { code: 'precondition' } })
        expect(await ask(later, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' }, 'cut')).toEqual(first)
        expect(existsSync(join(pool, 'snapshots', 'snap-1.qcow2'))).toBe(false)
      }
      await doing(later, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-root' }, 'anew')
      expect(holds(join(pool, 'snapshots', 'snap-1.qcow2'), 'a')).toBe(true)
      expect(readdirSync(join(pool, '.tmp'))).toEqual([])
    }))
})
