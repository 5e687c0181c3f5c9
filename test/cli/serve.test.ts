import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bash, main, node, type Server, serve, stemma } from './stemma.ts'

let folder: string
let server: Server
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-cli-'))
  server = await serve(folder)
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})

const json = async (...words: string[]) => {
  const said = await stemma(folder, [...words, '--json'])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return JSON.parse(said.stdout)
}

describe('a server that was just started', () => {
  it('listens on loopback, and keeps its tokens where only its owner reads them', async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const path = join(folder, '.stemma/cloud.db.tokens.json')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    for (const { token, account } of JSON.parse(await readFile(path, 'utf8'))) {
      expect(server.output).toContain(token)
      expect(server.output).toContain(account)
    }
  })

  it('prints three lines that work when pasted: launch, list, history', async () => {
    expect(server.curls.length).toBe(3)
    const answers = []
    for (const line of server.curls) {
      const { code, stdout } = await bash(line)
      expect(code).toBe(0)
      answers.push(JSON.parse(stdout))
    }
    const [launched, list, history] = answers
    expect(launched).toMatchObject({ outcome: 'accepted', kind: 'instance' })
    expect(list.items.map((each: { id: string }) => each.id)).toContain(launched.id)
    expect(history.items[0]).toMatchObject({ version: 1, type: 'image.registerRequested' })
  })

  it('is not started twice on one file: the second says who holds it, and disturbs nothing', async () => {
    await expect(serve(folder)).rejects.toThrow(server.url)
  })
})

describe('a server that is told to end', () => {
  it('ends in order from the moment on in which others find it, before it has said that it is ready', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'stemma-cli-'))
    const child = spawn(node, [main, 'serve', '--port', '0'], { cwd: empty, stdio: 'ignore' })
    const ended = once(child, 'exit')
    const data = join(empty, '.stemma/cloud.db')
    const isFound = () => existsSync(`${data}-owner`) && readFileSync(`${data}-owner`, 'utf8').includes('http://')
    while (!isFound() && child.exitCode === null) await sleep(1)
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    await rm(empty, { recursive: true })
  })
})

describe('commands while a server holds the file', () => {
  it('go through it: what they launch it knows', async () => {
    const { id, settled } = await json('launch', 'name=web')
    expect(settled).toBe('running')
    const events = await json('history', id)
    expect(events[0]).toMatchObject({ type: 'instance.launchRequested', actor: 'default', data: { name: 'web' } })
    const { stdout } = await bash(server.curls[1]!)
    expect(stdout).toContain(id)
  })

  it('stop, start, reboot and terminate', async () => {
    const { id } = await json('launch')
    for (const [verb, settled] of Object.entries({ stop: 'stopped', start: 'running', terminate: 'terminated' }))
      expect(await json(verb, id)).toMatchObject({ id, outcome: 'accepted', settled })
  })

  it('attach and detach a volume', async () => {
    const { id: instance } = await json('launch')
    const { id: volume } = await json('do', 'volume', 'create', 'sizeBytes=1073741824', 'zone=us-east-1a')
    expect(await json('attach', volume, instance, '/dev/sdf')).toMatchObject({ settled: 'in-use' })
    expect(await json('show', volume)).toMatchObject({ attributes: { attachment: { instance, device: '/dev/sdf' } } })
    expect(await json('detach', volume)).toMatchObject({ settled: 'available' })
  })

  it('say what was refused, why, and what is allowed, with exit code 1', async () => {
    const { id } = await json('launch')
    await json('do', 'instance', 'modify', id, '{"terminationProtection":true}')
    const { code, stdout, stderr } = await stemma(folder, ['terminate', id])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('terminationProtected')
    expect(stderr).toMatch(/state: running; allowed now: .*stop/)
  })

  it('print tables for people', async () => {
    const { stdout } = await stemma(folder, ['list', 'offering', '--sort', '-name'])
    const [heading, ...rows] = stdout.trim().split('\n')
    expect(heading).toMatch(/^id +name +state/)
    const names = rows.map(row => row.split(/ +/)[1])
    expect(names).toEqual(names.toSorted().reverse())
    expect(names).toEqual(expect.arrayContaining(['small', 'medium', 'large']))
  })

  it('colour them only where somebody sees it', async () => {
    const plain = await stemma(folder, ['list', 'offering'])
    const coloured = await stemma(folder, ['list', 'offering'], { NO_COLOR: undefined, FORCE_COLOR: '1' })
    const beginsStyle = String.fromCharCode(27)
    expect(plain.stdout).not.toContain(beginsStyle)
    expect(coloured.stdout).toContain(beginsStyle)
  })
})

describe('a command that was written wrongly', () => {
  it.each([
    ['an unknown command', ['fly'], 'fly'],
    ['a missing id', ['stop'], 'id'],
    ['an unknown kind', ['list', 'spaceship'], 'unknownKind'],
    ['an unknown command of a kind', ['do', 'instance', 'fly'], 'no command'],
    ['an id that is none', ['show', 'nonsense'], 'nonsense'],
    ['an id of another kind', ['stop', 'vol-00000000000000001'], 'wrongKind'],
    ['a size in words', ['do', 'volume', 'create', 'sizeBytes=big'], 'sizeBytes'],
    ['a word that is no input', ['do', 'volume', 'create', 'big'], 'key=value'],
    ['an account without a token', ['list', 'instance', '--account', 'stranger'], 'stranger'],
  ])('%s exits with 2 and names it', async (_, words, named) => {
    const { code, stdout, stderr } = await stemma(folder, words)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(named)
  })

  it('says so as JSON to programs', async () => {
    const { stderr } = await stemma(folder, ['do', 'volume', 'create', 'sizeBytes=some', '--json'])
    expect(JSON.parse(stderr).error).toMatchObject({ code: 'invalidInput', field: 'sizeBytes' })
  })
})
