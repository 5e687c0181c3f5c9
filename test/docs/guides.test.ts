/** What guides show for a terminal works when it is typed after `npm start`, word for word and line after line. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { serve, typed } from '../cli/stemma.ts'

const docs = resolve(import.meta.dirname, '../../docs')

/** Lines of the shell blocks of a guide, but those that leave something for the reader to fill in. */
function linesOf(text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block!)
  return blocks
    .flatMap(block => block.split('\n'))
    .filter(line => line.startsWith('stemma ') && !/…|<|\{\s*$/.test(line))
}

it.each([
  ['capacity.md', 10],
  ['limits.md', 5],
  ['usage.md', 3],
])('%s', { timeout: 300_000 }, async (guide, count) => {
  const lines = linesOf(await readFile(join(docs, guide), 'utf8'))
  expect(lines.length).toBeGreaterThanOrEqual(count)
  const folder = await mkdtemp(join(tmpdir(), 'stemma-guide-'))
  const server = await serve(folder)
  try {
    for (const line of lines)
      expect({ line, ...(await typed(folder, line)) }).toMatchObject({ line, code: 0, stderr: '' })
  } finally {
    await server.stop()
    await rm(folder, { recursive: true })
  }
})
