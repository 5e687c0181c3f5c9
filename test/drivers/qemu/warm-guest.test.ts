/** A guest that is kept for the tests goes on in copies of its pool, each for itself, and stays as it was kept. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, type TestContext } from 'vitest'
import { doing } from './asking.ts'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { guestOrSkip, told } from './guest.ts'
import { endAll } from './processes.ts'
import { publish, warm, withGuestUp } from './warm-guest.ts'

/** By path, what the files of a folder have in them. */
const digests = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
    .map(path => [path, createHash('sha256').update(readFileSync(path)).digest('hex')])

describeWith(qemuSystem, 'a guest that is kept', () => {
  it('goes on in several pools at once, as nobody but itself, and is kept as it was', async (trial: TestContext) => {
    const guest = guestOrSkip(trial)
    const kept = await warm(guest)
    if (kept === undefined) throw new Error('no guest was kept, and the warning says why')
    const before = digests(kept)
    await inFolder(async folder => {
      const pools = ['a', 'b'].map(name => join(folder, name))
      const drivers = await Promise.all(pools.map(pool => withGuestUp(guest, pool)))
      try {
        for (const [at, driver] of drivers.entries()) {
          // It did not boot: its process was told to go on from a memory.
          expect(readFileSync(join(pools[at]!, 'run', 'i-1', 'launch.json'), 'utf8')).toContain('-incoming')
          expect((await told(driver)).match(/guest: boots 1/g)).toHaveLength(1)
          const ended = await doing(driver, 'instancePower', 'i-1', { want: 'off', mode: 'graceful', generation: 1 })
          expect(ended.facts.endedBy).toBe('guest')
          while (!(await told(driver)).includes('guest: asked to end')) await sleep(20)
        }
      } finally {
        for (const driver of drivers) await driver.close!()
        for (const pool of pools) await endAll(pool)
      }
    })
    expect(digests(kept)).toEqual(before)
  }, 300_000)
})

describe('what is kept of a pool', () => {
  it('is that of whoever was first, whole, and nothing else is left of the others', () =>
    inFolder(async folder => {
      const pools = ['first', 'second'].map(name => {
        const pool = join(folder, name)
        for (const part of ['images', 'volumes', 'records/volume', 'records/instance', 'states', 'run/i-1'])
          mkdirSync(join(pool, part), { recursive: true })
        writeFileSync(join(pool, 'states', 'i-1.1'), name)
        return pool
      })
      const cache = join(folder, 'cache')
      mkdirSync(cache)
      for (const pool of pools) publish(pool, join(cache, 'guest.warm-1'))
      expect(readdirSync(cache)).toEqual(['guest.warm-1'])
      expect(readFileSync(join(cache, 'guest.warm-1', 'states', 'i-1.1'), 'utf8')).toBe('first')
    }))
})
