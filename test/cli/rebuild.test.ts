import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { stemma } from './stemma.ts'

it('views that say something else than the histories are filled anew from the command line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stemma-rebuild-'))
  const run = async (...words: string[]) => {
    const said = await stemma(folder, words)
    expect(said).toMatchObject({ code: 0, stderr: '' })
    return said.stdout
  }
  const { id } = JSON.parse(await run('launch', 'name=payroll', '--json'))
  const database = new Database(join(folder, '.stemma/cloud.db'))
  database.prepare(`update inventory set state = 'lost', status = 'lost' where kind = 'instance'`).run()
  const newest = database.prepare('select max(position) from events').pluck().get()
  database.close()
  expect(JSON.parse(await run('show', id, '--json'))).toMatchObject({ state: 'lost' })

  const refused = await stemma(folder, ['rebuild', '--account', 'default'])
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain('takes the authority of operator')
  const unknown = await stemma(folder, ['rebuild', 'weather'])
  expect(unknown.stderr).toContain(`There is no view 'weather'; known: inventory,`)

  expect(JSON.parse(await run('rebuild', 'inventory', '--json'))).toMatchObject({
    views: ['inventory'],
    events: newest,
  })
  expect(JSON.parse(await run('show', id, '--json'))).toMatchObject({ state: 'running' })
  expect(await run('rebuild')).toMatch(/^All views filled anew from \d+ events in/)
  expect(JSON.parse(await run('check', '--json'))).toMatchObject({ isSound: true })
  await rm(folder, { recursive: true })
})
