/** `stemma usage`, on a file and through a server. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve, stemma } from './stemma.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-usage-'))
})
afterAll(() => rm(folder, { recursive: true }))

const period = ['--from', '2020-01-01', '--to', '2100-01-01']
const told = async (...words: string[]) => {
  const said = await stemma(folder, ['usage', ...words])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return said.stdout
}

describe('stemma usage', () => {
  it('prints a statement, CSV, lines and JSON, alike from a server and from the file', async () => {
    const server = await serve(folder)
    const launched = await stemma(folder, ['launch', 'name=web', '--json'])
    const { id } = JSON.parse(launched.stdout)
    await stemma(folder, ['terminate', id, '--json'])
    const served = await told(...period, '--csv')
    const statement = await told(...period)
    expect(statement).toMatch(/account +series +sort +resources +hours/)
    expect(statement).toMatch(/allocatedInstance/)
    await server.stop()
    const rows = served.trimEnd().split('\r\n')
    expect(rows[0]).toMatch(/^account,series,resource,/)
    expect(rows.filter(each => each.includes(`runningInstance,${id}`))).toHaveLength(1)
    const ended = (text: string) => text.split('\r\n').filter(each => each.includes(id))
    expect(ended(await told(...period, '--csv'))).toEqual(ended(served))
    const lines = (await told(...period, '--lines')).trimEnd().split('\n')
    expect(lines.map(each => JSON.parse(each).series)).toContain('runningInstance')
    expect(JSON.parse(await told('--month', '2020-01', '--json'))).toMatchObject({ statement: [] })
    expect(await told('--month', '2020-01')).toContain('Nothing was used.')
  })

  it.each([
    [['--month', '2026-11', '--from', '2026-11-01', '--to', '2026-12-01']],
    [['--from', '2026-11-01']],
    [['--month', 'november']],
    [['--from', 'then', '--to', 'now']],
  ])('refuses %j', async words => {
    const said = await stemma(folder, ['usage', ...words])
    expect([said.code, said.stdout]).toEqual([2, ''])
  })
})

describe('stemma limits', () => {
  it('prints what there is and what there may be, alike from a server and from the file', async () => {
    const server = await serve(folder)
    await stemma(folder, ['launch', 'name=counted', '--json'])
    const limits = async (...words: string[]) => (await stemma(folder, ['limits', ...words])).stdout
    const served = await limits()
    expect(served).toMatch(/holder +of +used +limit/)
    expect(served).toMatch(/account\/\S+ +instances +1 +none/)
    await server.stop()
    expect(await limits()).toBe(served)
    expect(JSON.parse(await limits('--json')).items[0].used).toMatchObject({ instances: 1 })
  })
})
