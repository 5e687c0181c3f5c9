/** What has ended is found for a while, then forgotten; its history stays, and so does what follows from it. */
import type Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMachine } from 'xstate'
import { Bench, silence } from './bench.ts'
import { candle } from './candle.ts'
import { rest, TestClock } from './clock.ts'
import { acme, contentOf, copyOf, inventory, openWith, outcomeOf, typesOf } from './setting.ts'
import { wrapped } from './wrapped.ts'

const RETENTION_MS = candle.retentionMs
const shelf = { ...inventory, perResource: true } as const
const derived = ['inventory', 'snapshots', 'endings'] as const

type Given = Partial<
  Omit<Parameters<typeof openWith<{ candle: typeof candle }, { inventory: typeof shelf }>>[0], 'kinds'>
>
const open = (given: Given = {}) => openWith({ kinds: { candle }, projections: { inventory: shelf }, ...given })
type Setting = Awaited<ReturnType<typeof open>>

async function burnt({ acme }: Setting, label = 'old'): Promise<string> {
  const { id } = await acme.candle.make({ label })
  await acme.candle.blowOut(id)
  return id
}
const counts = ({ rows }: Setting) =>
  Object.fromEntries(derived.map(table => [table, rows(`select count(*) as count from ${table}`)[0]!.count]))
/** What a new engine folds from the first event on, on a copy. */
async function refolded(database: Database.Database, given: Given = {}): Promise<Record<string, string[]>> {
  const copy = copyOf(database)
  copy.exec('delete from snapshots; delete from endings; delete from inventory; update watermarks set position = 0')
  await open({ ...given, database: copy })
  return contentOf(copy, ...derived)
}

describe('what has ended', () => {
  it('is found for its retention to the millisecond, and forgotten after', async () => {
    const setting = await open()
    const { acme, clock, engine } = setting
    const id = await burnt(setting)
    const kept = (await acme.candle.make({ label: 'new' })).id
    clock.set(clock.now() + RETENTION_MS - 1)
    expect(await engine.prune()).toBe(0)
    expect(await acme.get(id)).toMatchObject({ state: 'burnt' })
    clock.set(clock.now() + 1)
    expect(await engine.prune()).toBe(1)
    await expect(acme.get(id)).rejects.toMatchObject({ code: 'notFound', resource: id })
    expect((await acme.list('candle')).items.map(each => each.id)).toEqual([kept])
    expect(counts(setting)).toEqual({ inventory: 1, snapshots: 1, endings: 0 })
    expect(await engine.prune()).toBe(0)
  })

  it('is forgotten in passing, by whoever commits something later', async () => {
    const setting = await open()
    const id = await burnt(setting)
    setting.clock.set(setting.clock.now() + 600_000)
    await setting.engine.flush()
    await setting.acme.candle.make({ label: 'new' })
    await rest()
    await expect(setting.acme.get(id)).rejects.toMatchObject({ code: 'notFound' })
  })

  it('keeps its history for those who may read it, and for nobody else', async () => {
    const setting = await open()
    const id = await burnt(setting)
    setting.clock.set(setting.clock.now() + RETENTION_MS)
    await setting.engine.flush()
    await setting.engine.prune()
    expect(await typesOf(setting.acme, id)).toEqual(['candle.makeRequested', 'candle.blowOutRequested'])
    const stranger = setting.engine.as({ account: 'zenith', actor: 'eve' })
    const { error } = await outcomeOf(typesOf(stranger, id))
    const { error: never } = await outcomeOf(typesOf(stranger, 'candle-none'))
    expect(error.code).toBe('notFound')
    expect(error.message.replace(id, 'candle-none')).toBe(never.message)
  })

  it.each(['behind', 'strict'] as const)('comes back by nothing that is still said of it (%s)', async consistency => {
    const bench = new Bench().always('instanceEnsure', silence)
    const setting = await open({ bench, consistency })
    const { acme, clock, engine } = setting
    const { id } = await acme.candle.make({ label: 'old' })
    await acme.candle.light(id)
    await acme.candle.blowOut(id)
    await engine.flush()
    clock.set(clock.now() + RETENTION_MS)
    expect(await engine.prune()).toBe(1)

    expect(await acme.candle.blowOut(id)).toMatchObject({ outcome: 'unchanged', state: 'burnt' })
    expect(await acme.candle.weigh(id)).toMatchObject({ outcome: 'accepted', version: 4 })
    const late = { resource: id, type: 'candle.lit', data: {}, answers: `${id}.2.0`, actor: 'driver:lab' }
    expect(await engine.report(late)).toBe('ignored')
    await expect(acme.candle.light(id)).rejects.toMatchObject({ code: 'wrongState', state: 'burnt' })
    await engine.flush()
    expect(counts(setting)).toEqual({ inventory: 0, snapshots: 0, endings: 0 })
    await expect(acme.get(id)).rejects.toMatchObject({ code: 'notFound' })
    expect((await typesOf(acme, id)).slice(-2)).toEqual(['candle.weighRequested', 'candle.lit'])
    await engine.rebuild('inventory')
    expect(counts(setting)).toEqual({ inventory: 0, snapshots: 0, endings: 0 })
    expect(await refolded(setting.database)).toEqual(contentOf(setting.database, ...derived))
  })

  it('is known to the next engine too, which folds its stream when somebody asks', async () => {
    const before = await open()
    const id = await burnt(before)
    before.clock.set(before.clock.now() + RETENTION_MS)
    await before.engine.flush()
    await before.engine.prune()
    await before.engine.close()
    const after = await open({ database: before.database, clock: before.clock })
    await expect(after.acme.get(id)).rejects.toMatchObject({ code: 'notFound' })
    expect(await after.acme.candle.blowOut(id)).toMatchObject({ outcome: 'unchanged' })
    expect(await after.acme.candle.weigh(id)).toMatchObject({ version: 3 })
    await expect(after.acme.candle.weigh('candle-none')).rejects.toMatchObject({ code: 'notFound' })
    const crashed = await open({ database: copyOf(after.database), clock: after.clock })
    expect(counts(crashed)).toEqual({ inventory: 0, snapshots: 0, endings: 0 })
  })
})

describe('forgetting', () => {
  /** An engine on which one that has ended is heard of again, whose store is slow to write that. */
  const openSlow = async (slow: 'commit' | 'writeDerived', given: Given) => {
    let release = () => {}
    let held: Promise<void> | undefined
    const setting = await open({
      ...given,
      between: store =>
        wrapped(store, plain => ({
          async commit(commit) {
            if (slow === 'commit') await held
            return plain.commit(commit)
          },
          async writeDerived(changes) {
            if (slow === 'writeDerived') await held
            return plain.writeDerived(changes)
          },
        })),
    })
    const id = await burnt(setting)
    await setting.engine.flush()
    setting.clock.set(setting.clock.now() + RETENTION_MS)
    held = new Promise(resolve => {
      release = resolve
    })
    return { ...setting, id, release }
  }

  it.each([
    ['commit', { consistency: 'strict' }],
    ['commit', { behindMax: 1 }],
    ['writeDerived', {}],
  ] as const)('waits for rows that are being written (%s, %j)', async (slow, given) => {
    const setting = await openSlow(slow, given)
    const { engine, acme, id, release } = setting
    const weighed = acme.candle.weigh(id)
    await rest()
    const flushed = slow === 'commit' ? undefined : engine.flush()
    await rest()
    const pruned = engine.prune()
    await rest()
    release()
    expect(await pruned).toBe(1)
    await Promise.all([weighed, flushed])
    await engine.flush()
    expect(counts(setting)).toEqual({ inventory: 0, snapshots: 0, endings: 0 })
  })

  it('is not undone by who asks for what is forgotten: nothing is written then', async () => {
    let writes = 0
    const setting = await open({
      between: store =>
        wrapped(store, plain => ({
          async writeDerived(changes) {
            writes += 1
            return plain.writeDerived(changes)
          },
        })),
    })
    const id = await burnt(setting)
    await setting.engine.flush()
    setting.clock.set(setting.clock.now() + RETENTION_MS)
    await setting.engine.prune()
    await expect(setting.acme.get(id)).rejects.toMatchObject({ code: 'notFound' })
    await setting.engine.flush()
    expect(writes).toBe(1)
  })
})

describe('how long', () => {
  it('is chosen by whoever opens the engine, and may be for ever', async () => {
    const eternal = await open({ retentionMs: { candle: Number.POSITIVE_INFINITY } })
    await burnt(eternal)
    await eternal.engine.flush()
    eternal.clock.set(eternal.clock.now() + 1_000 * RETENTION_MS)
    expect(await eternal.engine.prune()).toBe(0)
    await eternal.engine.close()
    const hasty = await open({ database: eternal.database, retentionMs: { candle: 0 } })
    expect(await hasty.engine.prune()).toBe(1)
  })

  it('brings nothing back when it grows', async () => {
    const before = await open()
    const id = await burnt(before)
    before.clock.set(before.clock.now() + RETENTION_MS)
    await before.engine.flush()
    await before.engine.prune()
    const rows = contentOf(before.database, ...derived)
    expect(await refolded(before.database, { retentionMs: { candle: 1_000 * RETENTION_MS } })).toEqual(rows)
    const after = await open({ database: before.database, retentionMs: { candle: 1_000 * RETENTION_MS } })
    await expect(after.acme.get(id)).rejects.toMatchObject({ code: 'notFound' })
  })

  it.each([
    [{ lantern: 1 }, 'lantern'],
    [{ candle: -1 }, '-1'],
    [{ candle: Number.NaN }, 'NaN'],
  ])('is refused where it makes no sense: %j', async (retentionMs, named) => {
    const refused = { name: 'BrokenRule', message: expect.stringContaining(named) }
    await expect(open({ retentionMs: retentionMs as never })).rejects.toMatchObject(refused)
  })
})

describe('forgetting many', () => {
  it('goes in small steps, between which others are served', async () => {
    const steps: number[] = []
    const setting = await open({
      between: store =>
        wrapped(store, ({ forget }) => ({
          async forget(kind, endings, views) {
            steps.push(endings.length)
            return forget.call(store, kind, endings, views)
          },
        })),
    })
    const { engine, clock } = setting
    const make = Array.from({ length: 250 }, (_, nth) => ({
      kind: 'candle',
      command: 'make',
      input: { label: `${nth}` },
    }))
    const made = await engine.submit(make, acme)
    await engine.submit(
      made.map(({ id }) => ({ kind: 'candle', command: 'blowOut', id })),
      acme,
    )
    await engine.flush()
    clock.set(clock.now() + RETENTION_MS)
    const pruned = engine.prune()
    const served: number[] = []
    for (let turn = 0; turn < 3; turn += 1) {
      await setting.acme.candle.make({ label: 'meanwhile' })
      served.push(steps.length)
    }
    expect(await pruned).toBe(250)
    expect(steps).toEqual([100, 100, 50])
    expect(served[0]).toBeLessThan(3)
    await engine.flush()
    expect(counts(setting)).toEqual({ inventory: 3, snapshots: 3, endings: 0 })
    expect(await refolded(setting.database)).toEqual(contentOf(setting.database, ...derived))
  })

  it('ends with the engine, and is gone on with by the next', async () => {
    const setting = await open()
    const { engine, clock, database } = setting
    const make = Array.from({ length: 250 }, (_, nth) => ({
      kind: 'candle',
      command: 'make',
      input: { label: `${nth}` },
    }))
    const made = await engine.submit(make, acme)
    await engine.submit(
      made.map(({ id }) => ({ kind: 'candle', command: 'blowOut', id })),
      acme,
    )
    await engine.flush()
    clock.set(clock.now() + RETENTION_MS)
    const pruning = outcomeOf(engine.prune())
    await engine.close()
    expect((await pruning).error).toBe(undefined)
    expect(await refolded(database)).toEqual(contentOf(database, ...derived))
    const after = await open({ database, clock })
    expect(await after.engine.prune()).toBe(250 - (await pruning).value!)
    expect(counts(after)).toEqual({ inventory: 0, snapshots: 0, endings: 0 })
  })
})

describe('a view', () => {
  const clumsy = (isMended: boolean) => ({
    ...shelf,
    fold: (row: Parameters<typeof shelf.fold>[0], event: Parameters<typeof shelf.fold>[1]) => {
      if (!isMended && (event.data as { label?: string }).label === 'poison') throw new Error('clumsy')
      if (row === undefined && event.version > 1) throw new Error('the middle of a life without its beginning')
      return shelf.fold(row, event, event.resource)
    },
  })

  it('that stands still meanwhile comes to the same rows once it is mended', async () => {
    const before = await open({ projections: { inventory: clumsy(false) } } as never)
    const half = await before.acme.candle.make({ label: 'half' })
    await burnt(before, 'early')
    await before.engine.flush()
    await burnt(before, 'poison')
    await before.acme.candle.light(half.id)
    await before.acme.candle.blowOut(half.id)
    await burnt(before, 'late')
    await before.acme.candle.make({ label: 'kept' })
    await before.engine.flush()
    expect(before.engine.health().stalledViews).toHaveLength(1)
    before.clock.set(before.clock.now() + RETENTION_MS)
    expect(await before.engine.prune()).toBe(4)
    await before.engine.close()
    const after = await open({ projections: { inventory: clumsy(true) }, database: before.database } as never)
    expect(after.engine.health().stalledViews).toEqual([])
    expect(after.rows('select label from inventory')).toEqual([{ label: 'kept' }])
    expect(await refolded(after.database)).toEqual(contentOf(after.database, ...derived))
  })

  it('whose rows belong to no resource keeps them', async () => {
    const setting = await open({ projections: { inventory } } as never)
    const id = await burnt(setting)
    await setting.engine.flush()
    setting.clock.set(setting.clock.now() + RETENTION_MS)
    expect(await setting.engine.prune()).toBe(1)
    expect(setting.rows('select id from inventory')).toEqual([{ id }])
  })

  it('whose rows claim to belong to resources and do not is stalled', async () => {
    const astray = { ...shelf, keys: () => ['somewhere'] }
    const setting = await open({ projections: { inventory: astray } } as never)
    await setting.acme.candle.make({ label: 'new' })
    await setting.engine.flush()
    expect(setting.engine.health().stalledViews).toMatchObject([{ cause: expect.stringContaining('somewhere') }])
  })
})

describe('a kind', () => {
  it('whose end is none is refused', async () => {
    const { config, implementations } = candle.machine
    const burnt = { tags: ['settled', 'terminal'], on: { 'candle.lightRequested': 'lighting' } }
    const states = { ...(config.states as object), burnt }
    const machine = createMachine({ ...(config as object), states }, implementations as never)
    await expect(open({ kinds: { candle: { ...candle, machine } } } as never)).rejects.toMatchObject({
      name: 'BrokenRule',
      message: expect.stringContaining("'burnt' is terminal, and candle.lightRequested leads from it to 'lighting'"),
    })
  })
})

describe('the rows', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ do: 'make' as const }) },
    {
      weight: 8,
      arbitrary: fc.record({ do: fc.constantFrom('light', 'blowOut', 'weigh', 'answer'), which: fc.nat(5) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(2 * RETENTION_MS) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('prune', 'flush', 'rebuild', 'restart', 'crash') }) },
  )
  type Step = { readonly do: string; readonly which?: number; readonly ms?: number }

  /** A life to its end, looked back on after its retention: what the steps before and after it do is up to chance. */
  const forgotten = [
    { do: 'make' },
    { do: 'light' },
    { do: 'blowOut' },
    { do: 'flush' },
    { do: 'pass', ms: RETENTION_MS },
  ]
  const story = fc.tuple(fc.array(step, { maxLength: 15 }), fc.boolean(), fc.array(step, { maxLength: 25 }))

  it('are always what a fold of the whole log gives, whatever happens in which order', async () => {
    let forgottenCount = 0
    await fc.assert(
      fc.asyncProperty(
        story,
        fc.constantFrom('behind', 'strict'),
        fc.constantFrom(1, 4, 1_000),
        async ([before, ends, after], consistency, residentMax) => {
          const steps: readonly Step[] = [...before, ...(ends ? [...forgotten, { do: 'prune' }] : []), ...after]
          const clock = new TestClock()
          const bench = new Bench().always('instanceEnsure', silence)
          const given = { clock, bench, consistency, residentMax } as const
          let setting = await open(given)
          const ids: string[] = []
          const reopen = async (database: Database.Database) => {
            setting = await open({ ...given, database })
          }
          const deeds: Record<string, (step: Step) => Promise<unknown>> = {
            make: async () => ids.push((await setting.acme.candle.make({ label: 'any' })).id),
            pass: async ({ ms }) => clock.set(clock.now() + ms!),
            prune: async () => {
              forgottenCount += await setting.engine.prune()
            },
            flush: () => setting.engine.flush(),
            rebuild: () => setting.engine.rebuild('inventory'),
            restart: async () => {
              const closing = setting.engine.close({ graceMs: 0 })
              await clock.pass(0)
              await closing
              await reopen(setting.database)
            },
            crash: () => reopen(copyOf(setting.database)),
            answer: async ({ which }) => {
              const id = ids[which!]
              if (id === undefined) return
              const report = { resource: id, type: 'candle.lit', data: {}, answers: `${id}.2.0`, actor: 'driver:lab' }
              await setting.engine.report(report)
            },
          }
          for (const each of steps) {
            const deed = deeds[each.do]
            const id = ids[each.which ?? 0]
            if (deed) await deed(each)
            else if (id) await outcomeOf(setting.engine.submit([{ kind: 'candle', command: each.do, id }], acme))
          }
          await setting.engine.flush()
          expect(contentOf(setting.database, ...derived)).toEqual(await refolded(setting.database))
        },
      ),
      { numRuns: 150 },
    )
    expect(forgottenCount).toBeGreaterThan(0)
  })
})
