/** The same commands with a server, and after it on the file itself. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve, stemma } from './stemma.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-cli-'))
})
afterAll(() => rm(folder, { recursive: true }))

const json = async (...words: string[]) => {
  const said = await stemma(folder, [...words, '--json'])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return JSON.parse(said.stdout)
}

describe('the file', () => {
  it('tells after the server what the server told: lists, resources, histories, actions', async () => {
    const server = await serve(folder)
    const { id } = await json('launch', 'name=kept')
    const { relations } = await json('show', id)
    const image = relations.find(({ role }: { role: string }) => role === 'image').id
    const asked = [
      ['list', 'instance'],
      ['list', 'volume', 'state=in-use'],
      ['show', id],
      ['history', id],
      ['history', id, '--from', '2'],
      ['actions', id],
      ['providers'],
      ['providers', 'local', '--image', image],
    ]
    const before = []
    for (const words of asked) before.push(await json(...words))
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
    for (const [index, words] of asked.entries()) expect(await json(...words)).toEqual(before[index])
  })

  it('takes commands when no server holds it, and a server started later knows them', async () => {
    const { id, settled } = await json('launch', 'name=offline')
    expect(settled).toBe('running')
    expect((await json('stop', id)).settled).toBe('stopped')
    const server = await serve(folder)
    expect(await json('show', id)).toMatchObject({ name: 'offline', state: 'stopped' })
    expect((await json('start', id)).settled).toBe('running')
    // Something there is a history of now: the third line shows it.
    expect(server.curls[2]).toMatch(/\/v1\/instance\/i-\w+\/history$/)
    await server.stop('SIGINT')
  })

  it('keeps what may be recovered, says until when, and brings it back or ends it', async () => {
    const { id } = await json('launch', 'name=dear', 'recoverableForMs=3600000')
    expect((await json('terminate', id)).settled).toBe('recoverable')
    const { attributes } = await json('show', id)
    expect((await json('why', id)).awaits).toEqual([
      { for: 'timer', event: 'instance.expungeDue', dueAt: attributes.recoverableUntil },
    ])
    expect((await json('recover', id)).settled).toBe('stopped')
    expect((await json('terminate', id)).settled).toBe('recoverable')
    expect((await json('terminate', id, '--expunge')).settled).toBe('terminated')
  })

  it('refuses in the same words as a server', async () => {
    const words = ['terminate', 'i-00000000000000000', '--json']
    const alone = await stemma(folder, words)
    const server = await serve(folder)
    const served = await stemma(folder, words)
    await server.stop()
    expect(alone.code).toBe(1)
    expect(served).toEqual(alone)
  })

  it('clones an image, launches on the clone, and leaves that when the instance is gone', async () => {
    const { stdout } = await stemma(folder, ['providers'])
    expect(stdout).toMatch(/^provider +stateful .*clones +launchesOn\nlocal +yes .*volumes +volumes\n$/)
    expect((await stemma(folder, ['providers', 'local'])).stdout).toMatch(/\nvolumeAttach\.hotPlug +yes\n/)
    const [{ id: image }] = await json('list', 'image')
    const { id: volume } = await json('do', 'volume', 'create', `image=${image}`)
    const { id, settled } = await json('launch', '--root-volume', volume)
    expect(settled).toBe('running')
    await json('terminate', id)
    expect(await json('show', volume)).toMatchObject({ state: 'available' })
    expect((await json('do', 'volume', 'delete', volume)).settled).toBe('deleted')
  })

  it('writes nothing on a dry run', async () => {
    const before = await json('list', 'volume')
    expect(await json('do', 'volume', 'create', 'sizeBytes=4096', '--dry-run')).toMatchObject({ outcome: 'accepted' })
    expect(await json('list', 'volume')).toEqual(before)
  })
})

describe('a server in memory', () => {
  it('serves whoever has its address and a token, and leaves no file', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'stemma-cli-'))
    const server = await serve(empty, ['--ephemeral', '--instant'])
    const [, token] = /default +owner +(\S+)/.exec(server.output)!
    const said = await stemma(empty, ['launch', '--json', '--url', server.url], { STEMMA_TOKEN: token })
    expect(JSON.parse(said.stdout)).toMatchObject({ settled: 'running' })
    const stranger = await stemma(empty, ['list', 'instance', '--url', server.url], { STEMMA_TOKEN: 'x'.repeat(20) })
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining('unauthenticated')])
    await server.stop()
    expect(await readdir(empty)).toEqual([])
    await rm(empty, { recursive: true })
  })
})
