import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kinds as known } from '../../machines/index.ts'
import { crane } from '../effects/crane.ts'
import { lamp } from './light.ts'
import { contentOf, inventory, openWith, outcomeOf } from './setting.ts'

const open = () => openWith({ kinds: { crane, lamp }, projections: { inventory } })

/** Objects as they come out of JSON: their keys are their own, whatever they are called. */
const fromJson = (text: string) => JSON.parse(text) as Record<string, unknown>
const circular: Record<string, unknown> = { label: 'desk' }
circular.self = circular
const lampId = 'lamp-00000000000000000'
const craneId = 'crane-00000000000000000'

type Wrong = [what: string, command: unknown, code: string, field: string]
const wrongs: Wrong[] = [
  ['an unknown kind', { kind: 'comet', command: 'make' }, 'unknownKind', 'kind'],
  ['a kind that every object has', { kind: 'constructor', command: 'make' }, 'unknownKind', 'kind'],
  ['a kind called __proto__', { kind: '__proto__', command: 'make' }, 'unknownKind', 'kind'],
  ['no kind', { command: 'make' }, 'unknownKind', 'kind'],
  ['a kind that is a number', { kind: 7, command: 'make' }, 'unknownKind', 'kind'],
  ['a kind that is a symbol', { kind: Symbol('lamp'), command: 'make' }, 'unknownKind', 'kind'],
  ['an unknown command', { kind: 'lamp', command: 'explode', id: lampId }, 'unknownCommand', 'command'],
  ['a command that every object has', { kind: 'lamp', command: 'toString', id: lampId }, 'unknownCommand', 'command'],
  ['a command called __proto__', { kind: 'lamp', command: '__proto__', id: lampId }, 'unknownCommand', 'command'],
  ['a command that is an event', { kind: 'lamp', command: 'lit', id: lampId }, 'unknownCommand', 'command'],
  ['a command that is an object', { kind: 'lamp', command: { toString: null } }, 'unknownCommand', 'command'],
  ['no command at all', undefined, 'invalidInput', 'command'],
  ['a command that is null', null, 'invalidInput', 'command'],
  ['a command that is a text', 'lamp.make', 'invalidInput', 'command'],
  ['a missing field', { kind: 'lamp', command: 'make', input: {} }, 'invalidInput', 'label'],
  ['no input where some is needed', { kind: 'lamp', command: 'make' }, 'invalidInput', 'label'],
  ['an unknown field', { kind: 'lamp', command: 'make', input: { label: 'x', colour: 1 } }, 'invalidInput', 'colour'],
  ['a field of another type', { kind: 'lamp', command: 'make', input: { label: 7 } }, 'invalidInput', 'label'],
  ['a null field', { kind: 'lamp', command: 'make', input: { label: null } }, 'invalidInput', 'label'],
  ['a big number', { kind: 'lamp', command: 'make', input: { label: 10n } }, 'invalidInput', 'label'],
  ['a function', { kind: 'lamp', command: 'make', input: { label: () => 'x' } }, 'invalidInput', 'label'],
  ['input that is a function', { kind: 'lamp', command: 'make', input: () => ({ label: 'x' }) }, 'invalidInput', ''],
  ['input that is a list', { kind: 'lamp', command: 'make', input: [{ label: 'x' }] }, 'invalidInput', ''],
  ['input that is a text', { kind: 'lamp', command: 'make', input: 'desk' }, 'invalidInput', ''],
  ['input that goes in circles', { kind: 'lamp', command: 'make', input: circular }, 'invalidInput', 'self'],
  [
    'a key called constructor',
    { kind: 'lamp', command: 'make', input: fromJson('{"label":"x","constructor":{"name":"evil"}}') },
    'invalidInput',
    'constructor',
  ],
  [
    'a key called __proto__',
    { kind: 'lamp', command: 'make', input: fromJson('{"label":"x","__proto__":{"twins":true}}') },
    'invalidInput',
    '__proto__',
  ],
  [
    'a number that is none',
    { kind: 'crane', command: 'lift', id: craneId, input: { loads: Number.NaN } },
    'invalidInput',
    'loads',
  ],
  ['half a load', { kind: 'crane', command: 'lift', id: craneId, input: { loads: 0.5 } }, 'invalidInput', 'loads'],
  ['a negative number', { kind: 'crane', command: 'lift', id: craneId, input: { loads: -1 } }, 'invalidInput', 'loads'],
  [
    'infinity',
    { kind: 'crane', command: 'lift', id: craneId, input: { loads: Number.POSITIVE_INFINITY } },
    'invalidInput',
    'loads',
  ],
  [
    'a number too large to be exact',
    { kind: 'crane', command: 'lift', id: craneId, input: { loads: 2 ** 53 } },
    'invalidInput',
    'loads',
  ],
  [
    'a number in words',
    { kind: 'crane', command: 'lift', id: craneId, input: { loads: '3' } },
    'invalidInput',
    'loads',
  ],
  ['no id', { kind: 'lamp', command: 'light' }, 'invalidInput', 'id'],
  ['an empty id', { kind: 'lamp', command: 'light', id: '' }, 'invalidInput', 'id'],
  ['an id that is an object', { kind: 'lamp', command: 'light', id: { toString: () => lampId } }, 'invalidInput', 'id'],
  ['an id that is a list', { kind: 'lamp', command: 'light', id: [lampId] }, 'invalidInput', 'id'],
  ['an endless id', { kind: 'lamp', command: 'light', id: 'lamp-'.padEnd(257, '0') }, 'invalidInput', 'id'],
  ['an id of another kind', { kind: 'lamp', command: 'light', id: craneId }, 'wrongKind', 'id'],
  ['an id that nobody has', { kind: 'lamp', command: 'light', id: lampId }, 'notFound', ''],
  ['an id like no kind’s', { kind: 'lamp', command: 'light', id: 'comet-1' }, 'notFound', ''],
  ['an id that every object has', { kind: 'lamp', command: 'light', id: '__proto__' }, 'notFound', ''],
  ['an id with a zero in it', { kind: 'lamp', command: 'light', id: 'lamp-\u0000' }, 'notFound', ''],
  ['an id with half a letter', { kind: 'lamp', command: 'light', id: 'lamp-\ud800' }, 'notFound', ''],
  ['an id that tries to be more', { kind: 'lamp', command: 'light', id: `lamp-' or 1=1 --` }, 'notFound', ''],
  [
    'a version that is none',
    { kind: 'lamp', command: 'light', id: lampId, expectedVersion: Number.NaN },
    'invalidInput',
    'expectedVersion',
  ],
  [
    'half a version',
    { kind: 'lamp', command: 'light', id: lampId, expectedVersion: 1.5 },
    'invalidInput',
    'expectedVersion',
  ],
  [
    'a negative version',
    { kind: 'lamp', command: 'light', id: lampId, expectedVersion: -1 },
    'invalidInput',
    'expectedVersion',
  ],
  [
    'a version in words',
    { kind: 'lamp', command: 'light', id: lampId, expectedVersion: '1' },
    'invalidInput',
    'expectedVersion',
  ],
  [
    'a version that is null',
    { kind: 'lamp', command: 'light', id: lampId, expectedVersion: null },
    'invalidInput',
    'expectedVersion',
  ],
]

describe('a command', () => {
  it.each(wrongs)('with %s is answered with a typed error that names the field', async (_, command, code, field) => {
    const { engine, acme, database } = await open()
    const before = contentOf(database)
    const { error } = await outcomeOf(acme.submit([command as never]))
    expect(error).toMatchObject({ name: code === 'notFound' ? 'Refused' : 'InvalidRequest', code })
    expect(error.field ?? '').toBe(field)
    expect(error.message.length).toBeGreaterThan(10)
    expect(engine.health().position).toBe(0)
    await engine.flush()
    expect(contentOf(database)).toEqual(before)
  })

  it('is named in the error of the whole submit, and takes the others down with it', async () => {
    const { engine, acme } = await open()
    const make = { kind: 'lamp', command: 'make', input: { label: 'desk' } }
    for (const [, wrong] of wrongs)
      await expect(acme.submit([make, wrong as never, make])).rejects.toBeInstanceOf(Error)
    expect(engine.health().position).toBe(0)
  })

  it('that names several wrong fields is told of each', async () => {
    const { acme } = await open()
    const { error } = await outcomeOf(acme.lamp.make({ label: 5, twins: 'yes', colour: 'red' } as never))
    expect(error.issues.map(({ field }: { field: string }) => field).sort()).toEqual(['colour', 'label', 'twins'])
  })

  it('of the real kinds with anything at all is a typed error, and never more', async () => {
    const { kinds, projections } = { kinds: known, projections: { inventory } }
    const setting = await openWith({ kinds, projections })
    const operator = setting.engine.as({ account: 'cloud', actor: 'x', authority: 'operator' })
    const names = Object.values(known).flatMap(({ name, commands }) =>
      Object.keys(commands).map(command => ({ kind: name, command })),
    )
    const anything = fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true, withMap: true })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), anything, fc.anything(), async (named, input, id) => {
        const { value, error } = await outcomeOf(operator.submit([{ ...named, id: id as string, input }]))
        if (!value) expect(['InvalidRequest', 'Refused']).toContain(error.name)
      }),
      { numRuns: 400 },
    )
  })

  it('may say anything in a text, and it comes back as it was', async () => {
    const { acme } = await open()
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\u0000', '\ud800', '__proto__', `'`)),
        async label => {
          const { id } = await acme.lamp.make({ label })
          expect((await acme.get(id)).id).toBe(id)
          for await (const { data } of acme.history(id)) expect((data as { label: string }).label).toBe(label)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('a submit', () => {
  const make = { kind: 'lamp', command: 'make', input: { label: 'desk' } }
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'lamp'],
    ['one command without its list', make],
    ['something like a list', { length: 1, 0: make }],
    ['an empty list', []],
  ])('of %s is a bad request', async (_, commands) => {
    const { engine, acme } = await open()
    await expect(acme.submit(commands as never)).rejects.toMatchObject({ code: 'invalidInput', field: 'commands' })
    expect(engine.health().position).toBe(0)
  })

  it('of 10 000 commands is taken, and of one more is too large', async () => {
    const { engine, acme } = await open()
    await expect(acme.submit(Array(10_001).fill(make))).rejects.toMatchObject({ code: 'tooLarge', field: 'commands' })
    expect(engine.health().position).toBe(0)
    expect(await acme.submit(Array(10_000).fill(make))).toHaveLength(10_000)
    expect(engine.health().position).toBe(10_000)
  })

  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(129)],
    ['a number', 7],
    ['null', null],
    ['an object', {}],
  ])('with a token that is %s is a bad request', async (_, token) => {
    const { engine, acme } = await open()
    await expect(acme.submit([make], { token: token as never })).rejects.toMatchObject({
      code: 'invalidInput',
      field: 'token',
    })
    expect(engine.health().position).toBe(0)
  })

  it('to an engine that is full is turned away until there is room', async () => {
    const { engine, acme } = await openWith({ kinds: { lamp }, projections: { inventory }, queueMax: 10 })
    const outcomes = await Promise.all(Array.from({ length: 25 }, () => outcomeOf(acme.lamp.make({ label: 'x' }))))
    const codes = outcomes.map(({ value, error }) => value?.outcome ?? `${error.name} ${error.code}`)
    expect(codes).toEqual([...Array(10).fill('accepted'), ...Array(15).fill('Unavailable overloaded')])
    expect(engine.health().position).toBe(10)
    await expect(acme.lamp.make({ label: 'x' })).resolves.toMatchObject({ outcome: 'accepted' })
  })
})

describe('a principal', () => {
  it.each([
    ['no account', { actor: 'x' }],
    ['an empty account', { account: '', actor: 'x' }],
    ['an account that is a number', { account: 7, actor: 'x' }],
    ['no actor', { account: 'acme' }],
    ['an actor that is an object', { account: 'acme', actor: {} }],
    ['a region that is none', { account: 'acme', actor: 'x', region: 7 }],
  ])('with %s is turned away before anything is decided', async (_, principal) => {
    const { engine } = await open()
    const submit = engine.submit([{ kind: 'lamp', command: 'make', input: { label: 'x' } }], principal as never)
    await expect(submit).rejects.toMatchObject({ name: 'InvalidRequest', code: 'invalidInput' })
    expect(engine.health().position).toBe(0)
  })
})

describe('an id that is none', () => {
  it.each([undefined, null, 7, '', {}, 'x'.repeat(10_000), '__proto__', '\u0000'])('is found nowhere: %j', async id => {
    const { acme } = await open()
    for (const ask of [acme.get(id as never), acme.actions(id as never), acme.settled(id as never)])
      await expect(ask).rejects.toMatchObject({ name: 'Refused', code: 'notFound' })
  })
})
