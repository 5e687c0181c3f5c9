import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve, stemma } from './stemma.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-at-'))
})
afterAll(() => rm(folder, { recursive: true }))

const json = async (...words: string[]) => {
  const said = await stemma(folder, [...words, '--json'])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return JSON.parse(said.stdout)
}

describe('stemma at', () => {
  it('answers as the command did then, on the file and through a server', async () => {
    const { id } = await json('launch', 'name=early')
    const before = await json('show', id)
    const { at, position } = (await json('history', id)).at(-1)
    await json('terminate', id)
    for (const moment of [String(position), new Date(at).toISOString()]) {
      expect(await json('at', moment, '--', 'show', id)).toEqual(before)
      expect(await json('at', moment, '--', 'list', 'instance', 'state=running')).toHaveLength(1)
    }
    const server = await serve(folder)
    expect(await json('at', String(position), '--', 'show', id)).toEqual(before)
    await server.stop()
    expect((await json('show', id)).state).toBe('terminated')
  })

  it('runs nothing that changes anything', async () => {
    const said = await stemma(folder, ['at', '5', '--', 'launch'])
    expect(said.code).toBe(2)
    expect(said.stderr).toContain("'launch' does not read the past")
  })
})
