import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { stemma } from './stemma.ts'

it('a backup is restored from the command line, and the cloud goes on from there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stemma-restore-'))
  const run = async (...words: string[]) => {
    const said = await stemma(folder, words)
    expect(said).toMatchObject({ code: 0, stderr: '' })
    return said.stdout
  }
  const { id } = JSON.parse(await run('launch', 'name=payroll', '--json'))
  await run('backup', 'kept.db')
  const kept = new Database(join(folder, 'kept.db'))
  const newest = kept.prepare('select max(position) from events').pluck().get()

  const refused = await stemma(folder, ['restore', 'kept.db', '.stemma/cloud.db'])
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain('cloud.db is there already, and nothing is overwritten')

  for (const part of ['', '-wal', '-shm']) await rm(join(folder, `.stemma/cloud.db${part}`), { force: true })
  const said = await run('restore', 'kept.db', '.stemma/cloud.db')
  expect(said).toContain(`Its newest event is #${newest} of 2`)
  expect(said).toContain('No ask is open.')
  expect(JSON.parse(await run('show', id, '--json'))).toMatchObject({ state: 'running' })

  kept.prepare(`update inventory set state = 'lost' where kind = 'instance'`).run()
  kept.close()
  const unsound = await stemma(folder, ['restore', 'kept.db', 'other.db'])
  expect(unsound).toMatchObject({ code: 1, stdout: '' })
  expect(unsound.stderr).toMatch(/backupUnsound(.|\n)*view inventory/)
  expect((await readdir(folder)).filter(name => /^other\.db(-restoring)?$/.test(name))).toEqual([])
  await rm(folder, { recursive: true })
})
