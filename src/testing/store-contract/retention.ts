import type { EndingRow } from '../../store/store.ts'
import type { Clauses } from './clauses.ts'
import { ending, event, perResource, snapshot } from './samples.ts'
import type { Session } from './session.ts'

const views = [perResource, { ...perResource, name: 'duties' }]
const row = (view: string, id: string) => ({ view, key: id, row: { id } })

/** One event for each of these lives, all of them ended; snapshots, rows of both views and endings complete to the last. */
const ended = async (session: Session, ...endings: readonly EndingRow[]): Promise<void> => {
  await session.open(views)
  await session.commit({ events: endings.map(({ position, resource }) => event(position, resource, 1)) })
  await session.store.writeDerived({
    snapshots: endings.map(({ resource }) => snapshot(resource)),
    endings,
    rows: endings.flatMap(({ resource }) => views.map(({ name }) => row(name, resource))),
    watermark: endings.at(-1)?.position ?? 0,
  })
}
const left = async ({ store }: Session, ids: readonly string[]) => ({
  snapshots: (await store.snapshots(ids)).rows.map(({ resource }) => resource).sort(),
  roster: [...(await store.rows('roster', ids)).keys()].sort(),
  duties: [...(await store.rows('duties', ids)).keys()].sort(),
})
const three = [ending('i-1', 1), ending('i-2', 2), ending('i-3', 3)] as const
const ids = three.map(({ resource }) => resource)

export const retentionClauses: Clauses = [
  {
    title: 'remembers ends by kind, in the order in which they came, and each once',
    proof: async session => {
      await ended(session, ending('i-1', 1), ending('vol-1', 2, 'volume'), ending('i-2', 3))
      const again = [ending('i-1', 1)]
      await session.store.writeDerived({ snapshots: [], endings: again, rows: [], watermark: 3 })
      session.expect(await session.store.endings('instance', 10)).toEqual([ending('i-1', 1), ending('i-2', 3)])
      session.expect(await session.store.endings('instance', 1)).toEqual([ending('i-1', 1)])
      session.expect(await session.store.endings('volume', 10)).toEqual([ending('vol-1', 2, 'volume')])
      session.expect(await session.store.endings('image', 10)).toEqual([])
    },
  },
  {
    title: 'forgets the snapshots and rows of those that are named, and keeps the events',
    proof: async session => {
      await ended(session, ...three)
      await session.store.forget('instance', three.slice(0, 2), ['roster', 'duties'])
      session.expect(await left(session, ids)).toEqual({ snapshots: ['i-3'], roster: ['i-3'], duties: ['i-3'] })
      session.expect(await session.store.endings('instance', 10)).toEqual([three[2]])
      session.expect((await session.store.log(0, 10)).length).toBe(3)
    },
  },
  {
    title: 'leaves other views alone',
    proof: async session => {
      await ended(session, ...three)
      await session.store.forget('instance', three, ['roster'])
      session.expect(await left(session, ids)).toEqual({ snapshots: [], roster: [], duties: ids })
    },
  },
  {
    title: 'leaves the rows of a view that has not come to the end of a life',
    proof: async session => {
      await ended(session, three[0], three[1])
      await session.commit({ events: [event(3, 'i-3', 1)] })
      const rows = [row('roster', 'i-3'), row('duties', 'i-3')]
      const reached = { snapshots: [snapshot('i-3')], endings: [three[2]], rows, watermark: 3 }
      await session.store.writeDerived({ ...reached, views: ['snapshots', 'duties'] })
      await session.store.forget('instance', three, ['roster', 'duties'])
      session.expect(await left(session, ids)).toEqual({ snapshots: [], roster: ['i-3'], duties: [] })
    },
  },
  {
    title: 'knows by kind how far it has forgotten, also when it is opened again',
    proof: async session => {
      await ended(session, ending('i-1', 1), ending('vol-1', 2, 'volume'), ending('i-2', 3))
      session.expect((await session.reopen(views)).horizons).toEqual(new Map())
      await session.store.forget('instance', [ending('i-1', 1)], ['roster'])
      await session.store.forget('instance', [ending('i-2', 3)], ['roster'])
      await session.store.forget('volume', [ending('vol-1', 2, 'volume')], ['roster'])
      const known = new Map([
        ['instance', 3],
        ['volume', 2],
      ])
      session.expect((await session.reopen(views)).horizons).toEqual(known)
    },
  },
  {
    title: 'does nothing at all where one of the views is unknown',
    proof: async session => {
      await ended(session, ...three)
      const refused = await session.store.forget('instance', three, ['roster', 'nothing']).then(
        () => 'accepted',
        error => error.code,
      )
      session.expect(refused).toBe('failed')
      session.expect(await left(session, ids)).toEqual({ snapshots: ids, roster: ids, duties: ids })
      session.expect((await session.reopen(views)).horizons).toEqual(new Map())
    },
  },
]
