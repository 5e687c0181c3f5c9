/** What is refused leaves nothing but a line for people, which costs nobody anything. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine.ts'
import { memoryRefusals, type RefusalEntry, type RefusalJournal } from '../../src/store/refusals.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { Bench } from './bench.ts'
import { bulb, ration } from './bulb.ts'
import { MORNING, rest, TestClock } from './clock.ts'
import { lamp } from './light.ts'
import { acme, contentOf, historyOf, inventory, open, openWith, outcomeOf } from './setting.ts'

/** A journal that notes what it is given, after what the test makes it wait for. */
const noting = (before: () => unknown = () => {}) => {
  const noted: RefusalEntry[] = []
  const batches: number[] = []
  const journal: RefusalJournal = {
    async append(entries) {
      await before()
      batches.push(entries.length)
      noted.push(...entries)
    },
    read: async () => noted,
    measures: async () => ({}),
    close: async () => {},
  }
  return { journal, noted, batches }
}
const refusedAll = (sought: Promise<unknown>[]) => Promise.all(sought.map(each => expect(each).rejects.toThrow()))

describe('a refused command', () => {
  it('is kept with who asked for what, why not, and on what it was decided', async () => {
    const { acme: session, engine } = await open({ region: 'here' })
    const { id } = await session.lamp.make({ label: 'desk' })
    await session.lamp.lock(id, { locked: true })
    const error = await outcomeOf(session.lamp.light(id, {}, { token: 't-1' }))
    const [entry, ...others] = await engine.refusals()
    expect(others).toEqual([])
    const [, last] = await historyOf(engine, id)
    expect(entry).toEqual({
      at: MORNING,
      position: 2,
      account: 'acme',
      actor: 'ops@acme',
      region: 'here',
      command: 'lamp.light',
      index: 0,
      resource: id,
      kind: 'lamp',
      state: 'dark',
      version: 2,
      digest: last!.digest,
      reasons: error.error.reasons,
      token: 't-1',
      event: { type: 'lamp.lightRequested', schema: 1, data: {} },
      facts: {},
    })
  })

  it('is kept with the facts that were read, and what was asked where no event came of it', async () => {
    const setting = await openWith({ kinds: { bulb, lamp }, projections: { ration, inventory } })
    for (let taken = 0; taken < 5; taken += 1) await setting.acme.bulb.take({})
    await refusedAll([setting.acme.bulb.take({}), setting.acme.lamp.lock('lamp-none', { locked: true })])
    const [take, lock] = await setting.engine.refusals()
    expect(take).toMatchObject({
      command: 'bulb.take',
      state: 'absent',
      event: { type: 'bulb.takeRequested', data: {} },
      facts: { ration: { bulbs: 5 } },
      reasons: [{ code: 'rationUsedUp' }],
    })
    expect(lock).toMatchObject({
      resource: 'lamp-none',
      version: 0,
      input: { locked: true },
      reasons: [{ code: 'notFound' }],
    })
    expect(lock).toMatchObject({ event: undefined })
  })

  it('that another resource refused is kept with what that one was asked', async () => {
    const { acme: session, engine } = await open()
    const one = (await session.lamp.make({ label: 'one' })).id
    const twin = (await session.lamp.make({ label: 'two' })).id
    await session.lamp.lock(twin, { locked: true })
    await refusedAll([session.lamp.pair(one, { twin })])
    const [entry] = await engine.refusals({ resource: twin })
    expect(entry).toMatchObject({
      command: 'lamp.pair',
      resource: twin,
      version: 2,
      event: { type: 'lamp.twinProposed', data: { twin: one } },
      input: { twin },
    })
  })

  it('of a submit of several is kept with its place, and none of those that were not at fault', async () => {
    const { engine, acme: session } = await open()
    const { id } = await session.lamp.make({ label: 'desk' })
    const light = { kind: 'lamp', command: 'light', id }
    const pair = { kind: 'lamp', command: 'pair', id, input: { twin: 'lamp-none' } }
    await refusedAll([session.submit([light, pair, { kind: 'lamp', command: 'light', id: 'lamp-not' }])])
    expect((await engine.refusals()).map(({ index, resource }) => [index, resource])).toEqual([
      [1, id],
      [2, 'lamp-not'],
    ])
  })

  it('leaves nothing anywhere else', async () => {
    const setting = await open()
    const { id } = await setting.acme.lamp.make({ label: 'desk' })
    await setting.acme.lamp.lock(id, { locked: true })
    await setting.engine.flush()
    const before = contentOf(setting.database)
    await refusedAll([setting.acme.lamp.light(id, {}, { token: 't' }), setting.acme.lamp.break(id)])
    await setting.engine.flush()
    expect(contentOf(setting.database)).toEqual(before)
    expect(await setting.engine.refusals()).toHaveLength(2)
  })
})

describe('nothing is kept', () => {
  it('of questions, of requests that make no sense, and of what was accepted', async () => {
    const { noted, journal } = noting()
    const { engine, acme: session } = await open({ refusals: journal })
    const { id } = await session.lamp.make({ label: 'desk' })
    await session.lamp.lock(id, { locked: true })
    await session.actions(id)
    const light = { kind: 'lamp', command: 'light', id }
    await refusedAll([
      engine.submit([light], acme, { dryRun: true }),
      engine.submit([{ ...light, command: 'eat' }], acme),
      engine.submit([{ ...light, input: { no: 1 } }], acme),
      session.get('lamp-none'),
    ])
    await rest()
    expect(noted).toEqual([])
  })

  it('where nobody wants it', async () => {
    const { engine, acme: session } = await open({ refusals: false })
    await refusedAll([session.lamp.light('lamp-none')])
    expect(await engine.refusals()).toEqual([])
    expect(await session.refusals()).toEqual([])
    expect(await engine.measures()).toMatchObject({ refusals_written: 0, refusals_dropped: 0 })
  })
})

describe('a journal', () => {
  it('that cannot be written costs entries, which are counted, and nothing else', async () => {
    let isFull = true
    const { journal, noted } = noting(() => {
      if (isFull) throw new Error('disk full')
    })
    const { engine, acme: session } = await open({ refusals: journal })
    const faults: unknown[] = []
    engine.on('fault', error => faults.push(error))
    for (let nth = 0; nth < 3; nth += 1) {
      await expect(session.lamp.light('lamp-none')).rejects.toMatchObject({ code: 'notFound' })
      await rest()
    }
    isFull = false
    await expect(session.lamp.light('lamp-none')).rejects.toMatchObject({ code: 'notFound' })
    await rest()
    expect(noted).toHaveLength(1)
    expect(await engine.measures()).toMatchObject({ refusals_written: 1, refusals_dropped: 3, refusals_failures: 3 })
    expect(faults).toEqual([])
  })

  it('that is slow keeps nobody waiting, and holds a bounded number back', async () => {
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    const { journal, noted, batches } = noting(() => held)
    const { engine, acme: session } = await open({ refusals: journal })
    const light = { kind: 'lamp', command: 'light', id: 'lamp-none' }
    await refusedAll([engine.submit([light], acme)])
    await rest()
    for (let nth = 0; nth < 15; nth += 1) await refusedAll([session.submit(Array(100).fill(light))])
    expect(await engine.measures()).toMatchObject({
      refusals_waiting: 1_000,
      refusals_dropped: 500,
      refusals_written: 0,
    })
    release()
    await engine.refusals()
    expect(noted).toHaveLength(1_001)
    expect(Math.max(...batches)).toBe(64)
    expect(await engine.measures()).toMatchObject({ refusals_waiting: 0, refusals_written: 1_001 })
  })

  it('that hangs does not keep the engine from closing', async () => {
    const { journal } = noting(() => new Promise(() => {}))
    const { engine, acme: session, clock } = await open({ refusals: journal })
    await refusedAll([session.lamp.light('lamp-none')])
    const closing = engine.close({ graceMs: 100 })
    await rest()
    await clock.pass(100)
    await closing
  })

  it('gets what waits before the engine is closed', async () => {
    const journal = memoryRefusals()
    const { engine, acme: session } = await open({ refusals: journal })
    const refusals = Array.from({ length: 200 }, () => session.lamp.light('lamp-none'))
    await Promise.all([refusedAll(refusals)])
    await engine.close()
    expect(await journal.measures()).toMatchObject({ entries: 200 })
  })

  it('is beside the file of the store, is found by the next engine, and may be anything but a hindrance', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stemma-refused-'))
    const data = join(folder, 'cloud.db')
    const opened = (options = {}) =>
      createEngine({
        kinds: { lamp },
        projections: { inventory },
        store: sqlite(data),
        drivers: { lab: new Bench().driver },
        clock: new TestClock(),
        ...options,
      })
    try {
      const first = await opened({ refusals: { entriesMax: 3 } })
      for (const id of ['lamp-1', 'lamp-2', 'lamp-3', 'lamp-4']) await refusedAll([first.as(acme).lamp.light(id)])
      await first.close()
      const second = await opened()
      expect((await second.refusals()).map(({ resource }) => resource)).toEqual(['lamp-2', 'lamp-3', 'lamp-4'])
      expect(await second.measures()).toMatchObject({ refusals_entries: 3 })
      await second.close()
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${data}.refusals${suffix}`, { force: true })
      mkdirSync(`${data}.refusals`)
      const third = await opened()
      await expect(third.as(acme).lamp.light('lamp-5')).rejects.toMatchObject({ code: 'notFound' })
      await rest()
      expect(await third.measures()).toMatchObject({ refusals_dropped: 1, refusals_failures: 1 })
      await expect(third.refusals()).rejects.toMatchObject({ code: 'failed' })
      await third.close()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('reading', () => {
  it('is of one’s own account only, but for the operator', async () => {
    const { engine, acme: session } = await open()
    const zenith = engine.as({ account: 'zenith', actor: 'eve' })
    const operator = engine.as({ account: 'hq', actor: 'op', authority: 'operator' })
    const { id } = await session.lamp.make({ label: 'desk' })
    await session.lamp.lock(id, { locked: true })
    await refusedAll([session.lamp.light(id), zenith.lamp.light(id), operator.lamp.light(id)])
    const accounts = async (sought: Promise<RefusalEntry[]>) => (await sought).map(({ account }) => account)
    expect(await accounts(session.refusals(id))).toEqual(['acme'])
    expect(await accounts(zenith.refusals(id))).toEqual(['zenith'])
    expect(await zenith.refusals({ account: 'acme' })).toEqual([])
    expect(await accounts(operator.refusals(id))).toEqual(['acme', 'zenith', 'hq'])
    expect(await accounts(operator.refusals({ account: 'zenith' }))).toEqual(['zenith'])
    const [theirs] = await zenith.refusals()
    expect(JSON.stringify(theirs)).not.toContain('locked')
    expect(theirs).toMatchObject({ state: 'absent', version: 0, digest: '' })
  })

  it.each([{ limit: 0 }, { limit: 1_001 }, { limit: 1.5 }, { since: Number.NaN }, { resource: 7 }, { account: {} }])(
    'is refused by %j, and says which field',
    async asked => {
      const { engine } = await open()
      const field = Object.keys(asked)[0]
      await expect(engine.refusals(asked as never)).rejects.toMatchObject({ name: 'InvalidRequest', field })
    },
  )
})

describe('an error', () => {
  it('does not show what it was decided on to whoever prints it', async () => {
    const { acme: session } = await open()
    const { error } = await outcomeOf(session.lamp.light('lamp-none'))
    expect(error.considered(0)).toMatchObject({ position: 0, version: 0 })
    expect(error.considered(1)).toBe(undefined)
    expect(Object.keys(error)).toEqual(['name', 'code', 'refusals'])
  })
})
