import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bash, stemma } from './stemma.ts'

const root = resolve(import.meta.dirname, '../..')
const command = `${join(root, 'node_modules/.bin/node')} ${join(root, 'src/cli/main.ts')}`
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-pipe-'))
  await stemma(folder, ['list', 'instance'])
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('who reads a command and stops reading', () => {
  it.each(['do --help', 'diagram instance --format svg', 'export'])(
    'ends it without a word: stemma %s | true',
    async words => {
      // The reader is gone before the first line: `true` reads nothing.
      const said = await bash(`cd ${folder}; ${command} ${words} 2> said 1> >(true); echo "code $?"; cat said`)
      expect(said.stdout).toMatch(/^code [0-2]\n/)
      expect(said.stdout).not.toContain('EPIPE')
      expect(said.stdout).not.toContain('    at ')
    },
  )

  it('sees what it read: the first line', async () => {
    const said = await bash(`${command} do --help | head -1`)
    expect(said.stdout).toMatch(/^Usage: stemma do/)
    expect(said.stderr).toBe('')
  })
})
