/**
 * Why these tests? A client of the event stream that resumes from before a prune would take silence for quiet. It must be
 * told that the server cannot give it everything, from where on it can, and in which archive the rest is.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { createNativeDoor, type ErrorBody } from '../../../src/doors/native/index.ts'
import { planPrune, sqlite } from '../../../src/index.ts'
import { sha256 as hash } from '../../../src/system/hash.ts'
import { type Cloud, furnish, GiB, openCloud } from '../../replay/cloud.ts'

const token = 'acme-token-0123456789'
let folder: string
let cloud: Cloud
let door: ReturnType<typeof createNativeDoor>
let url: string
let gone: string
let taken: number

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-pruned-'))
  const file = join(folder, 'cloud.db')
  const before = await openCloud(new Database(file))
  await furnish(before)
  gone = (await before.acme.volume.create({ sizeBytes: GiB })).id
  await before.engine.idle()
  await before.acme.volume.delete(gone)
  await before.engine.idle()
  taken = before.engine.health().position
  await before.acme.volume.create({ sizeBytes: GiB })
  await before.engine.idle()
  await before.engine.flush()
  await before.engine.prune()
  await before.engine.close()
  before.database.close()
  const store = sqlite({ path: file, archives: false })
  const opened = await store.open(Object.values(projections))
  const { streams } = await planPrune(store, opened, { kinds, hash, before: Number.MAX_SAFE_INTEGER })
  store.prune({ streams })
  await store.close()
  await rm(join(folder, 'cloud.db.archive-1'))
  cloud = await openCloud(new Database(file), 0, folder)
  door = createNativeDoor({ engine: cloud.engine, tokens: [{ token, account: 'acme' }] })
  url = await door.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await door.close()
  await cloud.engine.close()
  cloud.database.close()
  await rm(folder, { recursive: true })
})

const ask = (path: string, headers = {}) =>
  fetch(url + path, { headers: { authorization: `Bearer ${token}`, ...headers } })

const errorOf = async (response: Response): Promise<ErrorBody> =>
  ((await response.json()) as { error: ErrorBody }).error

describe('the door of a cloud of which an archive is away', () => {
  const pruned = { code: 'pruned', archives: ['cloud.db.archive-1'] }

  it.each([
    ['a stream from the first event on', '/v1/events?after=0', {}],
    ['a stream that is resumed from before', '/v1/events', { 'last-event-id': '1' }],
  ])('refuses %s with the place from which it can be read', async (_, path, headers) => {
    const response = await ask(path, headers)
    expect(response.status).toBe(410)
    const error = await errorOf(response)
    expect(error).toMatchObject({ ...pruned, after: taken })
    // Where the server keeps its files is not for tenants.
    expect(error.message).not.toContain(folder)
  })

  it('streams what comes after that, and what comes from now on', async () => {
    for (const path of [`/v1/events?after=${taken}`, '/v1/events']) {
      const response = await ask(path)
      expect(response.status).toBe(200)
      await response.body!.cancel()
    }
  })

  it('tells a history that is away in no part', async () => {
    for (const part of ['history', 'story', 'steps']) {
      const response = await ask(`/v1/volume/${gone}/${part}`)
      expect(response.status).toBe(410)
      expect(await errorOf(response)).toMatchObject(pruned)
    }
  })
})
