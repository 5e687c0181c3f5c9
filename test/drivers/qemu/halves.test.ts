/** Whoever is killed between two steps leaves a half that nobody takes for a whole, and that is gone at the latest at the end. */
import { spawn } from 'node:child_process'
import { once as heard } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runFiles } from '../../../src/drivers/qemu/command-line.ts'
import { snapshotsIn } from '../../../src/drivers/qemu/qcow2-snapshots.ts'
import { volumeSnapshotEnsure } from '../../../src/drivers/qemu/snapshot-calls.ts'
import { volumeSnapshotGroupEnsure } from '../../../src/drivers/qemu/snapshot-groups.ts'
import { vmSnapshotDelete } from '../../../src/drivers/qemu/vm-snapshot-calls.ts'
import type { Call } from '../../../src/drivers/qemu/work.ts'
import { ask, context, doing, instanceSpec, refusal, start, volumeSpec, withQemuImg } from './asking.ts'
import { describeWith, qemuImg, qemuSystem } from './debian.ts'
import { hostOn } from './host-on.ts'
import { off, onPool, running, volumeAt } from './machine-setting.ts'
import { holderOf, killMachine } from './processes.ts'

const signal = new AbortController().signal
const noRoom = 'echo "No space left on device" >&2; exit 1'

describeWith(qemuSystem, 'a snapshot that could not be kept', () => {
  const group = { members: [{ snapshot: 'snap-1', volume: 'vol-root' }] }
  for (const [kind, effect, call] of [
    ['volumeSnapshot', volumeSnapshotEnsure, { id: 'snap-1', spec: { volume: 'vol-root' } }],
    ['snapshotGroup', volumeSnapshotGroupEnsure, { id: 'g-1', spec: group }],
  ] as const)
    it(`as a ${kind} is lost before it is taken away: its caller could be killed then, and would keep a later moment`, () =>
      onPool(async (driver, pool) => {
        await running(driver)
        await driver.close!()
        const host = hostOn(pool)
        const verb = `${kind}Ensure` as Call['verb']
        let seen: unknown = 'nothing was taken away'
        const { talk } = host.machines
        Object.assign(host.machines, {
          talk: (...words: Parameters<typeof talk>) => {
            // The last word to the machine is that its copy is not wanted any more.
            seen = (host.records.any(kind, call.id) as { lostToken?: string }).lostToken
            return talk.apply(host.machines, words)
          },
        })
        await withQemuImg(pool, noRoom, async () => {
          await expect(effect(host, { verb, ...call, context: context('one') }, signal)).rejects.toThrow('No space')
        })
        host.pool.release()
        expect([seen, host.records.any(kind, call.id)]).toEqual(['one', undefined])
      }))
})

describeWith(qemuSystem, 'a VM snapshot whose end was begun', () => {
  it('counts as kept until its name is off every disk, and goes with its instance', () =>
    onPool(async (driver, pool, open) => {
      await running(driver, 'vol-data')
      await doing(driver, 'vmSnapshotEnsure', 'i-1', { snapshot: 'vs-1', memory: true, generation: 1 })
      await driver.close!()
      const host = hostOn(pool)
      Object.assign(host.machines, { talk: () => Promise.reject(new Error('killed here')) })
      const call: Call = { verb: 'vmSnapshotDelete', id: 'i-1', spec: { snapshot: 'vs-1' }, context: context('one') }
      await expect(vmSnapshotDelete(host, call)).rejects.toThrow('killed here')
      host.pool.release()
      const later = open()
      expect((await snapshotsIn(volumeAt(pool, 'vol-data'))).length).toBe(1)
      await doing(later, 'instanceDestroy', 'i-1')
      for (const volume of ['vol-root', 'vol-data']) expect(await snapshotsIn(volumeAt(pool, volume))).toEqual([])
      await doing(later, 'volumeDelete', 'vol-data')
    }))
})

describeWith(qemuImg, 'a process that somebody began to start, and that has no pid file yet', () => {
  for (const verb of ['instancePower', 'instanceDestroy'] as const)
    it(`ends with ${verb}: it would come up when nobody looks for it any more`, () =>
      onPool(async (driver, pool) => {
        await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec())
        await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-root']))
        const { pid: file } = runFiles(join(pool, 'run', 'i-1'))
        const words = ['-e', 'process.stdout.write("up"); setInterval(() => {}, 1000)', '--', '-pidfile', file, '-S']
        const starting = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'ignore'] })
        const ended = heard(starting, 'exit')
        await heard(starting.stdout!, 'data')
        await doing(driver, verb, 'i-1', verb === 'instancePower' ? off() : {})
        expect(await ended).toEqual([null, 'SIGKILL'])
      }))
})

describeWith(qemuSystem, 'a launch that was begun, and is refused when it is asked for again', () => {
  for (const isUp of [true, false])
    it(`leaves a stopped instance with nothing, ${isUp ? 'with' : 'without'} the process that was started for it`, () =>
      onPool(async (driver, pool, open) => {
        const { devices } = instanceSpec(['vol-root'])
        await running(driver)
        await doing(driver, 'instancePower', 'i-1', off())
        await doing(driver, 'instancePower', 'i-1', start(2, { devices }))
        if (!isUp) await killMachine(pool, 'i-1')
        await driver.close!()
        // As one that is killed when it has started the process, and before it is written down that it has.
        const path = join(pool, 'records', 'instance', 'i-1.json')
        writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), launched: 1 }))
        const later = open()
        const { devices: others } = instanceSpec(['vol-root', 'vol-none'])
        expect(await refusal(later, 'instancePower', 'i-1', start(2, { devices: others }))).toBe('notFound')
        expect((await later.list('attachment', undefined, context())).items).toEqual([])
        expect(await holderOf(pool, 'i-1')).toBe(undefined)
        await doing(later, 'instancePower', 'i-1', start(3, { devices }))
      }))
})

describeWith(qemuImg, 'what is left of a suspended guest', () => {
  it('by an earlier launch goes with the instance, and not that of another', () =>
    onPool(async (driver, pool) => {
      await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec())
      await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-root'], { generation: 3 }))
      for (const name of ['i-1.1', 'i-1.2.1', 'i-10.1']) writeFileSync(join(pool, 'states', name), '')
      await doing(driver, 'instanceDestroy', 'i-1')
      expect(readdirSync(join(pool, 'states')).sort()).toEqual(['i-1.2.1', 'i-10.1'])
    }))
})

describeWith(qemuImg, 'what could not be written down', () => {
  it('is not there for this driver either', () =>
    onPool(async (driver, pool) => {
      await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec())
      const records = join(pool, 'records', 'instance')
      rmSync(records, { recursive: true })
      writeFileSync(records, '')
      expect((await ask(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-1']))).kind).toBe('unknown')
      expect((await driver.observe('instance', 'i-1', context())).exists).toBe('no')
      expect(readdirSync(join(pool, '.tmp'))).toEqual([])
      rmSync(records)
      mkdirSync(records)
      await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-1']))
    }))
})
