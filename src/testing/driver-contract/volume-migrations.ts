/** Moving a volume to another pool of its provider. */
import {
  bootsFromVolume,
  type Clauses,
  canStart,
  canStop,
  firstOf,
  hasVolumes,
  repeatsSafely,
  speaksWithGuests,
  unless,
} from './clauses.ts'
import { newId, rootVolumeOf, type Session } from './session.ts'
import { Tale } from './tale.ts'

const moves = firstOf(
  hasVolumes,
  unless(({ volume }) => volume.migrate !== 'none', 'it moves no volumes'),
)
/** A volume in the first of two pools. */
const placed = async (session: Session): Promise<string> => {
  const id = newId('vol')
  await session.done('volumeEnsure', id, { ...session.volumeSpec(), pool: session.pools[0] })
  return id
}
const poolOf = async (session: Session, volume: string) => (await session.observe('volume', volume)).facts.pool

export const volumeMigrateClauses: Clauses = [
  {
    title: 'moves a volume that nobody uses to the pool it is told, and shows it there, as large as it was',
    skip: moves,
    proof: async session => {
      const [from, to] = session.pools
      const volume = await placed(session)
      session.expect(await poolOf(session, volume)).toBe(from)
      const moved = await session.done('volumeMigrate', volume, { pool: to })
      session.expect(moved).toMatchObject({ already: false, facts: { pool: to, sizeBytes: session.sizeBytes } })
      session.expect((await session.observe('volume', volume)).facts).toMatchObject(moved.facts)
      session.expect(await session.countListed('volume', volume)).toBe(1)
      session.expect((await session.done('volumeMigrate', volume, { pool: from })).already).toBe(false)
      session.expect(await poolOf(session, volume)).toBe(from)
    },
  },
  {
    title: 'moves a volume once when the call is repeated with its token; one that is there already is done',
    skip: firstOf(moves, repeatsSafely),
    proof: async session => {
      const [volume, token, pool] = [await placed(session), newId('token'), session.pools[1]]
      await session.done('volumeMigrate', volume, { pool }, token)
      const again = await session.ended(await session.once('volumeMigrate', volume, { pool }, token, 2), token)
      session.expect(again).toMatchObject({ kind: 'done', already: true })
      session.expect((await session.done('volumeMigrate', volume, { pool })).already).toBe(true)
      session.expect(await session.countListed('volume', volume)).toBe(1)
    },
  },
  {
    title: 'moves a volume to another pool, beside a running instance only where it declares to',
    skip: firstOf(moves, bootsFromVolume),
    proof: async session => {
      const { id, spec } = await session.running(await session.instanceSpec('volume'))
      const volume = rootVolumeOf(spec)!
      const [, pool] = session.pools
      if (session.declared.volume.migrate === 'online') await session.done('volumeMigrate', volume, { pool })
      else await session.refused('volumeMigrate', volume, { pool }, 'precondition')
      session.expect((await session.observe('instance', id)).facts.status).toBe('running')
    },
  },
  {
    title: 'moves what was written with the volume, and its instance starts with it',
    skip: firstOf(moves, bootsFromVolume, canStop, canStart, speaksWithGuests),
    proof: async session => {
      const tale = await Tale.begin(session)
      const volume = rootVolumeOf(tale.made.spec)
      if (volume === undefined) return
      await tale.write('before')
      await tale.rest()
      await session.done('volumeMigrate', volume, { pool: session.pools[1] })
      session.expect(await tale.read()).toBe('before')
    },
  },
  {
    title: 'moves no volume that is not there, and deletes one wherever it is',
    skip: moves,
    proof: async session => {
      const [, pool] = session.pools
      await session.refused('volumeMigrate', newId('vol'), { pool }, 'notFound')
      const volume = await placed(session)
      await session.done('volumeMigrate', volume, { pool })
      session.expect((await session.done('volumeDelete', volume, {})).already).toBe(false)
      session.expect((await session.observe('volume', volume)).exists).toBe('no')
    },
  },
]
