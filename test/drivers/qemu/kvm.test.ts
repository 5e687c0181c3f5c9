/** KVM is believed after it has booted a kernel, and not before; what is tried is ended. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, type TestContext } from 'vitest'
import { AcceleratorUnproven, knownVerdict, proveKvm, qemu } from '../../../src/drivers/qemu/index.ts'
import { describeWith, inFolder, qemuSystem } from './debian.ts'
import { builtGuest } from './guest.ts'

/** Has `work` meet another QEMU: a shell script that is given the words of a launch, for which `$real` is the real one. */
async function withQemu<T>(folder: string, script: string, work: () => Promise<T>): Promise<T> {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  const real = execFileSync('sh', ['-c', 'command -v qemu-system-x86_64'], { encoding: 'utf8' }).trim()
  const asks = 'case "$*" in --version|"-machine help") exec $real "$@";; esac'
  writeFileSync(join(bin, 'qemu-system-x86_64'), `#!/bin/bash\nreal=${real}\n${asks}\n${script}\n`, { mode: 0o755 })
  const before = process.env.PATH
  process.env.PATH = `${bin}:${before}`
  try {
    return await work()
  } finally {
    process.env.PATH = before
  }
}
const kernel = { kernel: '/boot/of-this-test' }
const comesUp = 'echo "[    0.5] Run /init as init process"; exec sleep 600'
/** The processes that have this in their words, which end with zeros. */
const named = (words: string): string[] =>
  readdirSync('/proc').filter(pid => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(words)
    } catch {
      return false
    }
  })

describeWith(qemuSystem, 'KVM', () => {
  const proved = (title: string, tell: (folder: string, context: TestContext) => Promise<void>, withinMs?: number) =>
    it(
      title,
      async (context: TestContext) => {
        if (knownVerdict().state === 'absent') return context.skip(`needs /dev/kvm: ${knownVerdict().why}`)
        await inFolder(folder => tell(folder, context))
      },
      withinMs,
    )

  proved('is unproven without a kernel to try, and then not used', async pool => {
    expect((await proveKvm({ pool })).state).toBe('unproven')
    expect(() => qemu({ pool, accelerator: 'kvm' })).toThrow(AcceleratorUnproven)
    const driver = qemu({ pool, accelerator: 'auto' })
    await driver.close!()
    expect(existsSync(join(pool, 'kvm.json'))).toBe(false)
  })

  proved('is broken where the kernel says nothing, and what was started is gone', pool =>
    // It may be ended before it has run a line: it is known by the words that it has from the first moment on.
    withQemu(pool, `exec tail -f ${pool}/bin/qemu-system-x86_64`, async () => {
      const verdict = await proveKvm({ pool, kernel, timeoutMs: 300 })
      expect(verdict).toMatchObject({ state: 'broken', why: expect.stringContaining('did not come up in 300 ms') })
      expect(named(pool)).toEqual([])
      expect(knownVerdict(pool)).toEqual(verdict)
      expect(() => qemu({ pool, accelerator: 'kvm' })).toThrow(/broken/)
    }),
  )

  proved('is broken where QEMU gives up, with what it said', pool =>
    withQemu(pool, 'echo "failed to set MSR" >&2; kill -ABRT $$', async () => {
      const { state, why } = await proveKvm({ pool, kernel })
      expect([state, why]).toEqual(['broken', expect.stringMatching(/SIGABRT.*failed to set MSR/)])
    }),
  )

  proved('works where a kernel came up, which is tried once until the computer is started again', pool =>
    withQemu(pool, `echo "$@" >> ${pool}/tried; ${comesUp}`, async () => {
      const tried = () => readFileSync(join(pool, 'tried'), 'utf8').trim().split('\n')
      for (let times = 0; times < 2; times++) expect((await proveKvm({ pool, kernel })).state).toBe('works')
      expect(tried()).toEqual([expect.stringContaining('-accel kvm')])
      for (const accelerator of ['auto', 'kvm'] as const) {
        const driver = qemu({ pool, accelerator })
        await driver.close!()
      }
      const kept = JSON.parse(readFileSync(join(pool, 'kvm.json'), 'utf8'))
      writeFileSync(join(pool, 'kvm.json'), JSON.stringify({ ...kept, bootId: 'of another start' }))
      expect(knownVerdict(pool).state).toBe('unproven')
      expect(() => qemu({ pool, accelerator: 'kvm' })).toThrow(AcceleratorUnproven)
      await proveKvm({ pool, kernel })
      expect(tried().length).toBe(2)
      writeFileSync(join(pool, 'kvm.json'), JSON.stringify({ ...kept, qemuVersion: 'another' }))
      await proveKvm({ pool, kernel })
      expect(tried().length).toBe(3)
      expect(readdirSync(join(pool, '.tmp'))).toEqual([])
    }),
  )

  proved('is not left running by one who is killed while trying', pool =>
    withQemu(pool, `exec tail -f ${pool}/bin/qemu-system-x86_64`, async () => {
      const path = join(import.meta.dirname, '../../../src/drivers/qemu/index.ts')
      const script = `import { proveKvm } from ${JSON.stringify(path)}; await proveKvm({ kernel: { kernel: 'none' }, timeoutMs: 60_000 })`
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
      const ended = once(child, 'exit')
      // Before that, QEMU is asked for its version.
      const tried = () => named(`tail\0-f\0${pool}`)
      while (tried().length === 0) await sleep(20)
      child.kill('SIGKILL')
      await ended
      // The test's own time limit ends it.
      while (tried().length > 0) await sleep(20)
    }),
  )

  proved(
    'would be seen to work: the kernel that is tried comes up on a machine that works',
    async (pool, context) => {
      if (process.env.STEMMA_QEMU_GUESTS !== '1') return context.skip('set STEMMA_QEMU_GUESTS=1 to boot real guests')
      const guest = builtGuest()
      if ('missing' in guest) return context.skip(guest.missing)
      const files = { kernel: join(guest.folder, 'vmlinuz'), initrd: join(guest.folder, 'initrd') }
      // The same machine and words, without KVM.
      await withQemu(pool, `exec $real "\${@/#kvm/tcg}"`, async () => {
        expect((await proveKvm({ pool, kernel: files, timeoutMs: 120_000 })).state).toBe('works')
      })
    },
    180_000,
  )
})
