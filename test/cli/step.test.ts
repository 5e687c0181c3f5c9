/**
 * Why this test? `stemma step` reads keys from a terminal, so nothing but a terminal shows whether it does. `script` of
 * util-linux gives it one.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main, node, stemma } from './stemma.ts'

let folder: string
let id: string
let count: number
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-step-'))
  id = JSON.parse((await stemma(folder, ['launch', '--json'])).stdout).id
  count = JSON.parse((await stemma(folder, ['step', id, '--json'])).stdout).length
})
afterAll(() => rm(folder, { recursive: true }))

/** The command in a terminal, which hears what is typed. */
function terminal(line: string) {
  const child: ChildProcess = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', TERM: 'xterm' },
  })
  const ended = once(child, 'close')
  let shown = ''
  let look = () => {}
  child.stdout!.setEncoding('utf8').on('data', data => {
    shown += data
    look()
  })
  /** Which step is on the screen once it shows anything new: `2 of 9`. */
  const next = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      look = () => {
        const found = pattern.exec(stripVTControlCharacters(shown))
        if (!found) return
        shown = ''
        look = () => {}
        resolve(found[0])
      }
      void ended.then(() => reject(new Error(`it ended: ${shown}`)))
      look()
    })
  return {
    /** Presses a key and waits for a whole step to be shown. */
    async press(key: string) {
      child.stdin!.write(key)
      return next(screen)
    },
    shows: () => next(screen),
    async ends(key: string) {
      child.stdin!.write(key)
      return (await ended)[0]
    },
  }
}

/** The number of a step, and all of it down to the help. */
const screen = /\d+ of \d+(?=[\s\S]*q: end)/
const hasTerminal = spawnSync('script', ['--version']).status === 0
if (!hasTerminal) console.log('stemma step was not tried in a terminal: install util-linux (script).')

describe('stemma step', () => {
  // A terminal comes with script, of util-linux.
  it.skipIf(!hasTerminal)(
    'goes forward and backward by keys, stays at both ends, and ends when it is told',
    async () => {
      const line = [node, main, 'step', id].map(word => `'${word}'`).join(' ')
      const walk = terminal(line)
      expect(await walk.shows()).toBe(`1 of ${count}`)
      expect(await walk.press('n')).toBe(`2 of ${count}`)
      expect(await walk.press(' ')).toBe(`3 of ${count}`)
      expect(await walk.press('\u001b[D')).toBe(`2 of ${count}`)
      expect(await walk.press('G')).toBe(`${count} of ${count}`)
      // There is nothing after the last: the next key that is heard goes back from there.
      expect(await walk.press('np')).toBe(`${count - 1} of ${count}`)
      expect(await walk.press('g')).toBe(`1 of ${count}`)
      expect(await walk.press('\u001b[C')).toBe(`2 of ${count}`)
      expect(await walk.ends('q')).toBe(0)
      const other = terminal(line)
      await other.shows()
      expect(await other.ends('\u0003')).toBe(0)
    },
  )

  it('prints every step where nobody sits at a terminal', async () => {
    const { stdout, code } = await stemma(folder, ['step', id])
    expect(code).toBe(0)
    expect(stdout.match(/^\d+ of \d+/gm)).toHaveLength(count)
  })
})
