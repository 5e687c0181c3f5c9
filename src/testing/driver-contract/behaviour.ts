/** How calls behave, whatever they are about. */
import { type Clauses, hasVolumes, unless } from './clauses.ts'
import { mebibyte } from './conversation.ts'
import { newId } from './session.ts'

/** More at once are not tried out. */
const atOnceMax = 256

export const behaviourClauses: Clauses = [
  {
    title: 'answers each call within the time it declares',
    proof: async session => {
      const spec = await session.instanceSpec()
      const calls = [
        () => session.once('instanceEnsure', newId('i'), spec, newId('token')),
        () => session.once('instanceDestroy', newId('i'), {}, newId('token')),
        () => session.driver.observe('instance', newId('i'), session.context(newId('token'))),
        () => session.driver.list('instance', undefined, session.context(newId('token'))),
      ]
      for (const call of calls) {
        const began = performance.now()
        await call()
        session.expect(performance.now() - began <= session.declared.limits.callTimeoutMs).toBe(true)
      }
    },
  },
  {
    title: 'bears as many calls at once as it declares',
    proof: async session => {
      const count = Math.min(session.declared.limits.callsInFlightMax, atOnceMax)
      const calls = Array.from({ length: count }, () => session.ask('instanceDestroy', newId('i'), {}))
      const kinds = new Set((await Promise.all(calls)).map(({ kind }) => kind))
      session.expect([...kinds]).toEqual(['done'])
    },
  },
  {
    title: 'never answers with a handle where it declares to answer at once, and has news where it declares news',
    skip: unless(
      declared => Object.values(declared.async).some(how => how !== 'poll'),
      'any of its calls may answer with a handle',
    ),
    proof: async session => {
      const made = await session.running()
      if (session.declared.stop === 'preserves' && session.declared.start !== 'none') {
        await session.stop(made.id)
        await session.start(made, 2)
      }
      if (session.driver.volumeEnsure && hasVolumes(session.declared, session.subject) === undefined)
        await session.done('volumeDelete', await session.volume(), {})
      const { async } = session.declared
      session.expect([...session.pending].filter(call => async[call] === 'sync')).toEqual([])
      if (Object.values(async).includes('callback')) session.expect(typeof session.driver.watch).toBe('function')
    },
  },
  {
    title: 'gives an instance memory in the multiples it declares, and in no others',
    proof: async session => {
      const { memoryMultipleMiB = 1 } = session.declared.limits
      const memory = async (moreMiB: number) => ({
        ...(await session.instanceSpec()),
        memoryBytes: session.memoryBytes + moreMiB * mebibyte,
      })
      await session.done('instanceEnsure', newId('i'), await memory(memoryMultipleMiB))
      if (memoryMultipleMiB > 1) await session.refused('instanceEnsure', newId('i'), await memory(1), 'invalid')
    },
  },
]
