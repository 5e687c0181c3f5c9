/** What only a simulated provider has: its capacity, its operator's tools, its file, its pages. */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SimulatedFileRefused, simulated } from '../../src/drivers/simulated/index.ts'
import { call, disk, gigabyte, server } from './calls.ts'
import { virtualClock } from './virtual-clock.ts'

const off = { want: 'off', mode: 'hard', generation: 1 } as const

describe('capacity', () => {
  it('is exhausted when it is full, and there again when something is freed', async () => {
    const driver = simulated({ instant: true, capacity: { volumeBytes: 2 * gigabyte, instances: 1, vcpus: 2 } })
    for (const id of ['vol-1', 'vol-2']) await driver.volumeEnsure!(id, disk, call(`${id}.1.0`))
    const third = () => driver.volumeEnsure!('vol-3', disk, call('vol-3.1.0'))
    expect(await third()).toMatchObject({ kind: 'rejected', error: { code: 'exhausted', retry: 'after-change' } })
    expect(await driver.volumeResize!('vol-1', { sizeBytes: 2 * gigabyte }, call('vol-1.2.0'))).toMatchObject({
      error: { code: 'exhausted' },
    })

    await driver.instanceEnsure('i-1', server('vol-1'), call('i-1.1.0'))
    const second = () => driver.instanceEnsure('i-2', server('vol-2'), call('i-2.1.0'))
    expect(await second()).toMatchObject({ kind: 'rejected', error: { code: 'exhausted' } })
    await driver.instanceDestroy('i-1', {}, call('i-1.2.0'))
    expect(await second()).toMatchObject({ kind: 'done' })

    await driver.volumeDelete!('vol-1', {}, call('vol-1.3.0'))
    expect(await third()).toMatchObject({ kind: 'done' })
    expect(await driver.capacity(undefined, call('look'))).toEqual({
      totalVcpus: 2,
      usedVcpus: 2,
      usedMemoryBytes: 4 * gigabyte,
      totalVolumeBytes: 2 * gigabyte,
      usedVolumeBytes: 2 * gigabyte,
      totalInstances: 1,
      usedInstances: 1,
    })
  })

  it('of processors is used by running instances only, so a start may find none', async () => {
    const driver = simulated({ instant: true, capacity: { vcpus: 2 } })
    for (const n of [1, 2]) {
      await driver.volumeEnsure!(`vol-${n}`, disk, call(`vol-${n}.1.0`))
      expect(await driver.instanceEnsure(`i-${n}`, server(`vol-${n}`), call(`i-${n}.1.0`))).toMatchObject({
        kind: 'done',
      })
      if (n === 1) await driver.instancePower!('i-1', off, call('i-1.2.0'))
    }
    const start = () => driver.instancePower!('i-1', { want: 'running', mode: 'hard', generation: 2 }, call('i-1.3.0'))
    expect(await start()).toMatchObject({ kind: 'rejected', error: { code: 'exhausted' } })
    expect(driver.powerOffGuest('i-2')).toBe(true)
    expect(await start()).toMatchObject({ kind: 'done', facts: { status: 'running' } })
  })
})

describe('a launch', () => {
  it('of a newer generation begins when the instance is ensured again, once it has stopped or is gone', async () => {
    for (const stop of ['preserves', 'destroys'] as const) {
      const driver = simulated({ instant: true, capabilities: { stop } })
      await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
      await driver.instanceEnsure('i-1', server('vol-1'), call('i-1.1.0'))
      await driver.instancePower!('i-1', off, call('i-1.2.0'))
      const next = server('vol-1', { generation: 2 })
      const facts = { status: 'running', generation: 2 }
      expect(await driver.instanceEnsure('i-1', next, call('i-1.3.0'))).toMatchObject({
        kind: 'done',
        already: false,
        facts,
      })
      expect(await driver.instanceEnsure('i-1', next, call('i-1.3.0'))).toMatchObject({
        kind: 'done',
        already: true,
        facts,
      })
      expect(await driver.instanceEnsure('i-1', server('vol-1'), call('i-1.1.0'))).toMatchObject({
        kind: 'rejected',
        error: { code: 'precondition' },
      })
    }
  })
})

describe('an operator', () => {
  it('makes an object vanish, and its creation does not bring it back', async () => {
    const driver = simulated({ instant: true })
    await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
    await driver.instanceEnsure('i-1', server('vol-1'), call('i-1.1.0'))
    expect(driver.vanish('vol-1')).toBe(true)
    expect(driver.objects().map(({ id }) => id)).toEqual(['i-1'])
    expect(driver.vanish('vol-1')).toBe(false)
    expect(await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))).toMatchObject({ error: { code: 'conflict' } })
  })

  it('sees a stranger in the list, whom the driver neither takes over nor deletes', async () => {
    const driver = simulated({ instant: true })
    driver.plant({ id: 'vol-9', sizeBytes: gigabyte, owner: 'someone' })
    expect((await driver.list('volume', undefined, call('look'))).items).toMatchObject([
      { id: 'vol-9', owner: 'someone' },
    ])
    expect(await driver.volumeEnsure!('vol-9', disk, call('vol-9.1.0'))).toMatchObject({ error: { code: 'conflict' } })
    expect(await driver.volumeDelete!('vol-9', {}, call('vol-9.2.0'))).toMatchObject({ error: { code: 'denied' } })
  })

  it('meets the second object that a provider without idempotency makes of a repeated call', async () => {
    const driver = simulated({ instant: true, capabilities: { idempotency: { by: 'none' } } })
    for (let attempt = 1; attempt <= 2; attempt++)
      await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0', { attempt }))
    expect(driver.made('vol-1')).toBe(2)
    expect((await driver.list('volume', undefined, call('look'))).items.map(({ token }) => token)).toEqual([
      'vol-1.1.0',
      'vol-1.1.0',
    ])
  })
})

describe('a survey', () => {
  it('shows each object once, over many pages, while others come and go', async () => {
    const driver = simulated({ instant: true })
    const make = (n: number) => driver.volumeEnsure!(`vol-${n}`, disk, call(`vol-${n}.1.0`))
    for (let n = 0; n < 2500; n++) await make(n)
    const first = await driver.list('volume', undefined, call('look'))
    for (let n = 0; n < 200; n++) await driver.volumeDelete!(`vol-${n}`, {}, call(`vol-${n}.2.0`))
    await make(2500)
    const seen = first.items.map(({ id }) => id)
    let { next } = first
    while (next !== undefined) {
      const page = await driver.list('volume', next, call('look'))
      seen.push(...page.items.map(({ id }) => id))
      next = page.next
    }
    expect(seen).toEqual(Array.from({ length: 2501 }, (_, n) => `vol-${n}`))
  })
})

describe('latency', () => {
  it('is drawn between its bounds on the clock that was given', async () => {
    const clock = virtualClock()
    const driver = simulated({ clock, latencyMs: { min: 10, max: 10 } })
    let answered = false
    const asked = driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0')).then(() => {
      answered = true
    })
    clock.pass(9)
    await Promise.resolve()
    expect(answered).toBe(false)
    clock.pass(1)
    await asked
    expect(answered).toBe(true)
  })
})

describe('news', () => {
  it('loses the oldest when nobody reads them', async () => {
    const driver = simulated({ instant: true })
    const watching = new AbortController()
    const reader = driver.watch!(watching.signal)[Symbol.asyncIterator]()
    for (let n = 0; n < 1100; n++) {
      driver.plant({ id: `vol-${n}`, sizeBytes: gigabyte })
      driver.vanish(`vol-${n}`)
    }
    expect((await reader.next()).value).toMatchObject({ id: 'vol-76', exists: 'no' })
    watching.abort()
  })
})

describe('a file', () => {
  let folder: string
  let file: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'simulated-'))
    file = join(folder, 'provider.db')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('holds everything that was answered before the process was killed', async () => {
    const child = fork(join(import.meta.dirname, 'killed-provider.ts'), [file], { execArgv: [] })
    const answered: string[] = []
    await new Promise<void>((resolve, reject) => {
      child.on('message', (id: string) => {
        answered.push(id)
        if (answered.length === 500) child.kill('SIGKILL')
      })
      child.on('exit', (code, signal) => {
        if (signal === 'SIGKILL') resolve()
        else reject(new Error(`the provider ended by itself with ${code}`))
      })
    })
    const driver = simulated({ instant: true, file })
    const there = new Set(driver.objects().map(({ id }) => id))
    expect(answered.filter(id => !there.has(id))).toEqual([])
    expect(Math.max(...[...there].map(id => driver.made(id)))).toBe(1)
    await driver.close!()
  })

  it('keeps work that was delayed, what is gone, and how much is used', async () => {
    const clock = virtualClock()
    const options = { instant: true, clock, file, capacity: { volumeBytes: 3 * gigabyte } }
    const before = simulated({ ...options, delayMs: { min: 500, max: 500 } })
    for (const id of ['vol-1', 'vol-2']) await before.volumeEnsure!(id, disk, call(`${id}.1.0`))
    await before.volumeDelete!('vol-2', {}, call('vol-2.2.0'))
    before.failNext('volumeEnsure', 'delay')
    const begun = await before.volumeEnsure!('vol-3', disk, call('vol-3.1.0'))
    if (begun.kind !== 'pending') throw new Error(`not pending: ${begun.kind}`)

    const after = simulated(options)
    expect(await after.volumeEnsure!('vol-2', disk, call('vol-2.1.0'))).toMatchObject({ error: { code: 'conflict' } })
    expect((await after.capacity(undefined, call('look'))).usedVolumeBytes).toBe(gigabyte)
    expect(await after.poll(begun.handle, call('vol-3.1.0'))).toMatchObject({ kind: 'pending', pollAfterMs: 500 })
    clock.pass(500)
    expect(await after.poll(begun.handle, call('vol-3.1.0'))).toMatchObject({ kind: 'done' })
    expect((await after.capacity(undefined, call('look'))).usedVolumeBytes).toBe(2 * gigabyte)
    for (const driver of [before, after]) await driver.close!()
  })

  it('belongs to the driver that opened it last; the other one no longer claims to have done anything', async () => {
    const first = simulated({ instant: true, file })
    const second = simulated({ instant: true, file })
    expect(await first.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))).toMatchObject({
      kind: 'unknown',
      error: { code: 'unknownOutcome', message: expect.stringContaining('opened by another') },
    })
    expect(await second.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))).toMatchObject({ kind: 'done', already: false })
    await second.close!()
    await expect(first.close!()).rejects.toThrow('opened by another')
  })

  it('that is not its own is left alone', () => {
    const other = new Database(file)
    other.exec('CREATE TABLE precious (id INTEGER)')
    other.close()
    expect(() => simulated({ file })).toThrow(SimulatedFileRefused)
    const again = new Database(file)
    expect(again.prepare('SELECT name FROM sqlite_schema').pluck().all()).toEqual(['precious'])
    again.close()
  })

  it('is closed for good: what is asked afterwards is refused as unavailable', async () => {
    const driver = simulated({ instant: true, file })
    await driver.close!()
    await driver.close!()
    expect(await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))).toMatchObject({
      kind: 'rejected',
      error: { code: 'unavailable', effect: 'none' },
    })
  })
})
