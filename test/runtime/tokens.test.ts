import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentOf, copyOf, open, outcomeOf, typesOf } from './setting.ts'

/** The same object with its keys in another order, at every depth. */
const shuffled = (value: unknown, order: (keys: string[]) => string[]): unknown => {
  if (Array.isArray(value)) return value.map(each => shuffled(each, order))
  if (typeof value !== 'object' || value === null) return value
  const record = value as Record<string, unknown>
  return Object.fromEntries(order(Object.keys(record)).map(key => [key, shuffled(record[key], order)]))
}

describe('a token', () => {
  it('answers the same request again without doing it again', async () => {
    const { engine, acme } = await open()
    const first = await acme.lamp.make({ label: 'desk' }, { token: 'one' })
    const again = await acme.lamp.make({ label: 'desk' }, { token: 'one' })
    expect(again).toEqual(first)
    expect(engine.health().position).toBe(1)
  })

  it('is remembered by the next engine, also after a crash', async () => {
    const before = await open()
    const first = await before.acme.lamp.make({ label: 'desk' }, { token: 'one' })
    const crashed = await open({ database: copyOf(before.database) })
    expect(await crashed.acme.lamp.make({ label: 'desk' }, { token: 'one' })).toEqual(first)
    await before.engine.close()
    const restarted = await open({ database: before.database })
    expect(await restarted.acme.lamp.make({ label: 'desk' }, { token: 'one' })).toEqual(first)
    expect(restarted.engine.health().position).toBe(1)
  })

  it('refuses another request, and says that the token is the trouble', async () => {
    const { engine, acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' }, { token: 'one' })
    const other = { code: 'tokenReused', field: 'token' }
    await expect(acme.lamp.make({ label: 'shelf' }, { token: 'one' })).rejects.toMatchObject(other)
    await expect(acme.lamp.light(id, {}, { token: 'one' })).rejects.toMatchObject(other)
    const twice = [
      { kind: 'lamp', command: 'make', input: { label: 'desk' } },
      { kind: 'lamp', command: 'make', input: { label: 'desk' } },
    ]
    await expect(acme.submit(twice, { token: 'one' })).rejects.toMatchObject(other)
    expect(engine.health().position).toBe(1)
  })

  it('counts the version that was expected as part of the request', async () => {
    const { acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.lock(id, { locked: true }, { token: 'one', expectedVersion: 1 })
    await expect(acme.lamp.lock(id, { locked: true }, { token: 'one', expectedVersion: 2 })).rejects.toMatchObject({
      code: 'tokenReused',
    })
  })

  it('does not care in which order the keys of the request are written', async () => {
    const { engine, acme } = await open()
    const command = { kind: 'lamp', command: 'make', input: { label: 'desk', twins: false } }
    const first = await acme.submit([command], { token: 'one' })
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(['kind', 'command', 'input'], { minLength: 3 }),
        fc.boolean(),
        async (keys, turn) => {
          const order = (own: string[]) => (own.includes('kind') ? keys : turn ? [...own].reverse() : own)
          const same = shuffled(command, order) as typeof command
          expect(await acme.submit([same], { token: 'one' })).toEqual(first)
        },
      ),
      { numRuns: 20 },
    )
    expect(engine.health().position).toBe(1)
  })

  it('lets a second request that comes meanwhile wait for the first: one event, one answer', async () => {
    const { engine, acme } = await open()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => acme.lamp.make({ label: 'desk' }, { token: 'one' })),
    )
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
    expect(engine.health().position).toBe(1)
  })

  it('refuses another request that comes meanwhile', async () => {
    const { acme } = await open()
    const first = acme.lamp.make({ label: 'desk' }, { token: 'one' })
    await expect(acme.lamp.make({ label: 'shelf' }, { token: 'one' })).rejects.toMatchObject({ code: 'tokenReused' })
    await expect(first).resolves.toMatchObject({ outcome: 'accepted' })
  })

  it('answers the same request again while another one with its token is being refused', async () => {
    const { acme } = await open()
    const first = await acme.lamp.make({ label: 'desk' }, { token: 'one' })
    const other = outcomeOf(acme.lamp.make({ label: 'shelf' }, { token: 'one' }))
    const again = acme.lamp.make({ label: 'desk' }, { token: 'one' })
    expect((await other).error).toMatchObject({ code: 'tokenReused' })
    expect(await again).toEqual(first)
  })

  it('belongs to its account, whatever the names of accounts and tokens', async () => {
    const { engine } = await open()
    const make = (account: string, token: string) =>
      engine.as({ account, actor: 'someone' }).lamp.make({ label: 'desk' }, { token })
    const [one, other] = await Promise.all([make('a', 'b c'), make('a b', 'c')])
    expect(one.id).not.toBe(other.id)
    expect((await make('a', 'b c')).id).toBe(one.id)
    expect((await make('a b', 'c')).id).toBe(other.id)
  })

  it('is not spent by a refusal: the request may be made again when it can succeed', async () => {
    const { database, acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.lock(id, { locked: true })
    const tokens = contentOf(database, 'tokens')
    const refused = await Promise.all([1, 2].map(() => outcomeOf(acme.lamp.light(id, {}, { token: 'one' }))))
    expect(refused.map(({ error }) => error.code)).toEqual(['locked', 'locked'])
    expect(contentOf(database, 'tokens')).toEqual(tokens)
    await acme.lamp.lock(id, { locked: false })
    await expect(acme.lamp.light(id, {}, { token: 'one' })).resolves.toMatchObject({ outcome: 'accepted' })
  })

  it('remembers that nothing had to be done', async () => {
    const { engine, acme, bench } = await open()
    bench.always('instanceEnsure', () => new Promise(() => {}))
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.light(id)
    const unchanged = await acme.lamp.light(id, {}, { token: 'one' })
    expect(unchanged).toMatchObject({ outcome: 'unchanged', position: 0, state: 'warming' })
    await acme.lamp.break(id)
    await acme.settled(id)
    const position = engine.health().position
    expect(await acme.lamp.light(id, {}, { token: 'one' })).toEqual(unchanged)
    expect(engine.health().position).toBe(position)
  })

  it('is not spent by a dry run', async () => {
    const { engine, acme } = await open()
    await acme.lamp.make({ label: 'desk' }, { token: 'one', dryRun: true })
    expect(engine.health().position).toBe(0)
    const { id } = await acme.lamp.make({ label: 'shelf' }, { token: 'one' })
    expect(await typesOf(acme, id)).toEqual(['lamp.makeRequested'])
  })

  it('stands in the history of the event that it made, and only there', async () => {
    const { engine, acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' }, { token: 'one' })
    await acme.lamp.light(id)
    await acme.settled(id)
    const tokens = []
    for await (const { token } of engine.history(id)) tokens.push(token)
    expect(tokens).toEqual(['one', undefined, undefined])
  })

  it('is kept for its retention to the millisecond, and pruned after', async () => {
    const { engine, acme, clock } = await open({ tokenRetentionMs: 1_000 })
    await acme.lamp.make({ label: 'desk' }, { token: 'old' })
    await clock.pass(600)
    const { id } = await acme.lamp.make({ label: 'shelf' }, { token: 'young' })
    await clock.pass(400)
    expect(await engine.prune()).toBe(0)
    await clock.pass(1)
    expect(await engine.prune()).toBe(1)
    expect((await acme.lamp.make({ label: 'shelf' }, { token: 'young' })).id).toBe(id)
    expect((await acme.lamp.make({ label: 'other' }, { token: 'old' })).outcome).toBe('accepted')
  })

  it('prunes any number of them', async () => {
    const { engine, acme, clock } = await open({ tokenRetentionMs: 1_000 })
    const { id } = await acme.lamp.make({ label: 'desk' })
    const lock = (n: number) => acme.lamp.lock(id, { locked: false }, { token: `token ${n}` })
    await Promise.all(Array.from({ length: 1_203 }, (_, n) => lock(n)))
    await clock.pass(1_001)
    expect(await engine.prune()).toBe(1_203)
    expect(await engine.prune()).toBe(0)
  })
})
