/** Guests that wait on the disk: what they had in memory is theirs again, or it is said that it can not be. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Driver } from '../../../src/drivers/driver.ts'
import { ask, context, doing, instanceSpec, mebibytes, once, refusal, start, volumeSpec } from './asking.ts'
import { addCountingImage, boots, counted, countsPast } from './counting-guest.ts'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { guestWrites, textOn } from './guest-writing.ts'
import { killedAsking } from './killed-asking.ts'
import { monitored, off, onPool, openedOn, running, seen, volumeAt } from './machine-setting.ts'
import { holderOf, killMachine } from './processes.ts'

const suspended = { want: 'suspended', mode: 'hard', generation: 1 } as const
const states = (pool: string) => readdirSync(join(pool, 'states'))
const leftovers = (pool: string) => readdirSync(join(pool, '.tmp')).filter(name => name.includes('memory'))

/** An instance `i-1` whose guest counts. */
const counting = async (driver: Driver, pool: string): Promise<void> => {
  addCountingImage(pool)
  await doing(driver, 'volumeEnsure', 'vol-root', volumeSpec(4 * mebibytes, { kind: 'image', id: 'counting' }))
  await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-root'], { image: 'counting' }))
  await doing(driver, 'instancePower', 'i-1', start())
}

/** Has machines that are launched meanwhile write their memory with another `cat`. */
async function withCat<T>(folder: string, script: string, work: () => Promise<T>): Promise<T> {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'cat'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, 'cat'), 0o755)
  const before = process.env.PATH
  process.env.PATH = `${bin}:${before}`
  try {
    return await work()
  } finally {
    process.env.PATH = before
  }
}

/** A `cat` that writes some of what it is given, and the rest when it is told to. */
const halfOf = (pool: string): string =>
  `dd bs=4096 count=64 iflag=fullblock 2>/dev/null; touch ${pool}/half
while [ -e ${pool}/half ] && [ ! -e "${pool}/go on" ]; do sleep 0.05; done; exec /bin/cat "$@"`

/** Waits for a file that somebody else makes. The test's own time limit ends it. */
const made = async (pool: string, name: string): Promise<void> => {
  while (!existsSync(join(pool, name))) await sleep(5)
}

describeWith(qemuSystem, 'suspended guests', () => {
  it('go on in another process from what they had in memory, in the same launch', () =>
    onPool(async (driver, pool, open) => {
      await counting(driver, pool)
      const before = await countsPast(driver, pool, 4)
      expect(await doing(driver, 'instancePower', 'i-1', suspended)).toMatchObject({
        already: false,
        facts: { status: 'suspended', generation: 1 },
      })
      expect(await holderOf(pool, 'i-1')).toBe(undefined)
      expect([states(pool).length, leftovers(pool)]).toEqual([1, []])
      const later = open()
      expect(await doing(later, 'instancePower', 'i-1', suspended)).toMatchObject({ already: true })
      expect((await seen(later)).facts).toMatchObject({ status: 'suspended', generation: 1 })
      expect(await doing(later, 'instancePower', 'i-1', start())).toMatchObject({
        facts: { status: 'running', generation: 1 },
      })
      expect(await counted(pool)).toBeGreaterThanOrEqual(before)
      expect(await boots(later)).toBe(1)
      expect(states(pool)).toEqual([])
      // And once more: what is said of the first time must not be taken for the second.
      await doing(later, 'instancePower', 'i-1', suspended)
      await doing(later, 'instancePower', 'i-1', start())
      await countsPast(later, pool, before)
      expect(await boots(later)).toBe(1)
    }))

  it('keep their disks as they are until they go on, and let them go when they are stopped', () =>
    onPool(async driver => {
      await running(driver, 'vol-data')
      await doing(driver, 'volumeEnsure', 'vol-more', volumeSpec())
      await doing(driver, 'instancePower', 'i-1', suspended)
      const data = { instance: 'i-1', volume: 'vol-data', device: '/dev/vdb', generation: 1 }
      const more = { ...data, volume: 'vol-more', device: '/dev/vdc' }
      for (const [verb, id, spec] of [
        ['volumeDelete', 'vol-data', {}],
        ['volumeResize', 'vol-data', { sizeBytes: 8 * mebibytes }],
        ['detach', 'i-1', data],
        ['attach', 'i-1', more],
        ['instanceReset', 'i-1', { generation: 1 }],
        ['vmSnapshotEnsure', 'i-1', { snapshot: 'vs-1', memory: true, generation: 1 }],
        ['instancePower', 'i-1', start(2)],
      ] as const)
        expect([verb, await refusal(driver, verb, id, spec)]).toEqual([verb, 'precondition'])
      await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-data' })
      const stopped = await doing(driver, 'instancePower', 'i-1', off('graceful'))
      expect(stopped.facts).toMatchObject({ status: 'stopped', endedBy: 'force' })
      await doing(driver, 'volumeDelete', 'vol-data')
    }))

  it('that are stopped or destroyed leave nothing', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      const used = async () => Number((await driver.capacity(undefined, context())).usedVolumeBytes)
      const before = await used()
      await doing(driver, 'instancePower', 'i-1', suspended)
      expect(await used()).toBeGreaterThan(before)
      await doing(driver, 'instancePower', 'i-1', off())
      expect(states(pool)).toEqual([])
      const { devices } = instanceSpec(['vol-root'])
      await doing(driver, 'instancePower', 'i-1', start(2, { devices }))
      await doing(driver, 'instancePower', 'i-1', { ...suspended, generation: 2 })
      await doing(driver, 'instanceDestroy', 'i-1')
      expect([states(pool), leftovers(pool)]).toEqual([[], []])
      await doing(driver, 'volumeDelete', 'vol-root')
    }))

  it('whose memory is cut short are told so for good, keep their disks, and start anew', () =>
    onPool(async (driver, pool) => {
      await running(driver)
      await guestWrites(pool, 'i-1', 'kept')
      await doing(driver, 'instancePower', 'i-1', suspended)
      const state = join(pool, 'states', states(pool)[0]!)
      truncateSync(state, Math.floor(statSync(state).size / 2))
      for (let attempt = 0; attempt < 2; attempt++)
        expect(await refusal(driver, 'instancePower', 'i-1', start())).toBe('corrupt')
      expect((await seen(driver)).facts.status).toBe('suspended')
      expect(await holderOf(pool, 'i-1')).toBe(undefined)
      await doing(driver, 'instancePower', 'i-1', off())
      await doing(driver, 'instancePower', 'i-1', start(2, { devices: instanceSpec(['vol-root']).devices }))
      expect(textOn(volumeAt(pool, 'vol-root'))).toBe('kept')
    }))

  it('go on running when their memory can not be written, and are suspended when it can', () =>
    inFolder(pool =>
      withCat(pool, `[ -e ${pool}/full ] && exit 1; exec /bin/cat "$@"`, () =>
        openedOn(pool, async driver => {
          await counting(driver, pool)
          await countsPast(driver, pool, 1)
          writeFileSync(join(pool, 'full'), '')
          expect(await refusal(driver, 'instancePower', 'i-1', suspended)).toBe('exhausted')
          expect((await seen(driver)).facts.status).toBe('running')
          await countsPast(driver, pool, await counted(pool))
          expect([states(pool), leftovers(pool)]).toEqual([[], []])
          rmSync(join(pool, 'full'))
          await doing(driver, 'instancePower', 'i-1', suspended)
          await doing(driver, 'instancePower', 'i-1', start())
          expect(await boots(driver)).toBe(1)
        }),
      ),
    ))

  it('are suspended by a later driver that is given the handle, and shown as running until they are', () =>
    inFolder(pool =>
      withCat(pool, `touch '${pool}/writing'; sleep 1; exec /bin/cat "$@"`, () =>
        openedOn(pool, async (driver, _, open) => {
          await counting(driver, pool)
          await countsPast(driver, pool, 1)
          // Nobody else goes on with it: the earlier driver is gone with its process.
          await driver.close!()
          await killedAsking(pool, () => made(pool, 'writing'), 'instancePower', 'i-1', suspended, 'sleep')
          const later = open()
          expect([states(pool), existsSync(join(pool, 'writing'))]).toEqual([[], true])
          expect((await seen(later)).facts.status).toBe('running')
          const handle = { op: 'instancePower', token: 'sleep', data: { id: 'i-1', spec: suspended } }
          let outcome = await later.poll(handle, context('sleep'))
          while (outcome.kind === 'pending') {
            await sleep(20)
            outcome = await later.poll(outcome.handle, context('sleep'))
          }
          expect(outcome).toMatchObject({ kind: 'done', already: false, facts: { status: 'suspended' } })
          await doing(later, 'instancePower', 'i-1', start())
          expect(await boots(later)).toBe(1)
        }),
      ),
    ))

  it('whose memory has its name are suspended, also when their machine and who asked ended before they said so', () =>
    onPool(async (driver, pool, open) => {
      await counting(driver, pool)
      const before = await countsPast(driver, pool, 1)
      await doing(driver, 'instancePower', 'i-1', suspended, 'sleep')
      const path = join(pool, 'records', 'instance', 'i-1.json')
      const { isSuspended, ...record } = JSON.parse(readFileSync(path, 'utf8'))
      expect(isSuspended).toBe(true)
      const underway = { token: 'sleep', verb: 'suspend', step: 'begun', shown: 'running' }
      writeFileSync(path, JSON.stringify({ ...record, underway }))
      const later = open()
      expect(await doing(later, 'instancePower', 'i-1', suspended, 'sleep')).toMatchObject({
        facts: { status: 'suspended' },
      })
      await doing(later, 'instancePower', 'i-1', start())
      expect([(await counted(pool)) >= before, await boots(later)]).toEqual([true, 1])
    }))

  it('whose machine dies while it writes have ended, and half a memory is never taken for one', () =>
    inFolder(pool =>
      withCat(pool, halfOf(pool), () =>
        openedOn(pool, async (driver, _, open) => {
          await counting(driver, pool)
          const impatient = open({ answerWithinMs: 50 })
          const begun = await once(impatient, 'instancePower', 'i-1', suspended, 'sleep')
          if (begun.kind !== 'pending') throw new Error(`not pending: ${JSON.stringify(begun)}`)
          // Then it is written down that it was begun, and half of it is there.
          await made(pool, 'half')
          await killMachine(pool, 'i-1')
          expect(await ask(open(), 'instancePower', 'i-1', suspended, 'sleep')).toMatchObject({ kind: 'rejected' })
          const later = open()
          expect((await seen(later)).facts).toMatchObject({ status: 'stopped', endReason: 'vanished' })
          expect(states(pool)).toEqual([])
          expect(await refusal(later, 'instancePower', 'i-1', start())).toBe('ended')
          await doing(later, 'instancePower', 'i-1', off())
          expect(leftovers(pool)).toEqual([])
          // Who wrote it has outlived the machine, and writes no more than how that ended.
          writeFileSync(join(pool, 'go on'), '')
          while (leftovers(pool).length === 0) await sleep(5)
          expect(leftovers(pool)).toEqual([expect.stringMatching(/ended$/)])
        }),
      ),
    ))

  it('wait in a pool whose path has quotes, commas and spaces', () =>
    inFolder(folder =>
      openedOn(join(folder, `a,b'c"d $e`), async (driver, pool) => {
        await running(driver)
        await doing(driver, 'instancePower', 'i-1', suspended)
        await doing(driver, 'instancePower', 'i-1', start())
        const { status } = await monitored(pool, qmp => qmp.execute('query-status'))
        expect(status).toBe('running')
        expect(existsSync(join(pool, 'states'))).toBe(true)
      }),
    ))
})
