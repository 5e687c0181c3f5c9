import { expect, it } from 'vitest'
import type { SqliteStore } from '../../src/store/sqlite/index.ts'
import { open, rest } from './setting.ts'

it('a reader finds what is there, whenever a rebuild of the view begins', async () => {
  const reading = { begin: (): unknown => undefined }
  const between = (store: SqliteStore) => {
    const rows = store.rows.bind(store)
    const query = store.query.bind(store)
    /** Just before the table is read, somebody else has all the time in the world. */
    const late = async () => {
      reading.begin()
      for (let turn = 0; turn < 20; turn += 1) await rest()
    }
    store.rows = async (...asked) => {
      if (asked[1].length === 1) await late()
      return rows(...asked)
    }
    store.query = async (...asked) => {
      await late()
      return query(...asked)
    }
    return store
  }
  const { engine, acme } = await open({ between })
  const { id } = await acme.lamp.make({ label: 'desk' })
  await engine.flush()
  const rebuilds: Promise<number>[] = []
  const once = () => {
    reading.begin = () => {
      reading.begin = () => {}
      rebuilds.push(engine.rebuild('inventory'))
    }
  }
  once()
  expect(await acme.get(id)).toMatchObject({ id, label: 'desk' })
  once()
  expect((await acme.list('lamp')).items).toHaveLength(1)
  expect(await Promise.all(rebuilds)).toEqual([1, 1])
  await engine.close()
})
