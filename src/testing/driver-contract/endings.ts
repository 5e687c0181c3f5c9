/** How an instance ends, and what goes with it. (spec: stateful-and-deltacloud 3a.5.) */
import {
  bootsFromVolume,
  type Clauses,
  canDestroy,
  canStart,
  canStop,
  firstOf,
  makesRoots,
  repeatsSafely,
  speaksWithGuests,
  unless,
} from './clauses.ts'
import { type Made, newId, rootVolumeOf, type Session } from './session.ts'

const destroysNatively = unless(declared => declared.destroy === 'native', 'it has no destroy of its own')

/** The states from which it can be tried to destroy here, and how an instance gets there. */
const reachable = ({ declared: { stop, suspend, vanishesAfterStop } }: Session) =>
  [
    ['running', true, (session: Session) => session.running()],
    ['stopped', stop === 'preserves' && !vanishesAfterStop, (session: Session) => session.stopped()],
    ['suspended', suspend !== 'none', (session: Session) => session.suspended()],
  ] as const

export const endingClauses: Clauses = [
  {
    title: 'destroys an instance; destroying it again, or one that never was, is done already',
    skip: canDestroy,
    proof: async session => {
      const { id } = await session.running()
      await session.destroy(id)
      session.expect((await session.observe('instance', id)).exists).toBe('no')
      session.expect(await session.countListed('instance', id)).toBe(0)
      session.expect((await session.done('instanceDestroy', id, {})).already).toBe(true)
      session.expect((await session.done('instanceDestroy', newId('i'), {})).already).toBe(true)
    },
  },
  {
    title: 'destroys only by stopping, where it declares that',
    skip: unless(declared => declared.destroy === 'viaStop', 'it has a destroy of its own'),
    proof: async session => {
      const { id } = await session.running()
      await session.refused('instanceDestroy', id, {}, 'unsupported')
      await session.stop(id)
      session.expect((await session.observe('instance', id)).exists).toBe('no')
    },
  },
  {
    title: 'destroys from each state it declares, and from no other',
    skip: destroysNatively,
    proof: async session => {
      for (const [state, isReachable, reach] of reachable(session)) {
        if (!isReachable) continue
        const { id }: Made = await reach(session)
        if (session.declared.destroyFrom.includes(state)) {
          await session.done('instanceDestroy', id, {})
          continue
        }
        await session.refused('instanceDestroy', id, {}, 'precondition')
        session.expect((await session.observe('instance', id)).facts.status).toBe(state)
      }
    },
  },
  {
    title: 'frees the disk that a destroyed instance was given, or deletes it as it declares for all of those',
    skip: firstOf(bootsFromVolume, canDestroy),
    proof: async session => {
      const { id, spec } = await session.running(await session.instanceSpec('volume'))
      const volume = rootVolumeOf(spec)!
      await session.destroy(id, 1, { deleteRoot: true })
      const left = await session.observe('volume', volume)
      if (session.declared.attachmentsOnDestroy !== 'deletes') session.expect(left.exists).toBe('yes')
      session.expect(await session.countListed('attachment', `${id}/${volume}`)).toBe(0)
      // Nothing holds it any more: it can go, or has gone.
      session.expect((await session.done('volumeDelete', volume, {})).already).toBe(left.exists === 'no')
    },
  },
  {
    title: 'deletes or leaves the root that it made with the instance, as it declares and its flags say',
    skip: firstOf(makesRoots, canDestroy),
    proof: async session => {
      const { rootOnDestroy, rootOnStop, destroy } = session.declared
      for (const deleteRoot of [false, true]) {
        const { id, spec } = await session.running()
        await session.destroy(id, 1, { deleteRoot })
        const volume = rootVolumeOf(spec)!
        const { exists } = await session.observe('volume', volume)
        const always = destroy === 'viaStop' ? rootOnStop === 'deletes' : rootOnDestroy === 'deletes'
        const goes = always || (rootOnDestroy === 'byFlag' && deleteRoot)
        session.expect(exists).toBe(goes ? 'no' : 'yes')
        if (session.driver.volumeDelete)
          session.expect((await session.done('volumeDelete', volume, {})).already).toBe(goes)
      }
    },
  },
  {
    title: 'deletes or leaves the root that it made when the instance is off, as it declares',
    skip: firstOf(
      makesRoots,
      unless(declared => declared.stop !== 'none', 'it stops nothing'),
    ),
    proof: async session => {
      const { id, spec } = await session.running()
      await session.stop(id)
      const { exists } = await session.observe('volume', rootVolumeOf(spec)!)
      session.expect(exists).toBe(session.declared.rootOnStop === 'deletes' ? 'no' : 'yes')
    },
  },
  {
    title: 'keeps the same root for an instance that is off, and no fresh copy of its image',
    skip: firstOf(makesRoots, speaksWithGuests, canStop, canStart),
    proof: async session => {
      const { write, read } = session.subject.guests!
      const [made, other] = [await session.running(), await session.running()]
      await write!(made.id, 'mine')
      await session.stop(made.id)
      await session.destroy(other.id)
      await session.start(made, 2)
      session.expect(await read!(made.id)).toBe('mine')
    },
  },
  {
    title: 'cleans up what it made beside an instance, as it declares, and says what is left',
    skip: firstOf(
      canDestroy,
      unless((_, subject) => subject.auxiliary, 'nobody can look at what it makes beside an instance'),
    ),
    proof: async session => {
      const { id } = await session.running({ ...(await session.instanceSpec()), userData: 'hello' })
      const { facts } = await session.destroy(id)
      const left = await session.subject.auxiliary!(id)
      const cleaned: readonly string[] = session.declared.auxiliaryOnDestroy
      session.expect(left.filter(kind => cleaned.includes(kind))).toEqual([])
      session.expect([...((facts.left ?? []) as string[])].sort()).toEqual([...left].sort())
    },
  },
  {
    title: 'does not bring a destroyed instance back when its creation is repeated late',
    skip: firstOf(repeatsSafely, canDestroy),
    proof: async session => {
      const [id, token] = [newId('i'), newId('token')]
      const spec = await session.instanceSpec()
      await session.done('instanceEnsure', id, spec, token)
      if (session.declared.stateAfterCreate === 'stopped') await session.start({ id, spec }, 1)
      await session.destroy(id)
      await session.ask('instanceEnsure', id, spec, token)
      session.expect((await session.observe('instance', id)).exists).toBe('no')
    },
  },
]
