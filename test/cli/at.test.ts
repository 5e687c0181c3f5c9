import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readersOf } from '../../src/cli/commands/at.ts'
import { stemma as program } from '../../src/cli/program.ts'
import { serve, stemma } from './stemma.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-at-'))
})
afterAll(() => rm(folder, { recursive: true }))

const json = async (...words: string[]) => {
  const said = await stemma(folder, [...words, '--json'])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return JSON.parse(said.stdout)
}

/** Every command that reads the past, as it is called; `id` is an instance. */
const calls = (id: string): Record<string, string[][]> => ({
  show: [['show', id]],
  list: [
    ['list', 'instance', 'state=running'],
    ['list', 'volume'],
    ['list', 'account', '--account', 'operator'],
  ],
  history: [['history', id]],
  why: [['why', id]],
  step: [['step', id]],
  tree: [['tree', id]],
  diagram: [['diagram', id]],
  usage: [['usage'], ['usage', '--csv'], ['usage', '--lines']],
  limits: [['limits'], ['limits', '--account', 'operator']],
  capacity: [['capacity'], ['capacity', '--account', 'operator'], ['capacity', id, '--explain']],
})

/** The others, and why they have no past. */
const others: Record<string, string> = {
  ...Object.fromEntries(
    ['launch', 'start', 'stop', 'reboot', 'suspend', 'resume', 'terminate', 'recover', 'attach', 'detach', 'do'].map(
      name => [name, 'changes something'],
    ),
  ),
  actions: 'tries commands with the facts of today',
  providers: 'asks what providers declare today',
  survey: 'looks at providers',
  serve: 'serves; its clients say which moment they read',
  verify: 'reads the whole log, up to --to',
  export: 'reads the whole log',
  import: 'writes a new file',
  anonymize: 'reads an export',
  reproduce: 'reads an export',
  check: 'reads the whole file',
  backup: 'copies the whole file',
  rebuild: 'fills the views of today anew',
  restore: 'writes a new file',
  prune: 'moves what is over out of the file',
  trace: 'writes a file of its own',
  doctor: 'looks at this computer',
  at: 'is what this is about',
}

describe('stemma at', () => {
  it('is for every command that reads, and whoever adds a command decides which sort it is', () => {
    const names = program()
      .commands.map(each => each.name())
      .sort()
    expect(Object.keys(others).filter(name => !names.includes(name))).toEqual([])
    expect(names.filter(name => !Object.hasOwn(others, name))).toEqual(Object.keys(calls('')).sort())
    expect(readersOf(program()).sort()).toEqual(Object.keys(calls('')).sort())
  })

  it('answers as each of them did then, on the file and through a server', async () => {
    const { id } = await json('launch', 'name=early')
    const { at, position } = (await json('history', id)).at(-1)
    const commands = Object.values(calls(id)).flat()
    const printed = async (words: string[]) => {
      const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
      try {
        await program().parseAsync([...words, '--data', join(folder, '.stemma/cloud.db')], { from: 'user' })
        return write.mock.calls.map(([text]) => String(text)).join('')
      } finally {
        write.mockRestore()
      }
    }
    /** What goes on by the millisecond, or is told of the present alone. */
    const isOfNow = (name: string) => ['usage', 'why', 'diagram'].includes(name)
    const before = new Map<string, string>()
    for (const words of commands) if (!isOfNow(words[0]!)) before.set(words.join(' '), await printed(words))
    const told = new Map<string, string>()
    await json('terminate', id)
    const moment = String(position)
    for (const words of commands) {
      const then = await printed(['at', moment, '--', ...words])
      const known = before.get(words.join(' '))
      expect(then).not.toBe('')
      if (known !== undefined) expect(then).toBe(known)
      told.set(words.join(' '), then)
    }
    const why = await json('at', moment, '--', 'why', id)
    expect(why).toMatchObject({ id, state: 'running', path: expect.stringContaining('running') })
    expect(why.actions).toBeUndefined()
    expect((await json('at', new Date(at).toISOString(), '--', 'show', id)).state).toBe('running')
    const server = await serve(folder)
    for (const words of commands) {
      const then = await printed(['at', moment, '--', ...words])
      expect(then).toBe(told.get(words.join(' ')))
    }
    expect((await json('at', moment, '--', 'why', id)).state).toBe('running')
    await server.stop()
    expect((await json('show', id)).state).toBe('terminated')
  })

  it('runs nothing that changes anything', async () => {
    const said = await stemma(folder, ['at', '5', '--', 'launch'])
    expect(said.code).toBe(2)
    expect(said.stderr).toContain("'launch' does not read the past")
  })
})
