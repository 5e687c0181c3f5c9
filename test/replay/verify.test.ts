/**
 * Why this test? Rules are tried on the histories of production before they ship: a difference that verification does not
 * see is seen by users. Each sort of difference is planted here, and must be named at its first event.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assign, createMachine } from 'xstate'
import { kinds } from '../../machines/index.ts'
import { differences } from '../../src/replay/differences.ts'
import { verify } from '../../src/replay/verify/index.ts'
import { same } from '../../src/replay/verify/same.ts'
import { canonical } from '../../src/store/canonical.ts'
import { sha256 as hash } from '../../src/system/hash.ts'
import { type Cloud, furnish, GiB, live, logOf, openCloud, step } from './cloud.ts'

// biome-ignore lint/suspicious/noExplicitAny: machines are changed as data here
type Loose = any

/** The kinds with the volume's machine changed in its config. */
function withVolume(change: (config: Loose) => Loose, more: object = {}) {
  const { machine, ...rest } = kinds.volume
  const changed = createMachine(change(machine.config), machine.implementations as never)
  return { ...kinds, volume: { ...rest, ...more, machine: changed as never } }
}
const onState = (state: string, on: (was: Loose) => Loose) => (config: Loose) => ({
  ...config,
  states: { ...config.states, [state]: { ...config.states[state], on: on(config.states[state].on) } },
})

async function recorded(): Promise<{ cloud: Cloud; id: string }> {
  const cloud = await openCloud()
  await furnish(cloud)
  const { id } = await cloud.acme.volume.create({ sizeBytes: GiB })
  await cloud.engine.idle()
  await expect(cloud.acme.volume.detach(id)).rejects.toMatchObject({ name: 'Refused' })
  await cloud.acme.volume.tag(id, { tags: { stage: 'test' } })
  await cloud.acme.volume.delete(id)
  await cloud.engine.idle()
  await cloud.engine.flush()
  return { cloud, id }
}
const refusalsOf = (cloud: Cloud) => cloud.engine.refusals({ limit: 1_000 })

describe('a history under the rules it was recorded with', () => {
  it('comes out as recorded, whatever happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async script => {
        const cloud = await openCloud()
        await furnish(cloud)
        await live(cloud, script)
        await cloud.engine.flush()
        const refusals = await refusalsOf(cloud)
        const verdict = await verify(cloud.engine.store, { kinds, hash, refusals })
        expect(verdict).toMatchObject({ divergences: [], diverged: 0, events: (await logOf(cloud)).length })
        await cloud.engine.close()
      }),
      { numRuns: 15 },
    )
  })

  it('has its refusals decided again', async () => {
    const { cloud } = await recorded()
    const verdict = await verify(cloud.engine.store, { kinds, hash, refusals: await refusalsOf(cloud) })
    expect(verdict).toMatchObject({ refusals: 1, diverged: 0 })
    await cloud.engine.close()
  })

  it('is narrowed to a kind, an account, and positions', async () => {
    const { cloud } = await recorded()
    const run = async (narrowed: object) => verify(cloud.engine.store, { kinds, hash, ...narrowed })
    expect((await run({ kind: 'volume' })).resources).toBe(1)
    expect((await run({ account: 'bee' })).events).toBe(0)
    expect((await run({ to: 3 })).events).toBe(3)
    await cloud.engine.close()
  })

  it('in parts is the same as whole', async () => {
    const { cloud } = await recorded()
    const parts = await Promise.all(
      [0, 1].map(part => verify(cloud.engine.store, { kinds, hash, share: { part, parts: 2 } })),
    )
    const whole = await verify(cloud.engine.store, { kinds, hash })
    expect(parts[0]!.events + parts[1]!.events).toBe(whole.events)
    await cloud.engine.close()
  })
})

describe('a history under other rules', () => {
  const tried = async (changed: typeof kinds | object, narrowed: object = {}) => {
    const { cloud, id } = await recorded()
    const refusals = await refusalsOf(cloud)
    const options = { kinds: changed as typeof kinds, reference: kinds, hash, refusals, ...narrowed }
    const { divergences, diverged } = await verify(cloud.engine.store, options)
    await cloud.engine.close()
    expect(diverged).toBe(1)
    expect(divergences[0]!.resource).toBe(id)
    return divergences[0]!
  }

  it('differs in a state', async () => {
    const changed = withVolume(onState('available', was => ({ ...was, 'volume.deleteRequested': {} })))
    expect(await tried(changed)).toMatchObject({ differs: 'state', type: 'volume.deleteRequested', today: 'available' })
  })

  it('differs in what is remembered', async () => {
    const changed = withVolume(
      onState('available', was => ({
        ...was,
        'volume.tagRequested': { actions: assign({ tags: () => ({ other: 'x' }) }) },
      })),
    )
    const found = await tried(changed)
    expect(found).toMatchObject({ differs: 'context', type: 'volume.tagRequested' })
    expect(found.changes.map(({ path }) => path)).toEqual(['tags.other', 'tags.stage'])
  })

  it('differs in what is wanted', async () => {
    const changed = withVolume(
      onState('available', was => ({
        ...was,
        'volume.deleteRequested': {
          target: 'deleting',
          actions: { type: 'arm', params: { event: 'volume.deleteTimedOut', afterMs: 1 } },
        },
      })),
    )
    expect(await tried(changed)).toMatchObject({ differs: 'wants', type: 'volume.deleteRequested' })
  })

  it('differs in what is refused', async () => {
    const changed = withVolume(
      onState('available', was => ({ ...was, 'volume.detachRequested': { target: 'deleting' } })),
    )
    expect(await tried(changed)).toMatchObject({
      differs: 'refusal',
      type: 'volume.detachRequested',
      today: ['accepted'],
    })
  })

  it('does not run at all', async () => {
    const broken = () => {
      throw new Error('a typing error')
    }
    const changed = withVolume(
      onState('available', was => ({ ...was, 'volume.tagRequested': { actions: assign(broken) } })),
    )
    expect(await tried(changed)).toMatchObject({ differs: 'fault', today: 'Error: a typing error' })
  })

  it('is found where a stored snapshot is not what the history says', async () => {
    const { cloud, id } = await recorded()
    const { store } = cloud.engine
    const snapshots = store.snapshots.bind(store)
    store.snapshots = async ids => {
      const found = await snapshots(ids)
      const rows = found.rows.map(row =>
        row.resource === id ? { ...row, text: row.text.replace('"test"', '"forged"') } : row,
      )
      return { ...found, rows }
    }
    const { divergences } = await verify(store, { kinds, hash })
    expect(divergences).toMatchObject([{ resource: id, differs: 'context', changes: [{ path: 'tags.stage' }] }])
    await cloud.engine.close()
  })
})

describe('two values', () => {
  it('are the same where their canonical texts are, and differ at the places that are told', () => {
    const json = fc.jsonValue({ maxDepth: 3 })
    fc.assert(
      fc.property(json, json, (a, b) => {
        const isSame = canonical(a) === canonical(b)
        expect(same(a, b)).toBe(isSame)
        expect(differences(a, b).length === 0).toBe(isSame)
        expect(same(a, structuredClone(a))).toBe(true)
        expect(same({ a, gone: undefined }, { a })).toBe(true)
      }),
    )
  })
})
