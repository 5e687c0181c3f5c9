import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Catalogue } from '../../src/runtime/catalogue.ts'
import { digestOf, GENESIS, verified } from '../../src/runtime/envelope.ts'
import { replay } from '../../src/runtime/replay.ts'
import { fromRow } from '../../src/runtime/snapshot.ts'
import { canonical } from '../../src/store/canonical.ts'
import type { SnapshotRow, StoredEvent } from '../../src/store/store.ts'
import { sha256 } from '../../src/system/hash.ts'
import { alarm } from '../effects/alarm.ts'
import { crane } from '../effects/crane.ts'
import { done, rejected, silence, unknown } from './bench.ts'
import { domino } from './domino.ts'
import { lamp } from './light.ts'
import { firstNote, pages, thirdNote } from './note.ts'
import { copyOf, historyOf, inventory, openWith, outcomeOf, rest } from './setting.ts'

const kinds = { alarm, crane, domino, lamp }
const open = (given = {}) => openWith({ kinds, projections: { inventory }, ...given })
type Setting = Awaited<ReturnType<typeof open>>
const catalogue = new Catalogue(Object.values(kinds))

const doing = [
  { kind: 'lamp', command: 'light' },
  { kind: 'lamp', command: 'break' },
  { kind: 'lamp', command: 'lock', input: { locked: true } },
  { kind: 'lamp', command: 'lock', input: { locked: false } },
  { kind: 'domino', command: 'push' },
  { kind: 'domino', command: 'nudge' },
  { kind: 'domino', command: 'glue' },
  { kind: 'alarm', command: 'arm', input: { which: 'bellDue', afterMs: 300 } },
  { kind: 'alarm', command: 'arm', input: { which: 'lampDue', afterMs: 700 } },
  { kind: 'alarm', command: 'disarm', input: { which: 'lampDue' } },
  { kind: 'alarm', command: 'sleep' },
  { kind: 'alarm', command: 'wake' },
  { kind: 'crane', command: 'lift', input: { loads: 3 } },
]
const answers = { done: () => done({ host: 'h' }), rejected: () => rejected, unknown: () => unknown, silence }
const life = fc.array(
  fc.record({
    does: fc.constantFrom(...doing),
    which: fc.nat(2),
    answer: fc.constantFrom(...(Object.keys(answers) as (keyof typeof answers)[])),
    passMs: fc.constantFrom(0, 0, 100, 900, 70_000),
  }),
  { maxLength: 30 },
)
type Life = typeof life extends fc.Arbitrary<infer L> ? L : never

async function live({ acme, bench, clock }: Setting, script: Life): Promise<void> {
  const ids: Record<string, string[]> = { alarm: [], crane: [], domino: [], lamp: [] }
  for (let n = 0; n < 3; n += 1) {
    ids.alarm!.push((await acme.alarm.setUp({})).id)
    ids.crane!.push((await acme.crane.build({})).id)
    ids.domino!.push((await acme.domino.stand({ next: ids.domino!.slice(-1) })).id)
    ids.lamp!.push((await acme.lamp.make({ label: `lamp ${n}`, twins: n === 0 })).id)
  }
  for (const { does, which, answer, passMs } of script) {
    bench.next('instanceEnsure', answers[answer])
    await outcomeOf(acme.submit([{ ...does, id: ids[does.kind]![which]! }]))
    await (passMs ? clock.pass(passMs) : rest())
  }
  await rest()
}

const resourcesOf = ({ rows }: Setting) =>
  rows('select distinct resource from events').map(({ resource }) => resource as string)

describe('any history, run again', () => {
  it('comes to the snapshots that were kept live, and to the same states and wants at each event', async () => {
    await fc.assert(
      fc.asyncProperty(life, async script => {
        const setting = await open()
        await live(setting, script)
        await setting.engine.flush()
        for (const resource of resourcesOf(setting)) {
          const stream = await setting.engine.store.stream(resource, 1, 10_000)
          const replayed = replay(catalogue.ofId(resource)!, stream, sha256)
          expect(replayed.divergence).toBeUndefined()
          const [row] = setting.rows(`select * from snapshots where resource = '${resource}'`)
          const kept = fromRow(row as unknown as SnapshotRow)
          expect(JSON.parse(JSON.stringify('snapshot' in replayed && replayed.snapshot))).toEqual({ ...kept })
        }
      }),
      { numRuns: 40 },
    )
  })

  it('comes to the same after a crash that lost every snapshot', async () => {
    await fc.assert(
      fc.asyncProperty(life, async script => {
        const setting = await open()
        await live(setting, script)
        const copy = copyOf(setting.database)
        await setting.engine.flush()
        copy.exec(`delete from snapshots; update watermarks set position = 0 where view = 'snapshots'`)
        const after = await open({ database: copy, drivers: { lab: setting.bench.driver }, clock: setting.clock })
        const parsed = ({ rows }: Setting) =>
          rows('select resource, version, rules, text from snapshots order by resource').map(({ text, ...row }) => ({
            ...row,
            ...JSON.parse(text as string),
          }))
        expect(parsed(after)).toEqual(parsed(setting))
      }),
      { numRuns: 25 },
    )
  })

  it('has digests that chain everything that is stored: not one field can change', async () => {
    const setting = await open()
    await live(setting, [
      { does: doing[0]!, which: 1, answer: 'done', passMs: 900 },
      { does: doing[1]!, which: 1, answer: 'done', passMs: 0 },
    ])
    const resource = resourcesOf(setting).find(id => id.startsWith('lamp') && setting.bench.calls[0]!.id === id)!
    const stream = await setting.engine.store.stream(resource, 1, 100)
    expect(stream.length).toBeGreaterThan(4)
    let previous = GENESIS
    for (const stored of stream) {
      expect(stored.digest).toBe(digestOf(previous, stored.text, sha256))
      const envelope = JSON.parse(stored.text) as Record<string, unknown>
      expect(canonical(envelope)).toBe(stored.text)
      for (const field of Object.keys(envelope)) {
        const forged = { ...stored, text: canonical({ ...envelope, [field]: 'forged' }) }
        expect(() => verified(forged, previous, sha256)).toThrow('does not match its digest')
      }
      expect(() => verified(stored, `${previous}x`, sha256)).toThrow('does not match its digest')
      previous = stored.digest
    }
  })

  it('under rules that want something else diverges at the first event that does', async () => {
    const setting = await open()
    const { id } = await setting.acme.lamp.make({ label: 'desk' })
    await setting.acme.lamp.light(id)
    await setting.acme.settled(id)
    const stream = await setting.engine.store.stream(id, 1, 100)
    const { config, implementations } = lamp.machine as unknown as { config: object; implementations: object }
    const changed = structuredClone({ ...config, states: undefined }) as Record<string, unknown>
    const states = (config as { states: Record<string, object> }).states
    changed.states = { ...states, burning: { ...states.burning, entry: [] } }
    const machine = lamp.machine.constructor as never as new (c: object, i: object) => typeof lamp.machine
    const today = new Catalogue([{ ...lamp, machine: new machine(changed, implementations) }]).ofId(id)!
    expect(replay(today, stream as StoredEvent[], sha256).divergence).toMatchObject({
      resource: id,
      version: 3,
      type: 'lamp.lit',
      differs: 'wants',
      today: [{ want: 'disarm' }],
    })
  })
})

describe('data of an older schema', () => {
  const written = async () => {
    const before = await openWith({ kinds: { note: firstNote }, projections: { inventory } })
    const { id } = await before.acme.note.write({ text: 'hello' })
    await before.engine.close()
    return { id, database: before.database }
  }
  const openToday = (database: Awaited<ReturnType<typeof written>>['database']) =>
    openWith({ kinds: { note: thirdNote }, projections: { inventory, pages }, database })

  it('is brought to today’s shape, step by step, before the rules see it', async () => {
    const { id, database } = await written()
    const after = await openToday(database)
    expect(await after.acme.note.read(id)).toMatchObject({ outcome: 'accepted', version: 2 })
    const german = await after.acme.note.write({ text: 'hallo' })
    await expect(after.acme.note.read(german.id)).rejects.toMatchObject({ code: 'foreign' })
    await after.engine.flush()
    const [row] = after.rows(`select text from snapshots where resource = '${id}'`)
    expect(JSON.parse(row!.text as string).context).toMatchObject({ text: 'hello', language: 'en' })
  })

  it('is brought to today’s shape before a view sees it', async () => {
    const { id, database } = await written()
    const after = await openToday(database)
    const german = await after.acme.note.write({ text: 'hallo' })
    const shown = [
      { id, text: 'hello', language: 'en' },
      { id: german.id, text: 'hallo', language: 'de' },
    ]
    expect((await after.engine.views.pages.list({ sort: ['-text'] })).items).toEqual(shown)
    await after.engine.rebuild('pages')
    expect((await after.engine.views.pages.list({ sort: ['-text'] })).items).toEqual(shown)
  })

  it('stays in the log as it was recorded', async () => {
    const { id, database } = await written()
    const after = await openToday(database)
    await after.acme.note.read(id)
    expect(await historyOf(after.acme, id)).toMatchObject([
      { data: { words: 'hello' }, schema: 1, rules: 1 },
      { schema: 1, rules: 2 },
    ])
  })

  it('that nobody can bring to today’s shape sets its resource aside', async () => {
    const { id, database } = await written()
    const spec = { ...thirdNote.events.specs.writeRequested!, upcasts: {} }
    const events = { ...thirdNote.events, specs: { ...thirdNote.events.specs, writeRequested: spec } }
    const after = await openWith({
      kinds: { note: { ...thirdNote, events } as typeof thirdNote },
      projections: { inventory },
      database,
    })
    const { error } = await outcomeOf(after.acme.note.read(id))
    expect(error).toMatchObject({ code: 'contained', resource: id, cause: { code: 'brokenRule' } })
  })
})
