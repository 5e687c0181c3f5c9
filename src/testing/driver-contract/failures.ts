import type { Observation } from '../../drivers/driver.ts'
import { type Clauses, failsOnPurpose, firstOf, hasVolumes, reopens, repeatsSafely, unless } from './clauses.ts'
import { newId, type Session } from './session.ts'

/** How often work that was over before its call was repeated is begun anew: a busy computer may be that slow. */
const triesMax = 20

/** Work that was accepted, with the answers to two calls for it while it was being done. */
const askedTwice = async (session: Session) => {
  for (let tries = 0; tries < triesMax; tries++) {
    const [id, token] = [newId('vol'), newId('token')]
    session.subject.fail!('volumeEnsure', 'delay')
    const first = await session.once('volumeEnsure', id, session.volumeSpec(), token)
    if (first.kind !== 'pending') throw new Error(`not pending: ${JSON.stringify(first)}`)
    const second = await session.once('volumeEnsure', id, session.volumeSpec(), token, 2)
    if (second.kind === 'pending') return { id, token, first, second }
    if (second.kind !== 'done') throw new Error(`neither pending nor done: ${JSON.stringify(second)}`)
  }
  throw new Error(`of ${triesMax} times that work was accepted, it was never pending when its call was repeated`)
}

export const failureClauses: Clauses = [
  {
    title: 'settles an answer that was lost after the effect: asked again, it is done already, once',
    skip: firstOf(failsOnPurpose, repeatsSafely),
    proof: async session => {
      const [id, token, spec] = [newId('i'), newId('token'), await session.instanceSpec()]
      session.subject.fail!('instanceEnsure', 'afterEffect')
      session.expect((await session.ask('instanceEnsure', id, spec, token)).kind).toBe('unknown')
      session.expect((await session.observe('instance', id)).exists).toBe('yes')
      session.expect(await session.done('instanceEnsure', id, spec, token)).toMatchObject({ already: true })
      session.expect(await session.countListed('instance', id, token)).toBe(1)
    },
  },
  {
    title: 'has done nothing when it failed before the effect, and does it when asked again',
    skip: firstOf(failsOnPurpose, repeatsSafely),
    proof: async session => {
      const [id, token, spec] = [newId('i'), newId('token'), await session.instanceSpec()]
      session.subject.fail!('instanceEnsure', 'beforeEffect')
      const failed = await session.ask('instanceEnsure', id, spec, token)
      session.expect(['unknown', 'rejected']).toContain(failed.kind)
      session.expect((await session.observe('instance', id)).exists).toBe('no')
      session.expect(await session.done('instanceEnsure', id, spec, token)).toMatchObject({ already: false })
    },
  },
  {
    title: 'gives a handle for long work, and the same one when the call is repeated meanwhile',
    skip: firstOf(failsOnPurpose, hasVolumes, repeatsSafely),
    proof: async session => {
      const { id, token, first, second } = await askedTwice(session)
      session.expect(second.handle).toEqual(first.handle)
      session
        .expect(await session.ended(first, token))
        .toMatchObject({ kind: 'done', facts: { sizeBytes: session.sizeBytes } })
      session.expect(await session.countListed('volume', id, token)).toBe(1)
    },
  },
  {
    title: 'says why work failed that it had accepted, as often as it is asked',
    skip: failsOnPurpose,
    proof: async session => {
      const [id, token, spec] = [newId('i'), newId('token'), await session.instanceSpec()]
      session.subject.fail!('instanceEnsure', 'refusedLater')
      const begun = await session.once('instanceEnsure', id, spec, token)
      session.expect(begun.kind).toBe('pending')
      for (let asked = 0; asked < 3; asked++) {
        const ended = await session.ended(begun, token)
        session.expect(ended.kind).toBe('rejected')
      }
      session.expect((await session.observe('instance', id)).exists).toBe('no')
    },
  },
  {
    title: 'keeps what it answered when it is opened again, and finds it done already',
    skip: firstOf(reopens, hasVolumes, repeatsSafely),
    proof: async session => {
      const [volume, token] = [newId('vol'), newId('token')]
      await session.done('volumeEnsure', volume, session.volumeSpec(), token)
      const { id, spec } = await session.running()
      const before = await session.observe('instance', id)
      session.driver = await session.subject.reopen!()
      const after = await session.observe('instance', id)
      session.expect({ ...after, observedAt: 0 }).toEqual({ ...before, observedAt: 0 })
      session
        .expect(await session.done('volumeEnsure', volume, session.volumeSpec(), token))
        .toMatchObject({ already: true })
      session.expect(await session.countListed('volume', volume, token)).toBe(1)
      for (const device of spec.devices) await session.refused('volumeDelete', device.volume, {}, 'precondition')
    },
  },
  {
    title: 'does not bring back what was deleted before it was opened again',
    skip: firstOf(reopens, hasVolumes),
    proof: async session => {
      const volume = await session.volume()
      await session.done('volumeDelete', volume, {})
      session.driver = await session.subject.reopen!()
      session.expect((await session.observe('volume', volume)).exists).toBe('no')
    },
  },
  {
    title: 'goes on with work that was pending when it is opened again',
    skip: firstOf(reopens, failsOnPurpose, hasVolumes),
    proof: async session => {
      const [id, token] = [newId('vol'), newId('token')]
      session.subject.fail!('volumeEnsure', 'delay')
      const begun = await session.once('volumeEnsure', id, session.volumeSpec(), token)
      session.expect(begun.kind).toBe('pending')
      session.driver = await session.subject.reopen!()
      session.expect((await session.ended(begun, token)).kind).toBe('done')
      session.expect(await session.countListed('volume', id, token)).toBe(1)
    },
  },
  {
    title: 'tells of a guest that ends by itself, by observation and, where it watches, by news',
    skip: unless((_, { guests }) => guests?.end, 'its guests can not be ended from inside'),
    proof: async session => {
      const { id } = await session.running()
      const watching = new AbortController()
      const reader = session.driver.watch?.(watching.signal)[Symbol.asyncIterator]()
      await session.subject.guests!.end!(id)
      const vanishes = session.declared.vanishesAfterStop
      const ended = ({ exists, facts }: Observation) => (vanishes ? exists === 'no' : facts.status === 'stopped')
      session.expect(ended(await session.observe('instance', id))).toBe(true)
      if (reader !== undefined) {
        const { value } = (await reader.next()) as { value: Observation }
        session.expect(value.id).toBe(id)
        session.expect(ended(value)).toBe(true)
        watching.abort()
        session.expect((await reader.next()).done).toBe(true)
      }
    },
  },
]
