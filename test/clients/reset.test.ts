/** A server for tests of others: it starts from fixtures, settles at once, and begins anew when it is told to. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Server, serve, stemma } from '../cli/stemma.ts'
import { served } from './client.ts'

describe('a server in memory', () => {
  const server = served('--instant')
  const reset = (headers: Record<string, string> = {}) => fetch(`${server.url}/-/reset`, { method: 'POST', headers })

  it('begins anew from its fixtures', async () => {
    expect((await fetch(`${server.url}/-/health`)).status).toBe(200)
    for (let round = 0; round < 3; round += 1) {
      const answer = await reset()
      expect(answer.status).toBe(200)
      expect(await answer.json()).toEqual({ status: 'ok' })
    }
    expect((await fetch(`${server.url}/-/health`)).status).toBe(200)
  })

  it('is not emptied by a page in a browser', async () => {
    expect((await reset({ origin: 'http://evil.example' })).status).toBe(403)
  })
})

describe('a server that keeps a file', () => {
  let folder: string
  let server: Server
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stemma-reset-'))
    server = await serve(folder)
  })
  afterAll(async () => {
    await server.stop()
    await rm(folder, { recursive: true })
  })

  it('is never emptied', async () => {
    const answer = await fetch(`${server.url}/-/reset`, { method: 'POST' })
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ error: { code: 'notEphemeral' } })
    const { stdout } = await stemma(folder, ['list', 'image', '--json'])
    expect(JSON.parse(stdout)).toHaveLength(1)
  })
})

describe('fixtures that are wrong', () => {
  it('are refused by place and rule, without repeating a secret', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stemma-fixtures-'))
    const file = join(folder, 'fixtures.json')
    const secretAccessKey = 'never-to-be-seen'
    await writeFile(file, JSON.stringify({ accounts: [{ name: 'acme', keys: [{ accessKeyId: 7, secretAccessKey }] }] }))
    const { code, stderr } = await stemma(folder, ['serve', '--ephemeral', '--port', '0', '--fixtures', file])
    expect(code).toBe(2)
    expect(stderr).toContain('accounts.0.keys.0.accessKeyId')
    expect(stderr).not.toContain(secretAccessKey)
    await rm(folder, { recursive: true })
  })
})
