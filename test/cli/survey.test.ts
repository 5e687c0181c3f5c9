/** `stemma survey` on the file and on a server: what it finds, what it asks, what it removes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { serve, stemma } from './stemma.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-cli-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Something of ours that nobody knows here any more, and something of a stranger, both an hour old. */
async function planted(): Promise<void> {
  const data = join(folder, '.stemma/cloud.db')
  const database = new Database(data, { readonly: true })
  const owner = database.prepare('select owner from identity').pluck().get() as string
  database.close()
  const world = simulated({ file: `${data}.world` })
  const old = { sizeBytes: 1024 ** 3, madeAt: Date.now() - 3_600_000 }
  world.plant({ id: 'vol-left', owner, ...old })
  world.plant({ id: 'vol-theirs', owner: 'somebody', ...old })
  await world.close!()
}

describe('stemma survey', () => {
  it('finds nothing in a cloud as it should be, and then what was put there, on the file', async () => {
    await stemma(folder, ['launch', 'name=web'])
    const clean = await stemma(folder, ['survey'])
    expect(clean).toMatchObject({ code: 0, stderr: '' })
    await planted()
    const found = await stemma(folder, ['survey', '--provider', 'local'])
    expect(found).toMatchObject({ code: 3, stderr: '' })
    expect(found.stdout).toMatch(/^orphan +local +volume +vol-left /m)
    expect(found.stdout).toMatch(/^foreign +local +volume +vol-theirs /m)
  })

  it('removes nothing where nobody can be asked, nor for somebody who may not', async () => {
    const unasked = await stemma(folder, ['survey', '--clean'])
    expect(unasked.code).toBe(2)
    expect(unasked.stderr).toContain('--yes')
    const tenant = await stemma(folder, ['survey', '--clean', '--yes', '--account', 'default'])
    expect(tenant.code).toBe(1)
    expect(tenant.stderr).toContain('notPermitted')
    expect((await stemma(folder, ['survey'])).code).toBe(3)
  })

  it('removes orphans through a server, and leaves alone what is foreign', async () => {
    const server = await serve(folder)
    const { code, stdout } = await stemma(folder, ['survey', '--clean', '--yes', '--json'])
    const { found, cleaned } = JSON.parse(stdout)
    expect([code, found]).toEqual([0, 1])
    expect(cleaned).toMatchObject([{ outcome: 'cleaned', kind: 'volume', id: 'vol-left' }])
    const after = await stemma(folder, ['survey'])
    expect(after.code).toBe(0)
    expect(after.stdout).not.toContain('vol-left')
    expect(after.stdout).toContain('vol-theirs')
    await server.stop()
  })
})
