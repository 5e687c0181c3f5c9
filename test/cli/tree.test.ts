/** `stemma tree`, on a file and through a server. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve, stemma } from './stemma.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-tree-'))
})
afterAll(() => rm(folder, { recursive: true }))

const done = async (...words: string[]) => {
  const said = await stemma(folder, [...words, '--json'])
  expect(said).toMatchObject({ code: 0 })
  return JSON.parse(said.stdout)
}

describe('stemma tree', () => {
  it('draws what was taken after what, and where the disks come from, alike from a server and from the file', async () => {
    const server = await serve(folder)
    const { id } = await done('launch', 'name=web')
    const bare = await stemma(folder, ['tree', id])
    expect(bare.stdout).toContain('It has no VM snapshots.')
    const keep = async (name: string) =>
      (await done('do', 'vm-snapshot', 'create', `instance=${id}`, `name=${name}`, 'memory=true')).id as string
    const first = await keep('first')
    const second = await keep('second')
    await done('do', 'vm-snapshot', 'revert', first)
    const third = await keep('third')
    const drawn = (await stemma(folder, ['tree', id])).stdout
    const lines = drawn.split('\n').map(line => line.trimEnd())
    expect(lines[0]).toMatch(new RegExp(`^${id} +running$`))
    expect(lines[1]).toMatch(/^└─ first .*ready .*disks .* GiB .*memory .* GiB/)
    expect(lines[2]).toMatch(/^ {3}├─ second .*ready/)
    expect(lines[3]).toMatch(/^ {3}└─ third .*ready/)
    expect(lines[4]).toBe('      └─ here')
    const told = await done('tree', id)
    expect(told).toMatchObject({
      instance: id,
      base: third,
      current: third,
      roots: [
        {
          id: first,
          children: [
            { id: second, children: [] },
            { id: third, base: true },
          ],
        },
      ],
      apart: [],
    })
    await server.stop()
    expect((await stemma(folder, ['tree', id])).stdout.split('\n').slice(1)).toEqual(drawn.split('\n').slice(1))
  })

  it('is of an instance', async () => {
    const said = await stemma(folder, ['tree', 'offering/small'])
    expect([said.code, said.stdout]).toEqual([2, ''])
  })
})
