import { type Clauses, canStart, canStop, firstOf, hangsGuests, unless } from './clauses.ts'
import { newId, sleep } from './conversation.ts'
import { rootVolumeOf } from './session.ts'

const start = (generation: number) => ({ want: 'running', mode: 'hard', generation })

export const powerClauses: Clauses = [
  {
    title: 'stops an instance and keeps it; stopping it again is done already',
    skip: canStop,
    proof: async session => {
      const { id, spec } = await session.running()
      session
        .expect(await session.stop(id))
        .toMatchObject({ already: false, facts: { status: 'stopped', generation: 1 } })
      session
        .expect(await session.observe('instance', id))
        .toMatchObject({ exists: 'yes', facts: { status: 'stopped' } })
      session.expect(await session.stop(id)).toMatchObject({ already: true, facts: { status: 'stopped' } })
      const root = rootVolumeOf(spec)
      if (root !== undefined) session.expect((await session.observe('volume', root)).exists).toBe('yes')
    },
  },
  {
    title: 'removes an instance by stopping it, where it declares that',
    skip: unless(declared => declared.stop === 'destroys', 'stopping does not destroy'),
    proof: async session => {
      const { id } = await session.running()
      await session.stop(id)
      session.expect((await session.observe('instance', id)).exists).toBe('no')
      session.expect(await session.stop(id)).toMatchObject({ already: true })
    },
  },
  {
    title: 'stops gracefully and hard where it declares each style',
    skip: canStop,
    proof: async session => {
      const { stopStyles, graceful } = session.declared
      const able = { graceful: stopStyles.includes('acpi') && graceful !== 'none', hard: stopStyles.includes('hard') }
      for (const mode of ['graceful', 'hard'] as const) {
        const { id } = await session.running()
        const off = { want: 'off', mode, generation: 1 }
        if (able[mode]) await session.done('instancePower', id, off)
        else await session.refused('instancePower', id, off, 'unsupported')
      }
    },
  },
  {
    title: 'says why it holds a guest that finds no room to write, and lets it go on in its launch when there is',
    skip: unless((_, subject) => subject.stall, 'nobody can fill its disks'),
    proof: async session => {
      const { id } = await session.running()
      const makeRoom = await session.subject.stall!(id)
      const held = { status: 'paused', generation: 1, pauseReason: 'io-error' }
      const { facts } = await session.observe('instance', id)
      session.expect(facts).toMatchObject(held)
      session.expect(typeof facts.pauseMessage).toBe('string')
      const canGoOn = session.declared.start !== 'none' || session.declared.suspend !== 'none'
      if (canGoOn) await session.refused('instancePower', id, start(1), 'exhausted')
      session.expect((await session.observe('instance', id)).facts).toMatchObject(held)
      await makeRoom()
      if (!canGoOn) return
      const going = { status: 'running', generation: 1 }
      session.expect(await session.done('instancePower', id, start(1))).toMatchObject({ facts: going })
      const after = (await session.observe('instance', id)).facts
      session.expect(after).toMatchObject(going)
      session.expect(after.pauseReason === undefined).toBe(true)
    },
  },
  {
    title: 'starts the next launch of a stopped instance, once',
    skip: firstOf(canStop, canStart),
    proof: async session => {
      const { id, spec } = await session.stopped()
      const next = { ...start(2), devices: spec.devices }
      const facts = { status: 'running', generation: 2 }
      session.expect(await session.done('instancePower', id, next)).toMatchObject({ already: false, facts })
      session.expect(await session.done('instancePower', id, next)).toMatchObject({ already: true, facts })
      session.expect(await session.observe('instance', id)).toMatchObject({ generation: 2, facts })
    },
  },
  {
    title: 'shows what a guest has written, and nothing of an instance it does not know',
    skip: unless(declared => declared.consoleOutput, 'it keeps no console output'),
    proof: async session => {
      const { id } = await session.running()
      const read = (instance: string) => session.driver.consoleOutput!(instance, session.context(newId('token')))
      const shown = await read(id)
      session.expect(typeof shown?.outputBase64).toBe('string')
      session.expect(Number.isSafeInteger(shown?.at)).toBe(true)
      session.expect(await read(newId('i'))).toBe(undefined)
    },
  },
  {
    title: 'refuses what belongs to an older launch, and lets the newer one run',
    skip: firstOf(canStop, canStart),
    proof: async session => {
      const { id } = await session.stopped()
      await session.done('instancePower', id, start(2))
      const mode = session.declared.stopStyles.includes('hard') ? 'hard' : 'graceful'
      await session.refused('instancePower', id, { want: 'off', mode, generation: 1 }, 'precondition')
      await session.refused('instancePower', id, start(1), 'precondition')
      session.expect((await session.observe('instance', id)).facts).toMatchObject({ status: 'running', generation: 2 })
    },
  },
  {
    title: 'does not begin a launch again that has ended',
    skip: firstOf(canStop, canStart),
    proof: async session => {
      const { id } = await session.stopped()
      await session.refused('instancePower', id, start(1), 'ended')
      session.expect((await session.observe('instance', id)).facts.status).toBe('stopped')
    },
  },
  {
    title: 'refuses to start an instance that does not exist',
    skip: canStart,
    proof: session => session.refused('instancePower', newId('i'), start(1), 'notFound'),
  },
  {
    title: 'refuses the power states it does not declare',
    skip: unless((_, { driver }) => driver.instancePower, 'it has no power call'),
    proof: async session => {
      const { suspend, pause } = session.declared
      for (const [want, able] of [
        ['suspended', suspend !== 'none'],
        ['paused', pause],
      ] as const) {
        const { id } = await session.running()
        const asked = { want, mode: 'hard', generation: 1 }
        if (!able) {
          await session.refused('instancePower', id, asked, 'unsupported')
          continue
        }
        await session.done('instancePower', id, asked)
        session.expect((await session.observe('instance', id)).facts.status).toBe(want)
        await session.done('instancePower', id, start(1))
        session.expect((await session.observe('instance', id)).facts.status).toBe('running')
      }
    },
  },
  {
    title: 'tells of a guest that does not turn off when it is asked to, and turns it off when it is not asked',
    skip: firstOf(
      canStop,
      hangsGuests,
      unless(
        ({ stopStyles, graceful }) => stopStyles.includes('acpi') && graceful !== 'none',
        'it asks no guest to turn off',
      ),
    ),
    proof: async session => {
      const { id } = await session.running()
      await session.subject.guests!.hang!(id)
      const asked = await session.once(
        'instancePower',
        id,
        { want: 'off', mode: 'graceful', generation: 1 },
        newId('token'),
      )
      const said = asked.kind === 'rejected' ? asked.error.code : asked.kind
      if (session.declared.graceful === 'reported') session.expect(said).toBe('guestRefused')
      else session.expect(['pending', 'unknown']).toContain(said)
      session.expect((await session.observe('instance', id)).facts.status).toBe('running')
      if (session.declared.stopStyles.includes('hard')) await session.stop(id)
    },
  },
  {
    title: 'starts and stops within the times after which either is taken for failed',
    skip: firstOf(canStop, canStart),
    proof: async session => {
      const { startRetryAfterMs, stopRetryAfterMs } = session.declared.settle
      const made = await session.running()
      const times = [performance.now()]
      await session.stop(made.id)
      times.push(performance.now())
      await session.start(made, 2)
      times.push(performance.now())
      session.expect(times[1]! - times[0]! <= stopRetryAfterMs).toBe(true)
      session.expect(times[2]! - times[1]! <= startRetryAfterMs).toBe(true)
    },
  },
  {
    title: 'shows no instance as missing for longer than it declares, whatever was done to it',
    skip: firstOf(canStop, canStart),
    proof: async session => {
      const { missingGraceMs } = session.declared.settle
      const shown = async (id: string) => {
        const until = Date.now() + missingGraceMs
        for (;;) {
          // The last look begins when the time is over, whoever was held up before.
          const isLast = Date.now() >= until
          const { exists } = await session.observe('instance', id)
          if (exists !== 'yes' && !isLast) await sleep(Math.min(missingGraceMs, 20))
          else return session.expect(exists).toBe('yes')
        }
      }
      const made = await session.running()
      await shown(made.id)
      await session.stop(made.id)
      await shown(made.id)
      await session.start(made, 2)
      await shown(made.id)
    },
  },
  {
    title: 'resets a running guest, once for one token, and stays in the same launch',
    skip: unless(declared => declared.reboot !== 'none', 'it does not reboot'),
    proof: async session => {
      const { id } = await session.running()
      const token = newId('token')
      session.expect((await session.done('instanceReset', id, { generation: 1 }, token)).already).toBe(false)
      session.expect((await session.done('instanceReset', id, { generation: 1 }, token)).already).toBe(true)
      session.expect((await session.observe('instance', id)).facts).toMatchObject({ status: 'running', generation: 1 })
    },
  },
  {
    title: 'refuses to reset a stopped guest',
    skip: firstOf(
      canStop,
      unless(declared => declared.reboot !== 'none', 'it does not reboot'),
    ),
    proof: async session => {
      const { id } = await session.stopped()
      await session.refused('instanceReset', id, { generation: 1 }, 'precondition')
    },
  },
]
