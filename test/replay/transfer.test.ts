/**
 * Why this test? An export is evidence. What was changed, left out or moved in it must be found where it is, what is
 * imported must be what was exported, and what was made anonymous must still behave as the original and name nobody.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import {
  anonymized,
  ExportInvalid,
  exportLines,
  importExport,
  readExport,
  reproduction,
} from '../../src/replay/transfer/index.ts'
import { verifyEvents } from '../../src/replay/verify/index.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { sha256 as hash } from '../../src/system/hash.ts'
import { signatureCheck, signer } from '../../src/system/signing.ts'
import { type Cloud, furnish, GiB, live, logOf, openCloud, rowsOf, step } from './cloud.ts'
import { keys } from './signing-keys.ts'

async function linesOf(cloud: Cloud, asked = {}): Promise<string[]> {
  const lines: string[] = []
  for await (const line of exportLines(cloud.engine.store, asked, hash)) lines.push(line)
  return lines
}

async function told(): Promise<{ cloud: Cloud; id: string; lines: string[] }> {
  const cloud = await openCloud()
  await furnish(cloud)
  const { id: image } = await cloud.acme.image.register({ name: 'golden', sizeBytes: 8 * GiB })
  const { id } = await cloud.acme.instance.launch({ image, type: 'small', name: 'payroll', tags: { owner: 'alice' } })
  await cloud.engine.idle()
  await cloud.acme.instance.stop(id)
  await cloud.engine.idle()
  await cloud.bee.volume.create({ sizeBytes: GiB })
  await cloud.engine.idle()
  return { cloud, id, lines: await linesOf(cloud) }
}

/** A cloud made of an export. */
async function importedFrom(lines: readonly string[]): Promise<Cloud> {
  const database = new Database(':memory:')
  const store = sqlite({ database })
  await store.open(Object.values(projections))
  await importExport(store, await readExport(lines, hash), kinds)
  await store.close()
  return openCloud(database)
}

const refusal = async (lines: readonly string[]): Promise<ExportInvalid> => {
  const error = await readExport(lines, hash).then(
    () => undefined,
    thrown => thrown,
  )
  expect(error).toBeInstanceOf(ExportInvalid)
  return error as ExportInvalid
}

describe('an export', () => {
  it('imported into an empty store is the same cloud, with the same digests', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async script => {
        const cloud = await openCloud()
        await furnish(cloud)
        await live(cloud, script)
        const copy = await importedFrom(await linesOf(cloud))
        expect((await logOf(copy)).slice(0, cloud.engine.health().position)).toEqual(await logOf(cloud))
        expect(await rowsOf(copy.engine)).toEqual(await rowsOf(cloud.engine))
        await copy.engine.close()
        await cloud.engine.close()
      }),
      { numRuns: 15 },
    )
  })

  it('brings back what was open: an ask is called, and what waited for it goes on', async () => {
    const cloud = await openCloud()
    await furnish(cloud)
    cloud.world.failNext('volumeEnsure', 'beforeEffect')
    const { id } = await cloud.acme.volume.create({ sizeBytes: GiB })
    const lines = await linesOf(cloud)
    await cloud.engine.close()
    const copy = await importedFrom(lines)
    expect(await copy.acme.settled(id)).toBe('available')
    await copy.engine.close()
  })

  it('is refused by a store that has events', async () => {
    const { cloud, lines } = await told()
    await expect(importExport(cloud.engine.store, await readExport(lines, hash), kinds)).rejects.toThrow(/empty/)
    await cloud.engine.close()
  })

  it('of an account has its resources whole, and of a resource those it had to do with', async () => {
    const { cloud, id } = await told()
    const bee = await readExport(await linesOf(cloud, { account: 'bee' }), hash)
    expect(bee.events.length).toBeGreaterThan(0)
    for (const { text } of bee.events) expect(JSON.parse(text).account).toBe('bee')
    const one = await readExport(await linesOf(cloud, { resource: id }), hash)
    const { scope } = one.header as unknown as { scope: { resources: string[] } }
    expect(scope.resources.map(each => each.slice(0, 4))).toEqual(['vol-'])
    expect(verifyEvents(one.events, { kinds, hash }).diverged).toBe(0)
    await expect(linesOf(cloud, { resource: 'i-00000000000000000' })).rejects.toThrow(RangeError)
    await cloud.engine.close()
  })
})

describe('what was done to an export is found where it was done', () => {
  it('a changed byte, anywhere in any event', async () => {
    const { cloud, lines } = await told()
    await cloud.engine.close()
    for (let line = 1; line < lines.length - 1; line += 1)
      for (const [was, becomes] of [
        ['"at":1', '"at":2'],
        ['"state":"', '"state":"x'],
        ['"digest":"', '"digest":"A'],
        ['"chain":"', '"chain":"A'],
      ] as const) {
        const changed = lines.with(line, lines[line]!.replace(was, becomes))
        expect(await refusal(changed)).toMatchObject({ line: line + 1, what: expect.stringMatching(/tampered|gap/) })
      }
  })

  it('a line that is gone, twice there, moved, or cut off', async () => {
    const { cloud, lines } = await told()
    await cloud.engine.close()
    for (let line = 1; line < lines.length - 1; line += 1) {
      expect(await refusal(lines.toSpliced(line, 1))).toMatchObject({ line: line + 1, what: 'gap' })
      expect(await refusal(lines.toSpliced(line, 0, lines[line]!))).toMatchObject({ line: line + 2, what: 'order' })
      if (line < lines.length - 2) {
        const swapped = lines.with(line, lines[line + 1]!).with(line + 1, lines[line]!)
        expect((await refusal(swapped)).line).toBeLessThanOrEqual(line + 2)
      }
      expect(await refusal(lines.slice(0, line))).toMatchObject({ what: 'cut' })
    }
  })

  it('a whole stream that is gone, and lines of something else', async () => {
    const { cloud, lines } = await told()
    await cloud.engine.close()
    const last = JSON.parse(lines.at(-2)!).event.resource
    expect((await refusal(lines.filter(line => !line.includes(last)))).what).toBe('gap')
    expect(await refusal(['hello'])).toMatchObject({ line: 1, what: 'format' })
    expect(await refusal([lines[0]!.replace('"format":1', '"format":9')])).toMatchObject({ what: 'format' })
    expect(await refusal([])).toMatchObject({ what: 'format' })
    expect(await refusal([...lines, lines[1]!])).toMatchObject({ what: 'format' })
  })
})

describe('an anonymous export', () => {
  const options = { kinds, hash, salt: 'pepper' }

  it('names nobody, is whole, and behaves as the original', async () => {
    const { cloud, id, lines } = await told()
    const read = await readExport(lines, hash)
    const anonymous = [...anonymized(read, options)]
    const text = anonymous.join('\n')
    for (const name of ['acme', 'bee', 'payroll', 'alice', 'golden', id, 'ops@'])
      expect(text.includes(name), name).toBe(false)
    for (const { resource } of read.events) if (resource.includes('-')) expect(text.includes(resource)).toBe(false)
    const again = await readExport(anonymous, hash)
    expect(verifyEvents(again.events, { kinds, hash })).toMatchObject({ divergences: [], events: read.events.length })
    const turns = (events: typeof read.events) =>
      events.map(({ text }) => JSON.parse(text)).map(({ type, before, state }) => `${type} ${before} ${state}`)
    expect(turns(again.events)).toEqual(turns(read.events))
    expect([...anonymized(read, options)]).toEqual(anonymous)
    expect([...anonymized(read, { ...options, salt: 'other' })]).not.toEqual(anonymous)
    await cloud.engine.close()
  })

  it('of whatever happened runs as it was recorded', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async script => {
        const cloud = await openCloud()
        await furnish(cloud)
        await live(cloud, script)
        const read = await readExport(await linesOf(cloud), hash)
        const again = await readExport(anonymized(read, options), hash)
        expect(verifyEvents(again.events, { kinds, hash })).toMatchObject({ divergences: [] })
        await cloud.engine.close()
      }),
      { numRuns: 8 },
    )
  })
})

describe('a reproduction', () => {
  it('is a test that passes and fails as the history does', async () => {
    const { cloud, lines } = await told()
    await cloud.engine.close()
    const root = resolve(import.meta.dirname, '../..')
    const folder = await mkdtemp(join(tmpdir(), 'stemma-reproduce-'))
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    const { events } = await readExport(lines, hash)
    const changed = events.map(each => ({
      ...each,
      text: each.text.replace('"state":"stopped"', '"state":"running.steady"'),
    }))
    const from = join(root, 'src/index.ts')
    await writeFile(join(folder, 'good.test.ts'), reproduction(events, { hash, from }))
    await writeFile(join(folder, 'bad.test.ts'), reproduction(changed, { hash, from }))
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const run = (file: string) =>
      promisify(execFile)(process.execPath, [vitest, 'run', '--root', folder, file]).then(
        () => 'passed',
        ({ stdout }) => stdout as string,
      )
    expect(await run('good.test.ts')).toBe('passed')
    expect(await run('bad.test.ts')).toContain('comes out as recorded')
    await rm(folder, { recursive: true })
  })
})

describe('an export that is signed', () => {
  it('is read with its key, and refused with another one, changed and chained anew, or unsigned', async () => {
    const { cloud, lines } = await told()
    const signed: string[] = []
    for await (const line of exportLines(cloud.engine.store, {}, hash, signer(keys.own.privateKey))) signed.push(line)
    await cloud.engine.close()
    const [own, other] = [signatureCheck(keys.own.publicKey), signatureCheck(keys.other.publicKey)]
    expect((await readExport(signed, hash, own)).events.length).toBe(signed.length - 2)
    expect((await readExport(signed, hash)).events.length).toBe(signed.length - 2)
    await expect(readExport(signed, hash, other)).rejects.toMatchObject({ what: 'tampered', line: signed.length })
    await expect(readExport(lines, hash, own)).rejects.toThrow('it is not signed')
    // Whoever leaves out the last event and makes the chain anew has the old signature, which is of another chain.
    const { signature } = JSON.parse(signed.at(-1)!) as { signature: string }
    const chain = JSON.parse(signed.at(-3)!).chain as string
    const kept = (await readExport(lines, hash)).events.slice(0, -1)
    const resources = new Set(kept.map(({ resource }) => resource)).size
    const forged = [...signed.slice(0, -2), JSON.stringify({ chain, events: kept.length, resources, signature })]
    expect((await readExport(forged, hash)).events.length).toBe(kept.length)
    await expect(readExport(forged, hash, own)).rejects.toMatchObject({ what: 'tampered' })
  })
})
