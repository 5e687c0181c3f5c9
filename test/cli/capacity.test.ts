/** `stemma capacity`, on a file and through a server. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve, stemma } from './stemma.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-capacity-'))
})
afterAll(() => rm(folder, { recursive: true }))

const operator = ['--account', 'operator']
const told = async (...words: string[]) => {
  const said = await stemma(folder, ['capacity', ...words])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return said.stdout
}

describe('stemma capacity', () => {
  it('prints what takes storage, and why, alike from a server and from the file', async () => {
    const server = await serve(folder)
    const made = [
      'do',
      'pool',
      'define',
      'name=ssd',
      'totalBytes=10737418240',
      'overprovisionFactor=2',
      ...operator,
      '--json',
    ]
    expect((await stemma(folder, made)).code).toBe(0)
    const { id } = JSON.parse(
      (await stemma(folder, ['do', 'volume', 'create', 'sizeBytes=1610612736', '--json'])).stdout,
    )
    const all = [
      ['--by', 'pool', ...operator],
      ['pool/ssd', '--explain', ...operator],
      [id],
      ['ssd', '--by', 'pool', '--json', ...operator],
      [],
    ] as const
    // One after the other: the file is one process's at a time.
    const tellAll = async () => {
      const answers: string[] = []
      for (const words of all) answers.push(await told(...words))
      return answers
    }
    const served = await tellAll()
    const [pools, explained, volume, json] = served as [string, string, string, string]
    expect(pools).toMatch(/^pool +allocated +requested .* limit +worst case +physical +as of/)
    expect(pools).toMatch(/pool\/ssd .*1\.5 GiB +20 GiB +1\.5 GiB +not measured/)
    expect(explained).toMatch(new RegExp(`volume.created +${id} +${id} +volumes 1, allocatedBytes 1.5 GiB`))
    expect(volume).toMatch(new RegExp(`${id} +1.5 GiB`))
    expect(JSON.parse(json).items[0]).toMatchObject({
      key: 'pool/ssd',
      committedBytes: 1610612736,
      physicalBytes: null,
    })
    await server.stop()
    expect(await tellAll()).toEqual(served)
  })

  it.each([[['ssd']], [['--by', 'planet']], [['--limit', 'many']]])('refuses %j', async words => {
    const said = await stemma(folder, ['capacity', ...words])
    expect([said.code, said.stdout]).toEqual([2, ''])
  })

  it('says where there is nothing', async () => {
    expect(await told('--by', 'volume', 'vol-0000000000000000a')).toContain('Nothing takes storage.')
  })
})
