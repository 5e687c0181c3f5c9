/** Journals of refusals: rings that forget the oldest, and never stand in anybody's way. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryRefusals, type RefusalEntry, type RefusalJournal, type RefusalLimits } from '../../src/store/refusals.ts'
import { sqlite, sqliteRefusals } from '../../src/store/sqlite/index.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stemma-refusals-'))
  path = join(folder, 'cloud.db.refusals')
})
afterEach(() => rmSync(folder, { recursive: true }))

const entry = (at: number, rest: Partial<RefusalEntry> = {}): RefusalEntry => ({
  at,
  position: at,
  account: 'acme',
  actor: 'ops@acme',
  region: 'local',
  command: 'lamp.light',
  index: 0,
  resource: 'lamp-1',
  kind: 'lamp',
  state: 'broken',
  version: 3,
  digest: 'abc',
  reasons: [{ requirement: 'state', code: 'wrongState', sentence: 'It is broken.' }],
  ...rest,
})
const times = async (journal: RefusalJournal, query: Partial<Parameters<RefusalJournal['read']>[0]> = {}) =>
  (await journal.read({ limit: 1_000, ...query })).map(({ at }) => at)

const journals: [string, (limits?: RefusalLimits) => RefusalJournal][] = [
  ['in memory', memoryRefusals],
  ['in a file', limits => sqliteRefusals(path, limits)],
]

describe.each(journals)('a journal %s', (_, make) => {
  it('gives entries back as they were, the newest last', async () => {
    const journal = make()
    const rich = entry(2, {
      token: 't-1',
      event: { type: 'lamp.lightRequested', schema: 1, data: { deep: [1, { a: null }], 'odd "key"': 'ü\u0000' } },
      facts: { twin: null },
      isCut: true,
    })
    await journal.append([entry(1), rich])
    await journal.append([entry(3)])
    expect(await journal.read({ limit: 10 })).toEqual([entry(1), rich, entry(3)])
    expect(await times(journal, { limit: 2 })).toEqual([2, 3])
    await journal.close()
  })

  it('finds those of a resource, of an account, and since a time', async () => {
    const journal = make()
    await journal.append([
      entry(1),
      entry(2, { resource: 'lamp-2' }),
      entry(3, { account: 'zenith' }),
      entry(4, { account: 'zenith', resource: 'lamp-2' }),
    ])
    expect(await times(journal, { resource: 'lamp-2' })).toEqual([2, 4])
    expect(await times(journal, { account: 'zenith' })).toEqual([3, 4])
    expect(await times(journal, { account: 'zenith', resource: 'lamp-1' })).toEqual([3])
    expect(await times(journal, { since: 3 })).toEqual([3, 4])
    expect(await times(journal, { since: 2, account: 'acme' })).toEqual([2])
    expect(await times(journal, { resource: "lamp-2' or 1 = 1 --" })).toEqual([])
    await journal.close()
  })

  it('goes by time where time has fallen', async () => {
    const journal = make()
    await journal.append([entry(50), entry(10), entry(20), entry(60), entry(30)])
    expect(await times(journal, { since: 20 })).toEqual([20, 30, 50, 60])
    expect(await times(journal, { limit: 2 })).toEqual([50, 60])
    await journal.close()
  })

  it('is a ring: whatever comes, it holds the newest that its limits allow', async () => {
    const size = JSON.stringify(entry(1_000)).length
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        async (batches, entriesMax, fullSizes) => {
          rmSync(path, { force: true })
          const journal = make({ entriesMax, bytesMax: size * fullSizes })
          let next = 1_000
          for (const count of batches) {
            await journal.append(Array.from({ length: count }, () => entry(next++)))
            const all = Array.from({ length: next - 1_000 }, (_, index) => 1_000 + index)
            const kept = all.slice(-Math.min(entriesMax, fullSizes))
            expect(await times(journal)).toEqual(kept)
            expect(await journal.measures()).toMatchObject({ entries: kept.length })
          }
          await journal.close()
        },
      ),
      { numRuns: 25 },
    )
  })

  it('holds nothing that is larger than all it may hold', async () => {
    const journal = make({ bytesMax: 10 })
    await journal.append([entry(1)])
    expect(await times(journal)).toEqual([])
    expect(await journal.measures()).toMatchObject({ entries: 0, bytes: 0 })
    await journal.close()
  })
})

describe('a journal in a file', () => {
  it('is not made before the first refusal, and is found again', async () => {
    const first = sqliteRefusals(path)
    expect(await first.measures()).toEqual({ entries: 0, bytes: 0, damages: 0 })
    expect(existsSync(path)).toBe(false)
    await first.append([entry(1)])
    await first.close()
    const second = sqliteRefusals(path)
    await second.append([entry(2)])
    expect(await times(second)).toEqual([1, 2])
    await second.close()
  })

  it('shrinks little by little when it is given less room', async () => {
    const wide = sqliteRefusals(path)
    for (let batch = 0; batch < 10; batch += 1)
      await wide.append(Array.from({ length: 100 }, (_, index) => entry(100 * batch + index)))
    await wide.close()
    const narrow = sqliteRefusals(path, { entriesMax: 10 })
    await narrow.append([entry(1_000)])
    const { entries } = await narrow.measures()
    expect(entries).toBeGreaterThan(900)
    for (let at = 1_001; at < 1_020; at += 1) await narrow.append([entry(at)])
    expect(await times(narrow)).toEqual(Array.from({ length: 10 }, (_, index) => 1_010 + index))
    await narrow.close()
  })

  it('stays as large as its ring', async () => {
    const journal = sqliteRefusals(path, { entriesMax: 200 })
    const fill = async () => {
      for (let at = 0; at < 1_000; at += 50) await journal.append(Array.from({ length: 50 }, () => entry(at)))
    }
    await fill()
    await journal.close()
    const before = statSync(path).size
    await fill()
    await journal.close()
    expect(statSync(path).size).toBeLessThanOrEqual(before * 1.25)
  })

  it('that is damaged is moved aside, and begun again', async () => {
    const first = sqliteRefusals(path)
    await first.append(Array.from({ length: 500 }, (_, at) => entry(at)))
    await first.close()
    const damaged = readFileSync(path).fill(0x5a, 100)
    writeFileSync(path, damaged)
    const second = sqliteRefusals(path)
    await expect(second.append([entry(1)])).rejects.toMatchObject({ code: 'failed' })
    await second.append([entry(2)])
    expect(await times(second)).toEqual([2])
    expect(await second.measures()).toMatchObject({ damages: 1 })
    expect(readFileSync(`${path}.damaged`).equals(damaged)).toBe(true)
    await second.close()
  })

  it("leaves a file of somebody else's alone", async () => {
    const own = new Database(path)
    own.exec('create table letters (text); insert into letters values (1)')
    own.close()
    const before = readFileSync(path)
    const journal = sqliteRefusals(path)
    const refused = { code: 'failed', message: expect.stringContaining('no journal of refusals') }
    await expect(journal.append([entry(1)])).rejects.toMatchObject(refused)
    await expect(journal.read({ limit: 1 })).rejects.toMatchObject(refused)
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('waits for nobody who holds the file', async () => {
    const journal = sqliteRefusals(path)
    await journal.append([entry(1)])
    const other = new Database(path)
    other.exec('begin immediate')
    await expect(journal.append([entry(2)])).rejects.toMatchObject({ code: 'failed' })
    other.exec('rollback')
    other.close()
    await journal.append([entry(3)])
    expect(await times(journal)).toEqual([1, 3])
    await journal.close()
  })

  it('that cannot be made loses entries, and is made as soon as it can', async () => {
    mkdirSync(path)
    const journal = sqliteRefusals(path)
    await expect(journal.append([entry(1)])).rejects.toMatchObject({ code: 'failed' })
    rmSync(path, { recursive: true })
    await journal.append([entry(2)])
    expect(await times(journal)).toEqual([2])
    await journal.close()
  })
})

describe('a store', () => {
  it('has its journal beside its file, and in memory where it has none or may not write', async () => {
    const data = join(folder, 'cloud.db')
    const beside = sqlite(data).refusals!({})
    await beside.append([entry(1)])
    expect(existsSync(`${data}.refusals`)).toBe(true)
    await beside.close()
    const database = new Database(':memory:')
    for (const store of [
      sqlite(':memory:'),
      sqlite({ database }),
      sqlite({ path: join(folder, 'b.db'), readOnly: true }),
    ])
      await store.refusals!({}).append([entry(1)])
    expect(existsSync(join(folder, 'b.db.refusals'))).toBe(false)
    expect(existsSync(':memory:.refusals')).toBe(false)
  })
})
