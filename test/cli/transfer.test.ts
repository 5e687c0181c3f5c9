import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stemma } from './stemma.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-transfer-'))
})
afterAll(() => rm(folder, { recursive: true }))

const run = async (...words: string[]) => {
  const said = await stemma(folder, words)
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return said.stdout
}

describe('histories on the command line', () => {
  it('go out, come in again elsewhere, and are refused where somebody changed them', async () => {
    const { id } = JSON.parse(await run('launch', 'name=payroll', '--json'))
    await run('export', '--out', 'cloud.jsonl')
    await run('import', 'cloud.jsonl', '--data', 'copy.db')
    const [here, there] = await Promise.all(['.stemma/cloud.db', 'copy.db'].map(data => run('export', '--data', data)))
    expect(there).toBe(here)
    const shown = async (data: string) => JSON.parse(await run('show', id, '--data', data, '--json'))
    expect(await shown('copy.db')).toEqual(await shown('.stemma/cloud.db'))
    expect(await run('check', '--data', 'copy.db')).toContain('The file is sound.')
    await run('backup', 'backup.db')
    expect(await run('check', '--data', 'backup.db')).toContain('The file is sound.')

    const names = await run('anonymize', 'cloud.jsonl')
    expect(names).not.toContain('payroll')
    expect(names).not.toContain(id)

    const lines = (await readFile(join(folder, 'cloud.jsonl'), 'utf8')).split('\n')
    await writeFile(join(folder, 'forged.jsonl'), lines.toSpliced(4, 1).join('\n'))
    const forged = await stemma(folder, ['import', 'forged.jsonl', '--data', 'forged.db'])
    expect(forged.code).toBe(2)
    expect(forged.stderr).toContain('line 5')
  })
})
