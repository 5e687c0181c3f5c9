/** Nothing here needs root: the whole life of a machine, as the user who may do least. */
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, type TestContext } from 'vitest'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { endAll } from './processes.ts'
import { talkingGuest } from './talking-guest.ts'

const idOf = (user: string): { uid: number; gid: number } | undefined => {
  try {
    const number = (option: string) => Number(execFileSync('id', [option, user], { encoding: 'utf8', stdio: 'pipe' }))
    return { uid: number('-u'), gid: number('-g') }
  } catch {
    return undefined
  }
}
/** Whether that user can run our own program, which may lie in somebody's home. */
const canRun = (who: { uid: number; gid: number }): boolean => {
  try {
    execFileSync(process.execPath, ['--version'], { ...who, cwd: import.meta.dirname, stdio: 'pipe' })
    execFileSync('cat', [join(import.meta.dirname, 'ordinary-user.ts')], { ...who, stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

describeWith(qemuSystem, 'a pool whose path has all that a shell and QEMU read', () => {
  it('has machines as any other, and runs nothing else', () =>
    inFolder(async folder => {
      const [pool, images] = [join(folder, `a:b=c;$(touch owned)%s{"',,d é`), join(folder, 'images')]
      mkdirSync(images)
      writeFileSync(join(images, 'talker.raw'), talkingGuest())
      try {
        const words = [join(import.meta.dirname, 'ordinary-user.ts'), pool, images]
        const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: folder })
        expect(JSON.parse(stdout)).toMatchObject({ endedBy: 'guest', refused: [] })
        expect(readdirSync(folder)).not.toContain('owned')
      } finally {
        await endAll(pool)
      }
    }))
})

describeWith(qemuSystem, 'an ordinary user', () => {
  it('runs machines in a pool of its own, and can not change an image', async (context: TestContext) => {
    if (process.getuid!() !== 0)
      return context.skip('only root can become another user; all else here runs as this one')
    const nobody = idOf('nobody')
    if (nobody === undefined || !canRun(nobody)) return context.skip('there is no user nobody who can run this')
    await inFolder(async folder => {
      chmodSync(folder, 0o755)
      const [pool, images] = [join(folder, 'pool'), join(folder, 'images')]
      for (const each of [pool, images]) mkdirSync(each)
      chownSync(pool, nobody.uid, nobody.gid)
      writeFileSync(join(images, 'talker.raw'), talkingGuest())
      try {
        const words = [join(import.meta.dirname, 'ordinary-user.ts'), pool, images]
        const env = { PATH: process.env.PATH, HOME: '/nonexistent' }
        const { stdout } = await promisify(execFile)(process.execPath, words, { ...nobody, env, cwd: '/' })
        expect(JSON.parse(stdout)).toEqual({
          ...{ uid: nobody.uid, endedBy: 'guest', refused: [], canWrite: false },
          commit: expect.stringContaining('Permission denied'),
        })
      } finally {
        await endAll(pool)
      }
    })
  })
})
