/**
 * Why this test? `history --follow` is watched while something happens, so it must neither miss an entry nor tell one
 * twice, and let go of the file when it is interrupted. Here it runs as people run it: in a process of its own.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main, node, serve, stemma } from './stemma.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-follow-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Entry {
  readonly entry: string
  readonly version: number
  readonly type?: string
  readonly command?: string
}

/** Follows a history until it is interrupted. */
function follow(id: string) {
  const child = spawn(node, [main, 'history', id, '--follow', '--json'], { cwd: folder })
  let [stdout, stderr] = ['', '']
  const ended = once(child, 'close')
  child.stderr.setEncoding('utf8').on('data', data => {
    stderr += data
  })
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', data => {
    stdout += data
    for (const look of waiting) look()
  })
  const entries = () =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as Entry)
  return {
    entries,
    /** Resolves when an entry is told that is this one; rejects if it ends before. */
    told: (isIt: (entry: Entry) => boolean) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (!entries().some(isIt)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        void ended.then(([code]) => reject(new Error(`it ended with ${code}: ${stdout}${stderr}`)))
        look()
      }),
    async interrupted() {
      child.kill('SIGINT')
      const [code] = await ended
      return { code, stderr }
    },
    async ended() {
      const [code] = await ended
      return { code, stderr }
    },
  }
}

const done = async (...words: string[]) => {
  const said = await stemma(folder, [...words, '--json'])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return JSON.parse(said.stdout)
}
const isTold = (name: string) => (entry: Entry) => entry.type === name
const typesOf = (entries: readonly Entry[]) => entries.map(({ type, command }) => type ?? command)

describe('a history that is followed', () => {
  it('on the file goes on with what happens in its own process, and lets go of it in the end', async () => {
    const { id } = await done('launch', '--no-wait')
    const watched = follow(id)
    await watched.told(isTold('instance.created'))
    expect(await watched.interrupted()).toEqual({ code: 0, stderr: '' })
    expect(typesOf(watched.entries())).toEqual(typesOf(await done('history', id)))
  })

  it('through a server tells what others do, refusals as well, each once', async () => {
    const server = await serve(folder)
    const { id } = await done('launch')
    const watched = follow(id)
    await watched.told(isTold('instance.created'))
    await done('stop', id)
    await watched.told(isTold('instance.stopped'))
    expect((await stemma(folder, ['do', 'instance', 'reboot', id])).code).toBe(1)
    await watched.told(({ entry }) => entry === 'refusal')
    await done('terminate', id)
    await watched.told(isTold('instance.terminateRequested'))
    await watched.told(isTold('instance.cleanupDone'))
    expect(await watched.interrupted()).toEqual({ code: 0, stderr: '' })
    const told = typesOf(watched.entries())
    expect(typesOf(await done('history', id)).slice(0, told.length)).toEqual(told)
    const last = follow(id)
    await last.told(isTold('instance.terminateRequested'))
    await server.stop()
    expect(await last.ended()).toMatchObject({ code: 1, stderr: expect.stringContaining('does not answer') })
  })
})
