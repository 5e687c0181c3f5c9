import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { projection } from '../../projections/contract.ts'
import { bulb, ration } from './bulb.ts'
import { lamp } from './light.ts'
import { contentOf, copyOf, inventory, open, openWith, outcomeOf, rest } from './setting.ts'
import { wrapped } from './wrapped.ts'

/** Rows that come and go, a JSON column, and a key that many resources share. */
interface Tally {
  readonly account: string
  readonly burning: number
  readonly ids: readonly string[]
}
const tally = projection({
  name: 'tally',
  version: 1,
  key: 'account',
  columns: { account: 'text', burning: 'integer', ids: 'json' },
  keys: event => (event.before.startsWith('burning') === event.state.startsWith('burning') ? [] : [event.account]),
  fold: (row: Tally | undefined, event, account) => {
    const others = (row?.ids ?? []).filter(id => id !== event.resource)
    const ids = event.state.startsWith('burning') ? [...others, event.resource] : others
    return ids.length ? { account, burning: ids.length, ids } : undefined
  },
})
const kinds = { lamp, bulb }
const projections = { inventory, tally, ration }
const views = ['inventory', 'tally', 'ration']
type Given = Omit<Parameters<typeof openWith<typeof kinds, typeof projections>>[0], 'kinds' | 'projections'>
const openAll = (given: Given = {}) => openWith({ kinds, projections, ...given })
type Setting = Awaited<ReturnType<typeof openAll>>

/** Ids that are the same in every run. */
const counting = () => {
  let count = 0
  return {
    next() {
      count += 1
      return count.toString(16).padStart(17, '0')
    },
  }
}
const step = fc.record({
  account: fc.constantFrom('acme', 'other'),
  which: fc.nat(4),
  does: fc.constantFrom('make', 'light', 'lock', 'unlock', 'break', 'take', 'return', 'pass', 'read'),
})
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never
const steps = fc.array(step, { maxLength: 40 })

async function live({ engine, clock }: Setting, script: readonly Step[]): Promise<void> {
  const lamps: Record<string, string[]> = { acme: [], other: [] }
  const bulbs: Record<string, string[]> = { acme: [], other: [] }
  for (const { account, which, does } of script) {
    const as = engine.as({ account, actor: 'x' })
    const id = lamps[account]![which] ?? 'lamp-0'
    const own = bulbs[account]!
    if (does === 'make') lamps[account]!.push((await as.lamp.make({ label: `lamp ${which}`, twins: which === 0 })).id)
    else if (does === 'take') await outcomeOf(as.bulb.take({})).then(({ value }) => value && own.push(value.id))
    else if (does === 'return') await outcomeOf(as.bulb.return(own[which] ?? 'bulb-0'))
    else if (does === 'pass') await clock.pass(which * 130)
    else if (does === 'read') await engine.views.inventory.get(id)
    else if (does === 'light' || does === 'break') await outcomeOf(as.lamp[does](id))
    else await outcomeOf(as.lamp.lock(id, { locked: does === 'lock' }))
  }
  await engine.idle()
}

describe('the tables of views', () => {
  it('are the same byte for byte whether they are written at once or behind', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(1, 3, 256), async (script, behindMax) => {
        const strict = await openAll({ consistency: 'strict', ids: counting() })
        const behind = await openAll({ behindMax, ids: counting() })
        for (const setting of [strict, behind]) await live(setting, script)
        // Strict ones are complete as they are; the others once somebody waits for them.
        const tables = contentOf(strict.database, ...views)
        await behind.engine.flush()
        expect(contentOf(behind.database, ...views)).toEqual(tables)
        const snapshots = contentOf(strict.database, 'snapshots')
        expect(contentOf(behind.database, 'snapshots')).toEqual(snapshots)
      }),
      { numRuns: 40 },
    )
  })

  it('are the same after a rebuild from position 0', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async script => {
        const setting = await openAll()
        await live(setting, script)
        await setting.engine.flush()
        const { inventory: rows, tally: burning } = contentOf(setting.database)
        const position = setting.engine.health().position
        for (const view of ['inventory', 'tally'] as const) expect(await setting.engine.rebuild(view)).toBe(position)
        expect(contentOf(setting.database, 'inventory', 'tally')).toEqual({ inventory: rows, tally: burning })
        await live(setting, script.slice(0, 5))
        await setting.engine.flush()
        const grown = contentOf(setting.database, 'inventory', 'tally')
        for (const view of ['inventory', 'tally'] as const) await setting.engine.rebuild(view)
        expect(contentOf(setting.database, 'inventory', 'tally')).toEqual(grown)
      }),
      { numRuns: 30 },
    )
  })

  it.each(['behind', 'strict'] as const)('are the same after a rebuild while writers work (%s)', async consistency => {
    // A store that takes its time lets writers come in between.
    const setting = await openAll({
      consistency,
      between: store =>
        wrapped(store, ({ log, rows }) => ({
          async log(after, limit) {
            await rest()
            return log.call(store, after, Math.min(limit, 7))
          },
          async rows(view, keys) {
            await rest()
            return rows.call(store, view, keys)
          },
        })),
    })
    const work = async (from: number) => {
      for (let n = from; n < from + 15; n += 1) {
        const { id } = await setting.acme.lamp.make({ label: `lamp ${n}` })
        await setting.acme.lamp.light(id)
        if (n % 3 === 0) await setting.acme.lamp.break(id)
        await outcomeOf(setting.acme.bulb.take({}))
      }
    }
    await work(0)
    const working = [work(100), work(200), work(300)]
    for (const view of ['inventory', 'tally', 'ration'] as const) {
      await setting.engine.rebuild(view)
      // Whoever reads meanwhile sees a whole table or waits for it.
      const rebuilding = setting.engine.rebuild(view)
      if (view === 'inventory') expect((await setting.engine.views.inventory.list()).items.length).toBeGreaterThan(14)
      await rebuilding
    }
    await Promise.all(working)
    await setting.engine.idle()
    await setting.engine.flush()
    const withoutRevision = (rows: string[]) => rows.map(row => ({ ...JSON.parse(row), revision: 0 }))
    const kept = contentOf(setting.database, ...views)
    for (const view of ['inventory', 'tally', 'ration'] as const) await setting.engine.rebuild(view)
    const folded = contentOf(setting.database, ...views)
    for (const view of views) expect(withoutRevision(kept[view]!)).toEqual(withoutRevision(folded[view]!))
  })

  it('of a new version are rebuilt when the engine opens', async () => {
    const before = await openAll()
    await live(before, [
      { account: 'acme', which: 1, does: 'make' },
      { account: 'acme', which: 0, does: 'light' },
    ])
    await before.engine.close()
    const louder = {
      ...inventory,
      version: 2,
      fold: (...given: Parameters<typeof inventory.fold>) => {
        const row = inventory.fold(...given)!
        return { ...row, label: row.label?.toUpperCase() ?? null }
      },
    }
    const after = await openWith({
      kinds,
      projections: { ...projections, inventory: louder },
      database: before.database,
    })
    expect(after.engine.recovery.views).toEqual(['inventory'])
    expect((await after.acme.list('lamp')).items).toMatchObject([{ label: 'LAMP 1', state: 'burning' }])
  })

  it('that are new are filled when the engine opens, and those that are gone hurt nobody', async () => {
    const before = await openWith({ kinds, projections: { inventory, ration } })
    const { id } = await before.acme.lamp.make({ label: 'desk' })
    await before.acme.lamp.light(id)
    await before.engine.idle()
    await before.engine.close()
    const after = await openWith({ kinds, projections: { inventory, tally }, database: before.database })
    expect(await after.engine.views.tally.get('acme')).toEqual({ account: 'acme', burning: 1, ids: [id] })
  })

  it('catch up after a crash, whatever had been written behind', async () => {
    await fc.assert(
      fc.asyncProperty(steps, steps, async (first, second) => {
        const setting = await openAll({ ids: counting() })
        await live(setting, first)
        await setting.engine.flush()
        await live(setting, second)
        const crashed = copyOf(setting.database)
        const after = await openAll({ database: crashed })
        await setting.engine.flush()
        expect(contentOf(after.database, ...views, 'snapshots', 'events')).toEqual(
          contentOf(setting.database, ...views, 'snapshots', 'events'),
        )
        const [mark] = after.rows(`select min(position) as position from watermarks where view <> 'streams'`)
        expect(mark!.position).toBe(after.engine.health().position)
      }),
      { numRuns: 30 },
    )
  })
})

describe('reading', () => {
  it('waits for what was committed before', async () => {
    const { acme, rows, engine } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    expect(rows('select * from inventory')).toEqual([])
    expect(await acme.get(id)).toMatchObject({ version: 1, state: 'dark' })
    await acme.lamp.lock(id, { locked: true })
    expect((await acme.list('lamp')).items).toMatchObject([{ version: 2 }])
    await acme.lamp.lock(id, { locked: false })
    expect(await engine.views.inventory.get(id)).toMatchObject({ version: 3 })
  })

  it('does not wait for somebody to read: what is behind is written after a while', async () => {
    const { acme, rows, clock } = await open({ behindMs: 200 })
    await acme.lamp.make({ label: 'desk' })
    await clock.pass(199)
    expect(rows('select * from inventory')).toEqual([])
    await clock.pass(1)
    expect(rows('select * from inventory')).toHaveLength(1)
  })

  it('while the disk refuses to write what is behind fails, and works again when it does', async () => {
    const disk = { isFull: false }
    const { acme, engine, clock } = await open({
      between: store =>
        wrapped(store, ({ writeDerived }) => ({
          async writeDerived(changes) {
            if (disk.isFull) throw new Error('disk full')
            return writeDerived.call(store, changes)
          },
        })),
    })
    const faults: string[] = []
    engine.on('fault', (_, where) => faults.push(where))
    const { id } = await acme.lamp.make({ label: 'desk' })
    disk.isFull = true
    await clock.pass(1_000)
    expect(new Set(faults)).toEqual(new Set(['writing derived rows']))
    await expect(acme.get(id)).rejects.toThrow('disk full')
    await expect(acme.lamp.lock(id, { locked: true })).resolves.toMatchObject({ version: 2 })
    disk.isFull = false
    expect(await acme.get(id)).toMatchObject({ version: 2 })
  })
})

describe('pages', () => {
  const labels = ['a', 'b', 'c', null]
  const rows = fc.array(fc.record({ label: fc.constantFrom(...labels), locks: fc.nat(2) }), { maxLength: 25 })
  const column = fc.constantFrom('label', 'version', 'state', 'id')
  const sort = fc
    .uniqueArray(column, { maxLength: 3 })
    .chain(columns => fc.tuple(...columns.map(each => fc.constantFrom(each, `-${each}`))))

  it('neither skip nor repeat, in any order and of any size, while other rows come', async () => {
    await fc.assert(
      fc.asyncProperty(rows, sort, fc.integer({ min: 1, max: 9 }), async (made, order, limit) => {
        const { acme, database, engine } = await open()
        for (const { label, locks } of made) {
          const { id } = await acme.lamp.make({ label: label ?? 'none' })
          for (let n = 0; n < locks; n += 1) await acme.lamp.lock(id, { locked: false })
        }
        await engine.flush()
        database.exec(`update inventory set label = null where label = 'none'`)
        const query = { sort: order as never, limit }
        const whole = (await engine.views.inventory.list({ ...query, limit: 1_000 })).items.map(({ id }) => id)
        expect(new Set(whole).size).toBe(made.length)
        const seen: string[] = []
        let cursor: string | undefined
        do {
          const page = await engine.views.inventory.list({ ...query, cursor })
          expect(page.items.length).toBeLessThanOrEqual(limit)
          seen.push(...page.items.map(({ id }) => id))
          if (page.next !== undefined) expect(page.items).toHaveLength(limit)
          // Not for ever: rows that come faster than they are read would never end.
          if (seen.length < 30) await acme.lamp.make({ label: 'late' })
          cursor = page.next
        } while (cursor !== undefined)
        const early = new Set(whole)
        expect(seen.filter(id => early.has(id))).toEqual(whole)
        expect(new Set(seen).size).toBe(seen.length)
      }),
      { numRuns: 50 },
    )
  })

  it('end without a cursor when the last row was the last of its page', async () => {
    const { acme } = await open()
    for (const label of ['a', 'b']) await acme.lamp.make({ label })
    expect((await acme.list('lamp', { limit: 2 })).next).toBeUndefined()
    const first = await acme.list('lamp', { limit: 1 })
    expect(first.next).toEqual(expect.any(String))
    expect((await acme.list('lamp', { limit: 1, cursor: first.next! })).next).toBeUndefined()
  })
})

describe('filters', () => {
  it('choose by value, by list, and by absence', async () => {
    const { acme, engine, database } = await open()
    const made = await acme.submit(['a', 'b', 'c'].map(label => ({ kind: 'lamp', command: 'make', input: { label } })))
    await acme.lamp.lock(made[1]!.id, { locked: true })
    await engine.flush()
    database.exec(`update inventory set label = null where label = 'c'`)
    const found = async (where: object) => (await engine.views.inventory.list({ where })).items.map(({ id }) => id)
    const [a, b, c] = made.map(({ id }) => id)
    expect(await found({ label: 'a' })).toEqual([a])
    expect(await found({ label: ['a', 'b', 'z'] })).toEqual([a, b])
    expect(await found({ version: 2 })).toEqual([b])
    expect(await found({ label: null })).toEqual([c])
    expect(await found({ label: [] })).toEqual([])
    expect(await found({ label: `a' or 1=1` })).toEqual([])
    expect(await found({})).toEqual([a, b, c])
  })
})

describe('a question that makes no sense', () => {
  const invalid = (field: string) => ({ name: 'InvalidRequest', code: 'invalidInput', field })
  it.each([
    ['an unknown column to filter by', { where: { colour: 'red' } }, 'where'],
    ['an inherited name as column', { where: { constructor: 'x' } }, 'where'],
    ['an unknown column to sort by', { sort: ['colour'] }, 'sort'],
    ['a column that tries to be more', { sort: ['id; drop table events'] }, 'sort'],
    ['a JSON column to sort by', { sort: ['ids'] }, 'sort'],
    ['a JSON column to filter by', { where: { ids: 'x' } }, 'where'],
    ['a value that is no value', { where: { account: { $ne: 1 } } }, 'where'],
    ['a truth value', { where: { burning: true } }, 'where'],
    ['a value that is no number', { where: { burning: Number.NaN } }, 'where'],
    ['a list of lists', { where: { account: [['acme']] } }, 'where'],
    ['no value at all', { where: { account: undefined } }, 'where'],
    ['filters that are none', { where: 'account' }, 'where'],
    ['a sort that is no list', { sort: 'account' }, 'sort'],
    ['a sort of numbers', { sort: [1] }, 'sort'],
    ['a limit of zero', { limit: 0 }, 'limit'],
    ['a limit that is too high', { limit: 1_001 }, 'limit'],
    ['half a limit', { limit: 1.5 }, 'limit'],
    ['a limit in words', { limit: 'ten' }, 'limit'],
    ['a cursor that is none', { cursor: 'page two' }, 'cursor'],
    ['an empty cursor', { cursor: '' }, 'cursor'],
    ['a cursor that is no text', { cursor: 7 }, 'cursor'],
  ])('is answered as a bad request: %s', async (_, query, field) => {
    const { engine } = await openAll()
    await expect(engine.views.tally.list(query as never)).rejects.toMatchObject(invalid(field))
  })

  it('is answered as a bad request: a cursor of another question', async () => {
    const { acme } = await open()
    for (const label of ['a', 'b', 'c']) await acme.lamp.make({ label })
    const { next } = await acme.list('lamp', { limit: 1, sort: ['label'] })
    for (const other of [{ sort: ['-label'] }, { sort: ['label'], where: { state: 'dark' } }, {}])
      await expect(acme.list('lamp', { ...other, cursor: next! } as never)).rejects.toMatchObject(invalid('cursor'))
    await expect(acme.list('lamp', { limit: 2, sort: ['label'], cursor: next! })).resolves.toMatchObject({
      items: [{ label: 'b' }, { label: 'c' }],
    })
  })

  it('is answered as a bad request: a cursor somebody made up', async () => {
    const { engine, acme } = await openAll()
    for (const label of ['a', 'b']) await acme.lamp.make({ label })
    const { next } = await engine.views.inventory.list({ limit: 1 })
    const [shape] = JSON.parse(decodeURIComponent(atob(next!))) as [unknown]
    for (const values of [[], ['a', 'b'], [{}], [true], [['x']], 'x', null]) {
      const cursor = btoa(encodeURIComponent(JSON.stringify([shape, values])))
      await expect(engine.views.inventory.list({ cursor })).rejects.toMatchObject(invalid('cursor'))
    }
  })

  it('to a kind that does not exist says so', async () => {
    const { acme } = await open()
    await expect(acme.list('comet')).rejects.toMatchObject({ code: 'unknownKind', field: 'kind' })
  })
})

describe('a projection that cannot have a table', () => {
  it.each([
    ['named like a table of the store', { name: 'events' }],
    ['named like SQL', { name: 'x; drop table events' }],
    ['without its key', { key: 'nothing' }],
    ['with an index on nothing', { indexes: [['nothing']] }],
  ])('%s keeps the engine from opening, and the database as it was', async (_, wrong) => {
    const database = new Database(':memory:')
    const view = { ...tally, ...wrong } as unknown as typeof tally
    await expect(openWith({ kinds, projections: { inventory, view }, database })).rejects.toMatchObject({
      name: 'StoreError',
      code: 'failed',
    })
    await expect(openAll({ database })).resolves.toBeDefined()
  })
})
