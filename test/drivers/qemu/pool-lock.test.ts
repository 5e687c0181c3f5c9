/** One process uses a pool: who comes second is told who was first, and death lets go. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PoolInUse, poolHolder, qemu } from '../../../src/drivers/qemu/index.ts'
import { inFolder } from './debian.ts'

/** A process that has opened the pool, and does nothing more. */
async function opener(pool: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'opener.ts'), pool], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await Promise.race([event(child.stdout!, 'data'), event(child, 'exit')])
  return child
}
const killed = async (child: ChildProcess): Promise<void> => {
  const gone = event(child, 'exit')
  if (child.exitCode !== null || !child.kill('SIGKILL')) return
  await gone
}

const whileOpened = (pool: string, work: (child: ChildProcess) => Promise<void>) =>
  opener(pool).then(child => work(child).finally(() => killed(child)))

describe('a pool that another process uses', () => {
  it('is refused by any of its names, with who has it, until that process dies', () =>
    inFolder(async folder => {
      const pool = join(folder, 'pool')
      await whileOpened(pool, async child => {
        symlinkSync(pool, join(folder, 'link'))
        for (const name of [pool, join(folder, 'link'), `${folder}/./pool/`]) {
          expect(() => qemu({ pool: name })).toThrow(PoolInUse)
          expect(() => qemu({ pool: name })).toThrow(new RegExp(`process ${child.pid} .*opener\\.ts`))
        }
        expect(poolHolder(pool)).toMatchObject({ pid: child.pid })
        await killed(child)
        expect(poolHolder(pool)).toBe(undefined)
        await qemu({ pool }).close!()
      })
    }))

  it('is its own again after it has been closed, and not a moment before', () =>
    inFolder(async pool => {
      const [first, second] = [qemu({ pool }), qemu({ pool })]
      await first.close!()
      await first.close!()
      expect(await exitOf(pool)).toBe(7)
      await second.close!()
      await whileOpened(pool, async () => expect(() => qemu({ pool })).toThrow(PoolInUse))
    }))

  it('is not the same because its folder has the same name', () =>
    inFolder(async folder => {
      const pool = join(folder, 'pool')
      const before = qemu({ pool })
      renameSync(pool, join(folder, 'old'))
      await whileOpened(pool, async () => expect(() => qemu({ pool })).toThrow(PoolInUse))
      const anew = qemu({ pool })
      await before.close!()
      expect(await exitOf(pool)).toBe(7)
      await anew.close!()
    }))

  it('is not used by who only asks about it, also where that one is held up in the middle of it', () =>
    inFolder(async pool => {
      await qemu({ pool }).close!()
      const words = [join(import.meta.dirname, '../../store/asker.ts'), join(pool, 'lock')]
      const asking = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = event(asking, 'exit')
      await event(asking.stdout!, 'data')
      await qemu({ pool }).close!()
      await ended
    }))

  it('is free where only a note says otherwise', () =>
    inFolder(async pool => {
      mkdirSync(pool, { recursive: true })
      writeFileSync(
        join(pool, 'owner.json'),
        JSON.stringify({ pid: process.ppid, startedAt: 'then', program: 'ghost' }),
      )
      expect(poolHolder(pool)).toBe(undefined)
      await qemu({ pool }).close!()
      rmSync(join(pool, 'lock'))
    }))
})

const exitOf = async (pool: string): Promise<number | null> => {
  const child = await opener(pool)
  const { exitCode } = child
  await killed(child)
  return exitCode
}
