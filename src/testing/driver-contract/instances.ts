import { bootsFromVolume, type Clauses, firstOf, repeatsSafely, unless } from './clauses.ts'
import { newId } from './session.ts'

export const instanceClauses: Clauses = [
  {
    title: 'makes an instance in the state it declares, observed and listed with what it answered',
    proof: async session => {
      const id = newId('i')
      const made = await session.done('instanceEnsure', id, await session.instanceSpec())
      const status = session.declared.stateAfterCreate
      session.expect(made).toMatchObject({ already: false, facts: { status, generation: 1 } })
      const seen = await session.observe('instance', id)
      session.expect(seen).toMatchObject({ kind: 'instance', id, exists: 'yes', facts: { status, generation: 1 } })
      session.expect(await session.countListed('instance', id)).toBe(1)
    },
  },
  {
    title: 'finds an instance made already when the call is repeated with its token, and makes no second one',
    skip: repeatsSafely,
    proof: async session => {
      const [id, token] = [newId('i'), newId('token')]
      const spec = await session.instanceSpec()
      await session.done('instanceEnsure', id, spec, token)
      for (let attempt = 2; attempt < 5; attempt++) {
        const again = await session.ended(await session.once('instanceEnsure', id, spec, token, attempt), token)
        session.expect(again).toMatchObject({ kind: 'done', already: true, facts: { generation: 1 } })
      }
      session.expect(await session.countListed('instance', id, token)).toBe(1)
    },
  },
  {
    title: 'refuses the id of an instance with another specification as a conflict',
    skip: unless(declared => declared.idempotency.by === 'id', 'its ids do not identify'),
    proof: async session => {
      const { id, spec } = await session.running()
      await session.refused('instanceEnsure', id, { ...spec, memoryBytes: spec.memoryBytes * 2 }, 'conflict')
      session.expect((await session.observe('instance', id)).facts.status).toBe('running')
    },
  },
  {
    title: 'refuses an instance whose disk does not exist, and makes nothing of it',
    skip: bootsFromVolume,
    proof: async session => {
      const id = newId('i')
      const devices = [{ device: '/dev/vda', volume: newId('vol'), root: true }]
      const spec = { ...(await session.instanceSpec('volume')), devices }
      await session.refused('instanceEnsure', id, spec, 'notFound', 'precondition')
      session.expect((await session.observe('instance', id)).exists).toBe('no')
    },
  },
  {
    title: 'refuses a disk that another instance has',
    skip: firstOf(
      bootsFromVolume,
      unless(declared => !declared.volumeAttach.multiAttach, 'its volumes may have several users'),
    ),
    proof: async session => {
      const { spec } = await session.running(await session.instanceSpec('volume'))
      const second = newId('i')
      await session.refused('instanceEnsure', second, spec, 'precondition')
      session.expect((await session.observe('instance', second)).exists).toBe('no')
    },
  },
]
