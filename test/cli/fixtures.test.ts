/** What a file of fixtures may say. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFixtures } from '../../src/cli/fixtures.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-fixtures-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function read(fixtures: object) {
  const path = join(folder, 'fixtures.json')
  await writeFile(path, JSON.stringify(fixtures))
  return readFixtures(path)
}

describe('fixtures', () => {
  it('may name any regions and zones', async () => {
    const regions = [
      { name: 'home', zones: ['home'] },
      { name: 'eu-west-1', zones: ['eu-west-1a', 'eu-west-1b'] },
    ]
    expect(await read({ regions })).toMatchObject({ regions })
  })

  it.each([
    ['that stand for every region', [{ name: '*', zones: ['a'] }]],
    ['with a separator in them', [{ name: 'eu/west', zones: ['a'] }]],
    ['with a blank in them', [{ name: 'eu', zones: ['a b'] }]],
    [
      'of two regions',
      [
        { name: 'eu', zones: ['a'] },
        { name: 'eu', zones: ['b'] },
      ],
    ],
    [
      'of two zones',
      [
        { name: 'eu', zones: ['a'] },
        { name: 'us', zones: ['a'] },
      ],
    ],
  ])('have no names %s', async (_, regions) => {
    await expect(read({ regions })).rejects.toThrow(/fixtures.json/)
  })
})
