/** Rows that count in other rows, and views that object, as an embedder's own view would use them. */
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { type Projection, projection } from '../../projections/contract.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine, sqlite } from '../../src/index.ts'

interface BookRow {
  readonly key: string
  readonly amounts: Readonly<Record<string, number>>
}
/** Every volume counts in its account, every account in `all`; of which there may be three. */
const books = projection<'books', BookRow>({
  name: 'books',
  version: 1,
  key: 'key',
  columns: { key: 'text', amounts: 'json' },
  consistency: 'claimed',
  keys: ({ kind, resource, version, state }) =>
    kind === 'volume' && (version === 1 || state === 'deleted') ? [resource] : [],
  fold: (row, { state, resource: key, account }) =>
    state === 'deleted' ? undefined : (row ?? { key, amounts: { [`of ${account}`]: 1 } }),
  counts: ({ key, amounts }) => {
    const [name, count] = Object.entries(amounts)[0] ?? ['', 0]
    if (name.startsWith('of ')) return { in: `account ${name.slice(3)}`, amounts: { volumes: count } }
    return key === 'all' ? undefined : { in: 'all', amounts }
  },
  add: (row, key, added) => {
    const volumes = (row?.amounts.volumes ?? 0) + added.volumes!
    return volumes === 0 ? undefined : { key, amounts: { volumes } }
  },
  objects: (_, { key, amounts }) =>
    key === 'all' && amounts.volumes! > 3
      ? [{ requirement: 'shelfLength', code: 'shelfFull', sentence: 'The shelf holds three volumes.' }]
      : [],
})

const open = (view: Projection = books as unknown as Projection) =>
  createEngine({
    kinds,
    projections: { ...projections, books: view },
    store: sqlite(':memory:'),
    drivers: { lab: simulated({ instant: true }) },
  })

describe('a view whose rows count in others', () => {
  it('is summed upwards, and refuses a request by its own words', async () => {
    const engine = await open()
    const create = (account: string) => engine.as({ account, actor: 'a' }).volume.create({ sizeBytes: 1 })
    const { id } = await create('ant')
    await create('ant')
    await create('bee')
    await expect(create('cow')).rejects.toMatchObject({ code: 'shelfFull', message: 'The shelf holds three volumes.' })
    const row = async (key: string) => (await engine.views.books!.get(key))?.amounts
    expect([await row('account ant'), await row('account bee'), await row('account cow'), await row('all')]).toEqual([
      { volumes: 2 },
      { volumes: 1 },
      undefined,
      { volumes: 3 },
    ])
    const ant = engine.as({ account: 'ant', actor: 'a' })
    await ant.settled(id)
    await ant.volume.delete(id)
    await ant.settled(id)
    await create('cow')
    const all = async () => (await engine.views.books!.list({ sort: ['key'] })).items
    const before = await all()
    await engine.rebuild('books')
    expect(await all()).toEqual(before)
    await engine.close()
  })

  it.each([
    ['counts without adding', { add: undefined }],
    ['adds without counting', { counts: undefined }],
    ['objects although it is derived', { consistency: 'derived' }],
  ] as const)('is refused if it %s', async (_, wrong) => {
    await expect(open({ ...books, ...wrong } as unknown as Projection)).rejects.toThrow(/view 'books'/)
  })
})
