import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharesFor, verifyInThreads } from '../../src/cli/verify/threads.ts'
import { furnish, GiB, openCloud } from '../replay/cloud.ts'
import { stemma } from './stemma.ts'

const root = resolve(import.meta.dirname, '../..')
let folder: string
let data: string
let events: number
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-verify-'))
  data = join(folder, 'cloud.db')
  const database = new Database(data)
  const cloud = await openCloud(database, 3_600_000)
  await furnish(cloud)
  for (let count = 0; count < 20; count += 1) await cloud.acme.volume.create({ sizeBytes: GiB })
  await cloud.engine.idle()
  events = cloud.engine.health().position
  await cloud.engine.close()
  database.close()
})
afterAll(() => rm(folder, { recursive: true }))

/** Rules by which volumes are never made. */
const candidate = async () => {
  const path = join(folder, 'candidate.ts')
  await writeFile(
    path,
    `import { createMachine } from ${JSON.stringify(join(root, 'node_modules/xstate/dist/xstate.cjs.js'))}
import { kinds as today } from ${JSON.stringify(join(root, 'machines/index.ts'))}
const { machine, ...rest } = today.volume
const { 'volume.created': _, ...on } = machine.config.states.creating.on
const states = { ...machine.config.states, creating: { ...machine.config.states.creating, on } }
export const kinds = { volume: { ...rest, machine: createMachine({ ...machine.config, states }, machine.implementations) } }
`,
  )
  return path
}

describe('verification', () => {
  it('over threads finds what one finds', async () => {
    const none = () => {}
    const one = await verifyInThreads({ data }, 1, 100, none)
    expect(one).toMatchObject({ events, diverged: 0 })
    expect(await verifyInThreads({ data }, 3, 100, none)).toEqual(one)
    const tried = { data, candidate: await candidate() }
    const differing = await verifyInThreads(tried, 1, 100, none)
    expect(differing.diverged).toBe(20)
    expect(await verifyInThreads(tried, 2, 100, none)).toEqual(differing)
  })

  it('gives every part of the log to one thread, and the first one no less than the others', () => {
    for (const threads of [1, 2, 3, 8])
      for (const events of [0, 1, 20_000, 500_000, 100_000_000]) {
        const shares = sharesFor(threads, events)
        const given = shares.flatMap(({ part, count }) => Array.from({ length: count! }, (_, index) => part + index))
        expect(given).toEqual(Array.from({ length: shares[0]!.parts }, (_, part) => part))
        expect(Math.min(...shares.map(({ count }) => count!))).toBeGreaterThan(0)
        expect(shares[0]!.count! + 1).toBeGreaterThanOrEqual(Math.max(...shares.map(({ count }) => count!)))
      }
  })

  it('tells how far every thread has come', async () => {
    const heard: number[] = []
    await verifyInThreads({ data }, 2, 100, position => heard.push(position))
    expect(heard.at(-1)).toBe(events)
    expect(heard).toEqual([...heard].sort((a, b) => a - b))
  })

  it('fails where a thread fails', async () => {
    await expect(verifyInThreads({ data: join(folder, 'none.db') }, 2, 100, () => {})).rejects.toThrow()
    await expect(verifyInThreads({ data, candidate: join(folder, 'none.ts') }, 2, 100, () => {})).rejects.toThrow()
  })

  it('has an exit status for pipelines', async () => {
    const good = await stemma(folder, ['verify', '--data', data])
    expect(good).toMatchObject({ code: 0, stderr: '' })
    expect(good.stdout).toContain('all came out as recorded')
    const bad = await stemma(folder, ['verify', '--data', data, '--kinds', await candidate(), '--json'])
    expect(bad.code).toBe(1)
    expect(JSON.parse(bad.stdout).divergences[0]).toMatchObject({ type: 'volume.created', differs: 'state' })
    expect((await stemma(folder, ['verify', '--data', join(folder, 'none.db')])).code).toBe(2)
  })
})
