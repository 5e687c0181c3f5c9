import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CommandInput } from '../../src/runtime/request.ts'
import { type Commit, Conflict } from '../../src/store/store.ts'
import { silence } from './bench.ts'
import { contentOf, open, outcomeOf, typesOf } from './setting.ts'
import { wrapped } from './wrapped.ts'

const make = (label: string): CommandInput => ({ kind: 'lamp', command: 'make', input: { label } })
const lock = (id: string, locked: boolean): CommandInput => ({ kind: 'lamp', command: 'lock', id, input: { locked } })
const on = (command: 'light' | 'break', id: string): CommandInput => ({ kind: 'lamp', command, id })

/** An engine whose store refuses every commit that holds an event of a lamp with this label, for as long as told. */
async function poisoned(label: string, failure: () => Error = () => new Error('disk on fire')) {
  const poison = { isOn: true, failures: 0 }
  const holds = ({ events }: Commit) => events.some(({ text }) => text.includes(`"label":"${label}"`))
  const setting = await open({
    between: store =>
      wrapped(store, ({ commit }) => ({
        async commit(each) {
          if (!poison.isOn || !holds(each)) return commit.call(store, each)
          poison.failures += 1
          throw failure()
        },
      })),
  })
  return { ...setting, poison }
}

describe('several commands of one submit', () => {
  it('are accepted together, in order, in one commit', async () => {
    const { engine, acme } = await open()
    const results = await acme.submit([make('one'), make('two'), make('three')])
    expect(results.map(({ position, outcome }) => [position, outcome])).toEqual([
      [1, 'accepted'],
      [2, 'accepted'],
      [3, 'accepted'],
    ])
    expect(await engine.measures()).toMatchObject({ writer_commits: 1 })
  })

  it('leave nothing at all when one of them is refused', async () => {
    const { database, engine, acme, bench } = await open()
    const [one, two] = await acme.submit([make('one'), make('two')])
    await acme.lamp.lock(two!.id, { locked: true })
    await engine.flush()
    const before = contentOf(database)
    const refused = acme.submit([make('three'), on('light', one!.id), on('light', two!.id)], { token: 'all' })
    await expect(refused).rejects.toMatchObject({ code: 'locked', resource: two!.id })
    await engine.flush()
    await engine.idle()
    expect(contentOf(database)).toEqual(before)
    expect(bench.calls).toEqual([])
    expect(await acme.get(one!.id)).toMatchObject({ state: 'dark', version: 1 })
  })

  it('report every id that does not exist together, before anything else', async () => {
    const { acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.lock(id, { locked: true })
    const { error } = await outcomeOf(acme.submit([on('light', 'lamp-1'), on('light', id), on('break', 'lamp-2')]))
    expect(error.code).toBe('notFound')
    expect(error.refusals.map(({ resource, index }: { resource: string; index: number }) => [resource, index])).toEqual(
      [
        ['lamp-1', 0],
        ['lamp-2', 2],
      ],
    )
    expect(error.message).toContain('lamp-1')
    expect(error.message).toContain('lamp-2')
  })

  it('report every refusal, each with its own reasons', async () => {
    const { acme } = await open()
    const [one, two] = await acme.submit([make('one'), make('two')])
    await acme.submit([lock(one!.id, true), on('break', two!.id)])
    await acme.settled(two!.id)
    const { error } = await outcomeOf(acme.submit([on('light', one!.id), on('light', two!.id)]))
    expect(error.refusals).toMatchObject([
      { index: 0, resource: one!.id, state: 'dark', reasons: [{ code: 'locked' }] },
      { index: 1, resource: two!.id, state: 'broken', reasons: [{ code: 'wrongState' }] },
    ])
  })

  it('see what earlier ones wrote, and what was asked and taken back among them is never called', async () => {
    const { acme, bench, rows } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    await expect(acme.submit([lock(id, true), on('light', id)])).rejects.toMatchObject({ code: 'locked' })
    const results = await acme.submit([
      lock(id, true),
      lock(id, false),
      on('light', id),
      on('light', id),
      on('break', id),
    ])
    expect(results.map(({ outcome, state }) => `${outcome} ${state}`)).toEqual([
      'accepted dark',
      'accepted dark',
      'accepted warming',
      'unchanged warming',
      'accepted breaking',
    ])
    expect(await acme.settled(id)).toBe('broken')
    expect(bench.verbs()).toEqual(['instanceDestroy'])
    expect(rows('select * from asks')).toEqual([])
    expect(rows('select * from timers')).toEqual([])
  })

  it('hold the version that was expected against what earlier ones made of it', async () => {
    const { acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    const twice = [
      { ...lock(id, true), expectedVersion: 1 },
      { ...lock(id, false), expectedVersion: 1 },
    ]
    await expect(acme.submit(twice)).rejects.toMatchObject({ code: 'versionMismatch', resource: id })
    await acme.submit([twice[0]!, { ...twice[1]!, expectedVersion: 2 }])
    expect(await acme.get(id)).toMatchObject({ version: 3 })
  })
})

describe('requests that share a transaction', () => {
  it('are accepted and refused each for itself, and a refused one leaves nothing', async () => {
    const { engine, acme, rows } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.lock(id, { locked: true })
    const commits = (await engine.measures()).writer_commits!
    const outcomes = await Promise.all([
      outcomeOf(acme.lamp.make({ label: 'one' })),
      outcomeOf(acme.submit([make('lost'), on('light', id)])),
      outcomeOf(acme.lamp.make({ label: 'two' })),
    ])
    expect(outcomes.map(({ error }) => error?.code)).toEqual([undefined, 'locked', undefined])
    expect(await engine.measures()).toMatchObject({ writer_commits: commits + 1 })
    const labels = rows('select text from events').map(({ text }) => JSON.parse(text as string).data.label)
    expect(labels).toEqual(['desk', undefined, 'one', 'two'])
    expect(outcomes[2]!.value!.position).toBe(4)
  })

  it('see each other in the order they came', async () => {
    const { acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    const [, light, , broken] = await Promise.all([
      outcomeOf(acme.lamp.lock(id, { locked: true })),
      outcomeOf(acme.lamp.light(id)),
      outcomeOf(acme.lamp.lock(id, { locked: false })),
      outcomeOf(acme.lamp.break(id)),
    ])
    expect(light!.error).toMatchObject({ code: 'locked' })
    expect(broken!.value).toMatchObject({ state: 'breaking', version: 4 })
  })

  it('any mix of them leaves a log without gaps, in which every accepted one stands exactly once', async () => {
    const step = fc.record({
      lamp: fc.nat(2),
      does: fc.constantFrom('lock', 'unlock', 'light', 'break'),
      wait: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
        const { acme, bench, rows } = await open({ batchMax: 4 })
        bench.always('instanceEnsure', silence).always('instanceDestroy', silence)
        const made = await acme.submit([make('0'), make('1'), make('2')])
        const asked = []
        for (const { lamp, does, wait } of steps) {
          const { id } = made[lamp]!
          const command = does === 'light' || does === 'break' ? on(does, id) : lock(id, does === 'lock')
          asked.push(outcomeOf(acme.submit([command])))
          if (wait) await asked.at(-1)
        }
        const outcomes = await Promise.all(asked)
        const accepted = outcomes.flatMap(({ value }) => value ?? []).filter(({ outcome }) => outcome === 'accepted')
        const log = rows('select position, resource, version from events order by position')
        expect(log.slice(3)).toEqual(accepted.map(({ position, id, version }) => ({ position, resource: id, version })))
        expect(log.map(({ position }) => position)).toEqual(log.map((_, index) => index + 1))
      }),
      { numRuns: 40 },
    )
  })
})

describe('a commit that fails', () => {
  it('takes only the poisonous request down; the others of its batch succeed', async () => {
    const { engine, acme, poison } = await poisoned('poison')
    const labels = ['one', 'two', 'poison', 'three']
    const outcomes = await Promise.all(labels.map(label => outcomeOf(acme.lamp.make({ label }))))
    expect(outcomes.map(({ error }) => error?.message)).toEqual([undefined, undefined, 'disk on fire', undefined])
    expect(engine.health().position).toBe(3)
    expect(poison.failures).toBe(2)
  })

  it('leaves the memory as if it had never been: the next command on the same resource works', async () => {
    const { engine, acme, bench, rows, poison, clock } = await poisoned('poison')
    const { id } = await acme.lamp.make({ label: 'desk' })
    const submit = () => acme.submit([on('light', id), make('poison')], { token: 'both' })
    await expect(submit()).rejects.toThrow('disk on fire')
    await engine.idle()
    await clock.pass(10_000)
    expect(bench.calls).toEqual([])
    expect(rows('select * from asks')).toEqual([])
    expect(await acme.get(id)).toMatchObject({ state: 'dark', version: 1 })
    expect(await acme.lamp.lock(id, { locked: true })).toMatchObject({ version: 2, position: 2 })
    expect(await acme.lamp.lock(id, { locked: false })).toMatchObject({ version: 3, position: 3 })
    poison.isOn = false
    expect(await submit()).toMatchObject([{ version: 4 }, { outcome: 'accepted' }])
    expect(await acme.settled(id)).toBe('burning')
    expect(await typesOf(acme, id)).toHaveLength(5)
  })

  it('is nothing that listeners, views or subscribers ever hear of', async () => {
    const { engine, acme } = await poisoned('poison')
    const heard: string[] = []
    engine.on('event', event => heard.push(String((event.data as { label?: string }).label)))
    await Promise.all(['one', 'poison', 'two'].map(label => outcomeOf(acme.lamp.make({ label }))))
    expect(heard).toEqual(['one', 'two'])
    const { items } = await acme.list('lamp', { sort: ['label'] })
    expect(items.map(({ label }) => label)).toEqual(['one', 'two'])
  })

  it('loses nothing of a view that was to be written with it', async () => {
    const { acme } = await poisoned('poison')
    for (let n = 0; n < 300; n += 1) await acme.lamp.make({ label: `lamp ${n}` })
    await expect(acme.lamp.make({ label: 'poison' })).rejects.toThrow('disk on fire')
    const { items } = await acme.list('lamp', { limit: 1_000 })
    expect(items).toHaveLength(300)
  })

  it('of a timer or an answer is tried again until it holds', async () => {
    const faults = { left: 3 }
    const { acme, clock, bench } = await open({
      between: store =>
        wrapped(store, ({ commit }) => ({
          async commit(each) {
            if (each.asksClosed.length === 0 || faults.left === 0) return commit.call(store, each)
            faults.left -= 1
            throw new Error('disk on fire')
          },
        })),
    })
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.light(id)
    await clock.pass(60_000)
    expect(await acme.settled(id)).toBe('burning')
    expect(new Set(bench.calls.map(({ token }) => token)).size).toBe(1)
    expect((await typesOf(acme, id)).filter(type => type === 'lamp.lit')).toHaveLength(1)
  })
})

describe('a race lost to another writer', () => {
  const racing = async (key: (commit: Commit) => string) => {
    const race = { left: 0 }
    const setting = await open({
      between: store =>
        wrapped(store, ({ commit }) => ({
          async commit(each) {
            if (race.left === 0) return commit.call(store, each)
            race.left -= 1
            throw new Conflict('version', key(each))
          },
        })),
    })
    return { ...setting, race }
  }
  const first = ({ events: [event] }: Commit) => `${event!.resource}@${event!.version}`

  it('is decided again on what is stored now', async () => {
    const { engine, acme, race } = await racing(first)
    const { id } = await acme.lamp.make({ label: 'desk' })
    race.left = 3
    expect(await acme.lamp.lock(id, { locked: true })).toMatchObject({ outcome: 'accepted', version: 2 })
    expect(await engine.measures()).toMatchObject({ writer_conflicts: 3, position: 2 })
  })

  it('is the answer for who named the version', async () => {
    const { engine, acme, race } = await racing(first)
    const { id } = await acme.lamp.make({ label: 'desk' })
    race.left = 1
    await expect(acme.lamp.lock(id, { locked: true }, { expectedVersion: 1 })).rejects.toBeInstanceOf(Conflict)
    expect(engine.health().position).toBe(1)
    expect(await acme.lamp.lock(id, { locked: true }, { expectedVersion: 1 })).toMatchObject({ version: 2 })
  })

  it('is given up some time, as a fault of the store', async () => {
    const { acme, race } = await racing(first)
    race.left = 100
    await expect(acme.lamp.make({ label: 'desk' })).rejects.toBeInstanceOf(Conflict)
    expect(race.left).toBeGreaterThan(80)
  })
})
