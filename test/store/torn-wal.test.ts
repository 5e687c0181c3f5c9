/**
 * A file that lost its power: the log beside it is cut, blanked, flipped or repeated at every sector. Whatever is left
 * must open to a prefix of whole commits, or be refused by a clear error. (spec: reliability R7.)
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { StoreError } from '../../src/store/store.ts'
import { commitNumber, picture, views } from './everything.ts'

const SECTOR = 512
const COMMITS = 3

const faults = {
  cut: (wal: Buffer, at: number) => wal.subarray(0, at),
  zero: (wal: Buffer, at: number) => Buffer.from(wal).fill(0, at, Math.min(at + SECTOR, wal.length)),
  flip: (wal: Buffer, at: number) => {
    const flipped = Buffer.from(wal)
    const place = Math.min(at + (((at / SECTOR) * 37) % SECTOR), wal.length - 1)
    flipped[place]! ^= 1 << ((at / SECTOR) % 8)
    return flipped
  },
  duplicate: (wal: Buffer, at: number) =>
    Buffer.concat([wal.subarray(0, at), wal.subarray(Math.max(0, at - SECTOR), at), wal.subarray(at)]),
}

let folder = ''
let base: Buffer
let wal: Buffer
/** What can be read after 0, 1, 2, ... commits, with the watermarks the store opens with. */
const pictures: unknown[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stemma-torn-'))
  const path = join(folder, 'whole.db')
  // The schema is in the file itself; what is torn below are the commits.
  const made = sqlite(path)
  await made.open(views)
  await made.close()
  const store = sqlite(path)
  await store.open(views)
  for (let n = 0; n <= COMMITS; n += 1) {
    if (n > 0) await store.commit(commitNumber(n))
    pictures.push(await picture(store, COMMITS))
  }
  base = readFileSync(path)
  wal = readFileSync(`${path}-wal`)
  await store.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

/** How many commits the image opens to, or the error it is refused by. */
async function opened(image: Buffer): Promise<number | StoreError> {
  const path = join(folder, 'torn.db')
  rmSync(`${path}-shm`, { force: true })
  writeFileSync(path, base)
  writeFileSync(`${path}-wal`, image)
  const store = sqlite(path)
  try {
    const { position, watermarks } = await store.open(views)
    const count = position / 2
    expect(await picture(store, COMMITS)).toEqual(pictures[count])
    expect(new Set(watermarks.values())).toEqual(new Set([position]))
    await store.commit(commitNumber(count + 1))
    return count
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  } finally {
    await store.close()
  }
}

it('opens to a prefix of whole commits wherever its log is torn, and goes on from there', async () => {
  const kinds = Object.keys(faults) as (keyof typeof faults)[]
  const counts = Object.fromEntries(kinds.map(fault => [fault, new Array<number>(COMMITS + 1).fill(0)]))
  const refusals = new Set<string>()
  let images = 0
  for (let at = 0; at < wal.length; at += SECTOR) {
    // Every sector is cut, and suffers one of the others in turn.
    for (const fault of ['cut', kinds[1 + ((at / SECTOR) % (kinds.length - 1))]!] as const) {
      const found = await opened(faults[fault](wal, at))
      images += 1
      if (found instanceof StoreError) refusals.add(`${found.code}: ${found.message}`)
      else counts[fault]![found]! += 1
    }
  }
  for (const refusal of refusals) expect(refusal).toContain('torn.db')
  // Tears late in the log must leave what came before, or the test would prove nothing.
  for (const fault of kinds) expect(counts[fault]!.slice(0, COMMITS).every(count => count > 0)).toBe(true)
  const lines = kinds.map(
    fault => `${fault}: ${counts[fault]!.map((count, n) => `${count} to ${n} commits`).join(', ')}`,
  )
  console.log(
    `R7 torn WAL: ${images} images of ${wal.length} bytes, ${refusals.size} refusals\n  ${lines.join('\n  ')}`,
  )
  expect(images).toBeGreaterThanOrEqual(700)
})
