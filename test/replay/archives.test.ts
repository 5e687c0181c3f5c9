/**
 * Why these tests? What a prune moved is still true. Whoever reads a history, or everything from a position on, must get
 * all of it or be told where the rest is; and an archive must be found wherever the operator wanted it.
 */
import { mkdirSync, renameSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { planPrune } from '../../src/replay/prune/plan.ts'
import { readStory } from '../../src/replay/story/index.ts'
import { exportLines, readExport } from '../../src/replay/transfer/index.ts'
import { verify } from '../../src/replay/verify/index.ts'
import { type PruneDone, sqlite } from '../../src/store/sqlite/index.ts'
import { Pruned } from '../../src/store/store.ts'
import { sha256 as hash } from '../../src/system/hash.ts'
import { type Cloud, furnish, GiB, logOf, openCloud, pastVolume } from './cloud.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-archives-'))
  mkdirSync(join(folder, 'data'))
  file = join(folder, 'data', 'cloud.db')
})
afterEach(() => rm(folder, { recursive: true }))

/** Opens the file, with the archives that it finds from its folder. */
const open = (path = file): Promise<Cloud> => openCloud(new Database(path), 0, dirname(path))

async function close({ engine, database }: Cloud): Promise<void> {
  await engine.close()
  database.close()
}

async function madeFile() {
  const cloud = await open()
  await furnish(cloud)
  const { gone, left } = await pastVolume(cloud)
  const log = await logOf(cloud)
  await close(cloud)
  return { gone, left, log }
}

/** Prunes whatever may go. */
async function prune(archive?: string): Promise<PruneDone> {
  const store = sqlite({ path: file, archives: false })
  const opened = await store.open(Object.values(projections))
  try {
    const { streams } = await planPrune(store, opened, { kinds, hash, before: Number.MAX_SAFE_INTEGER })
    return store.prune({ streams, archive })
  } finally {
    await store.close()
  }
}

async function heard(cloud: Cloud, after: number): Promise<number[]> {
  const positions: number[] = []
  const end = new AbortController()
  const last = cloud.engine.health().position
  for await (const { position } of cloud.engine.subscribe({ after, signal: end.signal })) {
    positions.push(position)
    if (position === last) end.abort()
  }
  return positions
}

/** What it fails with. */
const failure = (work: Promise<unknown>): Promise<Pruned> =>
  work.then(
    () => Promise.reject(new Error('it did not fail')),
    error => error as Pruned,
  )

async function historyOf({ engine }: Cloud, id: string, from?: number): Promise<number[]> {
  const versions: number[] = []
  for await (const { version } of engine.history(id, from)) versions.push(version)
  return versions
}

describe('a reader of everything', () => {
  it('hears what is in an archive as well, where that is there', async () => {
    const { log } = await madeFile()
    await prune()
    const cloud = await open()
    expect(await heard(cloud, 0)).toEqual(log.map(({ position }) => position))
    await close(cloud)
  })

  it('is told from where on it can be read where the archive is not there, and hears nothing before', async () => {
    const { log, gone } = await madeFile()
    const { archive } = await prune()
    renameSync(archive, join(folder, 'away'))
    const cloud = await open()
    const lastTaken = log.findLast(({ resource }) => resource === gone)!.position
    const error = await failure(heard(cloud, 0))
    expect(error).toBeInstanceOf(Pruned)
    expect(error).toMatchObject({ code: 'pruned', missing: [archive], wholeAfter: lastTaken })
    expect(error.message).toContain(`up to #${lastTaken}, after which all can be read, is in ${archive}`)
    expect(await failure(heard(cloud, lastTaken - 1))).toBeInstanceOf(Pruned)
    // Whoever had seen the last of it goes on as if nothing had been moved.
    const rest = log.map(({ position }) => position).filter(position => position > lastTaken)
    expect(await heard(cloud, lastTaken)).toEqual(rest)
    expect(rest.length).toBeGreaterThan(0)
    await close(cloud)
  })

  it('that has what is after an archive which is away misses nothing of one that is there', async () => {
    await madeFile()
    const first = await prune()
    const cloud = await open()
    const { gone } = await pastVolume(cloud)
    const log = await logOf(cloud)
    await close(cloud)
    await prune()
    renameSync(first.archive, join(folder, 'away'))
    const later = await open()
    const { wholeAfter } = await failure(heard(later, 0))
    expect(wholeAfter).toBeLessThan(log.find(({ resource }) => resource === gone)!.position)
    expect(await heard(later, wholeAfter)).toEqual(
      log.map(({ position }) => position).filter(position => position > wholeAfter),
    )
    await close(later)
  })
})

describe('a history of which the archive is away', () => {
  it('is not told in part, unless what is asked for is here', async () => {
    const cloud = await open()
    await furnish(cloud)
    const { id: image } = await cloud.acme.image.register({ name: 'own', sizeBytes: GiB })
    const { id } = await cloud.acme.instance.launch({ image, type: 'small' })
    await cloud.engine.idle()
    await cloud.acme.instance.terminate(id)
    await cloud.engine.idle()
    await pastVolume(cloud)
    const before = await historyOf(cloud, id)
    await close(cloud)
    const { archive } = await prune()
    renameSync(archive, join(folder, 'away'))
    const later = await open()
    await later.acme.instance.tag(id, { tags: { seen: 'late' } })
    await later.engine.idle()
    const last = before.at(-1)!
    expect(await failure(historyOf(later, id))).toMatchObject({ code: 'pruned', missing: [archive] })
    expect(await failure(historyOf(later, id, last))).toBeInstanceOf(Pruned)
    expect(await historyOf(later, id, last + 1)).toEqual([last + 1])
    expect(await failure(readStory(later.engine, later.acme, id))).toBeInstanceOf(Pruned)
    // Another's is not said to have been moved: nothing is said of it.
    const session = later.bee.history(id)
    await expect(session.next()).rejects.toMatchObject({ code: 'notFound' })
    // In a past too: its row is not made of its last event alone.
    const past = await later.engine.at({ position: later.engine.health().position })
    expect(await past.views.inventory.get(id)).toEqual(await later.engine.views.inventory.get(id))
    await close(later)
  })

  it('is left out of an export and of a verification, and both say so', async () => {
    const { gone, log } = await madeFile()
    const { archive, events } = await prune()
    const whole = await open()
    expect(await verify(whole.engine.store, { kinds, hash })).not.toHaveProperty('without')
    await close(whole)
    renameSync(archive, join(folder, 'away'))
    const cloud = await open()
    const { store } = cloud.engine
    const verdict = await verify(store, { kinds, hash })
    expect(verdict).toMatchObject({ diverged: 0, events: log.length - events, without: [archive] })
    const read = await readExport(exportLines(store, {}, hash), hash)
    expect(read.header).toMatchObject({ scope: { of: 'all' }, without: ['cloud.db.archive-1'] })
    expect(read.events.length).toBe(log.length - events)
    expect(await failure(exportLines(store, { resource: gone }, hash).next())).toBeInstanceOf(Pruned)
    await close(cloud)
  })
})

describe('an archive', () => {
  it('given by a relative path is found from the data file, also when both are moved', async () => {
    const { log } = await madeFile()
    mkdirSync(join(folder, 'old'))
    const { archive } = await prune('../old/of-november')
    expect(archive).toBe(join(folder, 'old', 'of-november'))
    mkdirSync(join(folder, 'elsewhere'))
    renameSync(join(folder, 'data'), join(folder, 'elsewhere', 'data'))
    file = join(folder, 'elsewhere', 'data', 'cloud.db')
    const alone = await open()
    expect(await failure(heard(alone, 0))).toMatchObject({ missing: [join(folder, 'elsewhere', 'old', 'of-november')] })
    await close(alone)
    renameSync(join(folder, 'old'), join(folder, 'elsewhere', 'old'))
    const both = await open()
    expect((await heard(both, 0)).length).toBe(log.length)
    await close(both)
  })

  it('given by an absolute path is found there wherever the data file is, and beside it once that is gone', async () => {
    const { log } = await madeFile()
    mkdirSync(join(folder, 'old'))
    const { archive } = await prune(join(folder, 'old', 'a'))
    mkdirSync(join(folder, 'new'))
    file = join(folder, 'new', 'cloud.db')
    renameSync(join(folder, 'data', 'cloud.db'), file)
    const there = await open()
    expect((await heard(there, 0)).length).toBe(log.length)
    await close(there)
    renameSync(archive, join(folder, 'new', 'a'))
    const beside = await open()
    expect((await heard(beside, 0)).length).toBe(log.length)
    await close(beside)
  })

  it('takes no place that is another one’s, and each is found where it is: three prunes, three folders', async () => {
    const { log } = await madeFile()
    mkdirSync(join(folder, 'old'))
    const first = await prune()
    const live = async () => {
      const cloud = await open()
      await pastVolume(cloud)
      const events = await logOf(cloud)
      await close(cloud)
      return events
    }
    await live()
    // It may have been moved away for good: its place is still its own.
    renameSync(first.archive, join(folder, 'away'))
    expect(await failure(prune('cloud.db.archive-1'))).toMatchObject({
      message: expect.stringContaining('archive 1 belongs'),
    })
    const second = await prune()
    expect(second.archive).toBe(`${file}.archive-2`)
    renameSync(join(folder, 'away'), first.archive)
    const all = await live()
    await prune(join(folder, 'old', 'third'))
    const cloud = await open()
    expect(await logOf(cloud)).toEqual(all)
    expect(all.length).toBeGreaterThan(log.length)
    await close(cloud)
  })
})
