/** One process writes to a file. A second one hears who does, and takes over when the first is gone, however it went. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readOwner, sqlite } from '../../src/store/sqlite/index.ts'
import { commitNumber, picture, views } from './everything.ts'

let folder = ''
let path = ''
let holder: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stemma-lock-'))
  path = join(folder, 'cloud.db')
})
afterEach(async () => {
  await end('SIGKILL')
  rmSync(folder, { recursive: true })
})

async function hold(): Promise<number> {
  const script = join(import.meta.dirname, 'holder.ts')
  holder = spawn(process.execPath, ['--expose-gc', script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout!, 'data')
  return holder.pid!
}
async function end(signal: NodeJS.Signals): Promise<void> {
  if (!holder) return
  const exited = once(holder, 'exit')
  holder.kill(signal)
  await exited
  holder = undefined
}

describe('a file that another process writes', () => {
  it('is refused, with the process, its address and the file named', async () => {
    const pid = await hold()
    const refused = { code: 'alreadyOpen', message: expect.stringMatching(`${path}.* ${pid} .*http://127.0.0.1:4711`) }
    await expect(sqlite(path).open(views)).rejects.toMatchObject(refused)
    expect(readOwner(path)).toMatchObject({ pid, url: 'http://127.0.0.1:4711' })
  })

  it('stays refused when that process collects memory and nothing in it refers to its store', async () => {
    await hold()
    holder!.kill('SIGUSR2')
    await once(holder!.stdout!, 'data')
    await expect(sqlite(path).open(views)).rejects.toMatchObject({ code: 'alreadyOpen' })
  })

  it('is refused by any name it has', async () => {
    await hold()
    const link = join(folder, 'link.db')
    symlinkSync(path, link)
    await expect(sqlite(link).open(views)).rejects.toMatchObject({ code: 'alreadyOpen' })
    expect(readOwner(link)).toMatchObject({ pid: holder!.pid })
  })

  it('can be read meanwhile, and only read', async () => {
    await hold()
    const reader = sqlite({ path, readOnly: true })
    expect(await reader.open(views)).toMatchObject({
      position: 2,
      watermarks: new Map([
        ['snapshots', 2],
        ['limits', 2],
        ['inventory', 2],
      ]),
    })
    expect((await reader.query('inventory', { limit: 10 })).length).toBe(2)
    await expect(reader.commit(commitNumber(2))).rejects.toMatchObject({ code: 'failed' })
    await expect(reader.resetView('inventory')).rejects.toMatchObject({ code: 'failed' })
    await expect(reader.pruneTokens(9, 9)).rejects.toMatchObject({ code: 'failed' })
    await expect(reader.forget('lamp', [], [])).rejects.toMatchObject({ code: 'failed' })
    await reader.close()
  })

  it('is free again after kill -9, with everything that was committed', async () => {
    await hold()
    await end('SIGKILL')
    expect(readOwner(path)).toBe(undefined)
    const store = sqlite(path)
    expect(await store.open(views)).toMatchObject({ position: 2 })
    expect(readOwner(path)).toMatchObject({ pid: process.pid })
    await store.commit(commitNumber(2))
    const inMemory = sqlite(':memory:')
    await inMemory.open(views)
    for (const n of [1, 2]) await inMemory.commit(commitNumber(n))
    expect(await picture(store, 2)).toEqual(await picture(inMemory, 2))
    await store.close()
  })
})

describe('a file that another process only asks about', () => {
  it('is opened all the same, where that process is held up in the middle of it', async () => {
    const first = sqlite(path)
    await first.open(views)
    await first.close()
    const words = [join(import.meta.dirname, 'asker.ts'), `${path}-writer`]
    holder = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(holder, 'exit')
    await once(holder.stdout!, 'data')
    const store = sqlite(path)
    expect(await store.open(views)).toMatchObject({ position: 0 })
    await store.close()
    await ended
    holder = undefined
  })
})

describe('a file that this process writes', () => {
  it('is not held where it could not be said who holds it', async () => {
    mkdirSync(`${path}-owner`)
    await expect(sqlite(path).open(views)).rejects.toMatchObject({ code: 'failed' })
    rmSync(`${path}-owner`, { recursive: true })
    const store = sqlite(path)
    expect(await store.open(views)).toMatchObject({ position: 0 })
    await store.close()
  })

  it('is refused to a second store of the same process, and free after close', async () => {
    const first = sqlite(path)
    await first.open(views)
    const refused = { code: 'alreadyOpen', message: expect.stringContaining(String(process.pid)) }
    await expect(sqlite(path).open(views)).rejects.toMatchObject(refused)
    await expect(first.open(views)).rejects.toMatchObject({ code: 'alreadyOpen' })
    await first.commit(commitNumber(1))
    await first.close()
    expect(existsSync(`${path}-owner`)).toBe(false)
    expect(readOwner(path)).toBe(undefined)
    const second = sqlite(path)
    expect(await second.open(views)).toMatchObject({ position: 2 })
    await second.close()
  })
})
