/**
 * Why this test? A checkpoint saves the folding of a whole log, so a wrong one would change every answer about the past.
 * The file may be damaged, stale or another log's in every way here: it is used as it was written, or not at all.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { sqliteCheckpoints } from '../../src/store/sqlite/checkpoints.ts'

const folder = mkdtempSync(join(tmpdir(), 'stemma-checkpoints-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'cloud.db.past')
beforeEach(() => rmSync(path, { force: true }))

const pause = async () => {}
const head = (view: string, position: number) => ({ view, position, basis: 'rules 1', lineage: `log ${position}` })
const lists = [[['row', 'a', { x: 1 }]], [['row', 'b', { x: 'ä' }], 7]]
const positionsOf = (view: string, limits = {}) =>
  sqliteCheckpoints(path, limits)
    .heads(view)
    .map(({ position }) => position)

describe('a file of checkpoints', () => {
  it('is made when it is first needed, and gives back what was kept', async () => {
    expect(positionsOf('inventory', { readOnly: true })).toEqual([])
    expect(existsSync(path)).toBe(false)
    await sqliteCheckpoints(path).write(head('inventory', 9), lists, pause)
    expect(sqliteCheckpoints(path).read(head('inventory', 9))).toEqual(lists.flat())
    expect(sqliteCheckpoints(path, { readOnly: true }).heads('inventory')).toMatchObject([head('inventory', 9)])
    expect(sqliteCheckpoints(path).read({ ...head('inventory', 9), basis: 'rules 2' })).toBeUndefined()
    expect(sqliteCheckpoints(path).read({ ...head('inventory', 9), lineage: 'another' })).toBeUndefined()
    expect(sqliteCheckpoints(path).read(head('usage', 9))).toBeUndefined()
    await sqliteCheckpoints(path).write(head('inventory', 9), [], pause)
    expect(sqliteCheckpoints(path).read(head('inventory', 9))).toEqual([])
    sqliteCheckpoints(path).remove(head('inventory', 9))
    expect(positionsOf('inventory')).toEqual([])
  })

  it('drops the one that is nearest to the one before it when there are too many, and never the new one', async () => {
    for (const position of [100, 200, 290, 400])
      await sqliteCheckpoints(path, { perView: 3 }).write(head('inventory', position), lists, pause)
    expect(positionsOf('inventory')).toEqual([100, 200, 400])
    await sqliteCheckpoints(path, { perView: 3 }).write(head('inventory', 401), lists, pause)
    expect(positionsOf('inventory')).toContain(401)
    await sqliteCheckpoints(path, { bytesMax: 1 }).write(head('usage', 5), lists, pause)
    expect([positionsOf('inventory'), positionsOf('usage')]).toEqual([[], [5]])
  })

  it('is used whole or not at all, whatever was done to its bytes', async () => {
    const many = Array.from({ length: 20 }, (_, list) => [['row', `i-${list}`, { note: 'x'.repeat(200), list }]])
    await sqliteCheckpoints(path).write(head('inventory', 9), many, pause)
    const sound = readFileSync(path)
    let refused = 0
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const damaged = Buffer.from(sound)
        damaged[place]! ^= change
        writeFileSync(path, damaged)
        const file = sqliteCheckpoints(path)
        const [found] = file.heads('inventory')
        const read = found && file.read(found)
        if (read === undefined) refused += 1
        else expect([found, read]).toMatchObject([head('inventory', 9), many.flat()])
      }),
      { numRuns: 300 },
    )
    expect(refused).toBeGreaterThan(0)
  })

  it('is begun again where it is no database, and costs nothing where it cannot be made', async () => {
    writeFileSync(path, 'this was never a database, whatever its name says')
    expect(positionsOf('inventory')).toEqual([])
    await sqliteCheckpoints(path).write(head('inventory', 9), lists, pause)
    expect(positionsOf('inventory')).toEqual([9])
    const nowhere = sqliteCheckpoints(join(folder, 'none', 'cloud.db.past'))
    await nowhere.write(head('inventory', 9), lists, pause)
    expect(nowhere.heads('inventory')).toEqual([])
  })
})
