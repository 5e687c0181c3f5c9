/**
 * Why this test? Events are never written again, so whoever reads a log of years meets every shape there ever was. The
 * history here was recorded by the first `note` of test/runtime/note.ts, two shapes ago.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { exportLines, importExport, readExport } from '../../src/replay/transfer/index.ts'
import { verify, verifyEvents } from '../../src/replay/verify/index.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { sha256 as hash } from '../../src/system/hash.ts'
import { firstNote, pages, thirdNote } from '../runtime/note.ts'
import { openWith } from '../runtime/setting.ts'

const recorded = readFileSync(join(import.meta.dirname, '../histories/notes-of-the-first-shape.jsonl'), 'utf8')
const lines = recorded.trim().split('\n')
const kinds = { note: thirdNote }

async function openImported() {
  const database = new Database(':memory:')
  const store = sqlite({ database })
  await store.open([pages])
  const read = await readExport(lines, hash)
  await importExport(store, read, kinds)
  await store.close()
  return { events: read.events, ...(await openWith({ kinds, projections: { pages }, database })) }
}

describe('a history of an older shape', () => {
  it('comes out as recorded under the rules of today, and not where nobody brings it to their shape', async () => {
    const { events } = await readExport(lines, hash)
    expect(events.map(({ text }) => JSON.parse(text))).toMatchObject([
      { data: { words: 'hello' }, schema: 1, rules: 1 },
      { data: { words: 'good night' }, schema: 1, rules: 1 },
      { data: { words: 'so long' }, schema: 1, rules: 1 },
    ])
    expect(verifyEvents(events, { kinds, hash })).toMatchObject({ events: 3, resources: 3, diverged: 0 })
    const spec = { ...thirdNote.events.specs.writeRequested!, upcasts: {} }
    const specs = { ...thirdNote.events.specs, writeRequested: spec }
    const forgetful = { note: { ...thirdNote, events: { ...thirdNote.events, specs } } }
    const { divergences, diverged } = verifyEvents(events, { kinds: forgetful as never, hash })
    expect(diverged).toBe(3)
    expect(divergences[0]).toMatchObject({ differs: 'fault', today: expect.stringContaining('upcast from schema 1') })
  })

  it('is compared as a candidate sees it with what the rules in use remember', async () => {
    const { events } = await readExport(lines, hash)
    const before = { kinds: { note: firstNote }, reference: { note: firstNote }, hash }
    expect(verifyEvents(events, before).diverged).toBe(0)
    const asGerman = (data: unknown) => ({ ...(data as object), language: 'de' })
    const spec = thirdNote.events.specs.writeRequested!
    const writeRequested = { ...spec, upcasts: { ...spec.upcasts, 2: asGerman as never } }
    const specs = { ...thirdNote.events.specs, writeRequested }
    const german = { note: { ...thirdNote, events: { ...thirdNote.events, specs } } }
    // Each sees the data in its own shape.
    const { divergences } = verifyEvents(events, { kinds: german as never, reference: kinds, hash })
    expect(divergences[0]).toMatchObject({ differs: 'context', changes: [{ path: 'language', from: 'en', to: 'de' }] })
  })

  it('is imported, read at any moment, gone on with, and exported again, letter by letter', async () => {
    const { engine, acme, events } = await openImported()
    const textsAt = async (position: number) =>
      (await (await engine.at({ position })).views.pages.list({ sort: ['id'] })).items
        .map(({ text, language }) => `${text} (${language})`)
        .sort()
    expect(await textsAt(0)).toEqual([])
    expect(await textsAt(2)).toEqual(['good night (en)', 'hello (en)'])
    expect(await textsAt(3)).toEqual(['good night (en)', 'hello (en)', 'so long (en)'])
    const again: string[] = []
    for await (const line of exportLines(engine.store, {}, hash)) again.push(line)
    expect(again.slice(1)).toEqual(lines.slice(1))
    // English by the upcast, so it may be read.
    await acme.note.read(events[0]!.resource)
    expect(await engine.store.log(0, 3)).toEqual(events)
    await engine.flush()
    expect(await verify(engine.store, { kinds, hash })).toMatchObject({ events: 4, diverged: 0 })
    await engine.close()
  })
})

describe('a refusal of an older shape', () => {
  it('is decided again on what it would be today, and is told where nothing leads there', async () => {
    const { engine, acme } = await openWith({ kinds: { note: firstNote }, projections: {} })
    const { id } = await acme.note.write({ text: 'hello' })
    await expect(acme.note.rewrite(id, { text: '' })).rejects.toMatchObject({ code: 'empty' })
    await engine.flush()
    const refusals = await engine.refusals()
    expect(refusals[0]!.event).toEqual({ type: 'note.writeRequested', schema: 1, data: { words: '' } })
    const under = (note: object) => verify(engine.store, { kinds: { note } as never, hash, refusals })
    expect(await under(firstNote)).toMatchObject({ refusals: 1, diverged: 0 })
    expect(await under(thirdNote)).toMatchObject({ refusals: 1, diverged: 0 })
    // The upcast is what decides: one that makes something of nothing lets it pass.
    const spec = thirdNote.events.specs.writeRequested!
    const withUpcast = (upcast: (words: string) => object | undefined) => {
      const upcasts = { ...spec.upcasts, 1: (data: { words: string }) => upcast(data.words) }
      const specs = { ...thirdNote.events.specs, writeRequested: { ...spec, upcasts } }
      return { ...thirdNote, events: { ...thirdNote.events, specs } }
    }
    expect((await under(withUpcast(words => ({ text: words || 'nothing' })))).divergences).toMatchObject([
      { resource: id, differs: 'refusal', recorded: ['telling'], today: ['accepted'] },
    ])
    const missing = withUpcast(words => {
      if (words === '') throw new Error('no such shape')
      return { text: words }
    })
    expect((await under(missing)).divergences).toMatchObject([{ resource: id, differs: 'fault' }])
    await engine.close()
  })
})
