/** Guests that are suspended: the same launch, with the disks it has. */
import { type Clauses, canStart, canStop, firstOf, unless } from './clauses.ts'
import { rootVolumeOf } from './session.ts'

const suspended = { want: 'suspended', mode: 'hard', generation: 1 }
const resumed = { want: 'running', mode: 'hard', generation: 1 }
const canSuspend = unless(declared => declared.suspend !== 'none', 'it suspends nothing')
const losesHosts = unless((_, subject) => subject.loseHost, 'nobody can take its hosts away')

export const suspendClauses: Clauses = [
  {
    title: 'suspends a running guest once, and lets it go on once, in the same launch and with the disks it has',
    skip: canSuspend,
    proof: async session => {
      const { id, spec } = await session.running()
      const given = spec.root === undefined ? rootVolumeOf(spec) : undefined
      const connected = async () => given === undefined || session.observe('attachment', `${id}/${given}`)
      for (const [asked, status] of [
        [suspended, 'suspended'],
        [resumed, 'running'],
      ] as const) {
        const facts = { status, generation: 1 }
        session.expect(await session.done('instancePower', id, asked)).toMatchObject({ already: false, facts })
        session.expect(await session.done('instancePower', id, asked)).toMatchObject({ already: true, facts })
        session.expect(await session.observe('instance', id)).toMatchObject({ exists: 'yes', generation: 1, facts })
        const attachment = await connected()
        if (attachment !== true) session.expect(attachment.exists).toBe('yes')
      }
    },
  },
  {
    title: 'suspends nothing that is off',
    skip: firstOf(canSuspend, canStop),
    proof: async session => {
      const { id } = await session.stopped()
      await session.refused('instancePower', id, suspended, 'precondition')
    },
  },
  {
    title: 'turns off a guest that is suspended, and starts its next launch from its disks',
    skip: firstOf(canSuspend, canStop, canStart),
    proof: async session => {
      const made = await session.suspended()
      session.expect(await session.stop(made.id)).toMatchObject({ already: false, facts: { status: 'stopped' } })
      session.expect((await session.observe('instance', made.id)).facts.status).toBe('stopped')
      await session.refused('instancePower', made.id, resumed, 'ended')
      await session.start(made, 2)
      session
        .expect((await session.observe('instance', made.id)).facts)
        .toMatchObject({ status: 'running', generation: 2 })
    },
  },
  {
    title: 'keeps a suspended guest through the loss of its host, or loses it, as it declares',
    skip: firstOf(canSuspend, losesHosts),
    proof: async session => {
      const { id } = await session.suspended()
      await session.subject.loseHost!(id)
      const { exists, facts } = await session.observe('instance', id)
      const isThere = exists === 'yes' && facts.status === 'suspended'
      session.expect(isThere).toBe(session.declared.suspend === 'disk')
      if (isThere) await session.done('instancePower', id, resumed)
    },
  },
  {
    title: 'says so when the memory of a suspended guest is lost, and starts its next launch from its disks',
    skip: firstOf(
      unless(declared => declared.suspend === 'memory', 'what it suspends is on disk, or nowhere'),
      losesHosts,
      canStop,
      canStart,
    ),
    proof: async session => {
      const made = await session.suspended()
      await session.subject.loseHost!(made.id)
      await session.refused('instancePower', made.id, resumed, 'corrupt', 'notFound')
      await session.stop(made.id)
      await session.start(made, 2)
    },
  },
]
