/**
 * Why this test? People follow this page when something is wrong. Whatever the commands print on the recorded incidents
 * must be what the page shows, or the page says something else than the program.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { readExport } from '../../src/replay/transfer/index.ts'
import { verifyEvents } from '../../src/replay/verify/index.ts'
import { sha256 as hash } from '../../src/system/hash.ts'
import { commandsIn, runAgain } from './consoles.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/debugging.md'), 'utf8')

const recordings = join(import.meta.dirname, '../histories/incidents')

describe('the incidents of docs/debugging.md', () => {
  it('are three, each brought in from its recording', () => {
    expect(commandsIn(page).filter(command => command.startsWith('import test/histories/incidents/'))).toHaveLength(3)
    expect(commandsIn(page).length).toBeGreaterThan(9)
  })

  it.each(readdirSync(recordings).filter(name => name.endsWith('.jsonl')))(
    '%s runs again under the rules of today',
    async name => {
      const { events } = await readExport(readFileSync(join(recordings, name), 'utf8').split('\n'), hash)
      expect(verifyEvents(events, { kinds, hash }).divergences).toEqual([])
    },
  )

  it('come out as the page shows; if not, run `npm run docs`', async () => {
    expect(await runAgain(page)).toBe(page)
  }, 300_000)
})
