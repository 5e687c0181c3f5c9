/** The table of traps says the truth: each has a test, under that name. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { traps } from './trap-table.ts'

it('every trap of sections 1 to 5, and each of the eleven of section 2, has a test that exists', () => {
  const titles = (file: string) =>
    readFileSync(join(import.meta.dirname, file), 'utf8')
      .match(/['`]([^'`\n]{8,})['`]/g)!
      .map(each => each.slice(1))
  for (const { file, title } of traps)
    expect(
      titles(file).some(each => each.startsWith(title)),
      `${file}: ${title}`,
    ).toBe(true)
  const sections = new Set(traps.map(({ section }) => section))
  const eleven = Array.from({ length: 11 }, (_, at) => `2.${at + 1}`)
  expect([...sections].sort()).toEqual(['1', ...eleven, '3', '4', '5'].sort())
})
