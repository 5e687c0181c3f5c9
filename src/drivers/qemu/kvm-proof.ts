/**
 * The proof: the machine that is used otherwise, with KVM, boots a real kernel until that would run its first program, or
 * finds that it has none. All else (the device, its version, the firmware) also works on computers where no kernel comes
 * up. What is started here is ended here.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replace } from './files.ts'
import { bootFileSchema } from './images.ts'
import { bootId, type KvmVerdict, keptVerdict, knownVerdict, verdictPath } from './kvm-verdict.ts'
import { newestMachineType, qemuSystem } from './machine-type.ts'
import { runTool } from './tool.ts'

export interface KvmProofOptions {
  /** Where the verdict is kept until the computer is started again; without one, it is not. */
  readonly pool?: string
  /** The kernel to boot. Default: that of the first image in the pool that brings one; without any, nothing is tried. */
  readonly kernel?: { readonly kernel: string; readonly initrd?: string }
  /** How long it may take. Default 20 000. */
  readonly timeoutMs?: number
  /** Also when there is a verdict already. */
  readonly again?: boolean
}

/** What a Linux writes when it has come up: memory, timers, interrupts and devices work by then. */
const marker = /Run \S+ as init process|Kernel panic - not syncing: VFS: Unable to mount root/
const keptBytes = 64 * 1024
/** Of util-linux: what it starts is killed when we die, by whatever means. What spins in a guest would go on for ever. */
const mortal = ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--']

/** Boots the kernel with KVM, unless there is a verdict. Throws ToolFailed where there is no QEMU. */
export async function proveKvm(options: KvmProofOptions): Promise<KvmVerdict> {
  const { pool, timeoutMs = 20_000, again = false } = options
  const known = knownVerdict(pool)
  if (known.state === 'absent') return known
  const qemuVersion = await versionOf()
  const isOfThis = pool !== undefined && keptVerdict(pool)?.qemuVersion === qemuVersion
  if (known.state !== 'unproven' && isOfThis && !again) return known
  const kernel = options.kernel ?? (pool === undefined ? undefined : await kernelIn(pool))
  if (kernel === undefined) {
    return {
      state: 'unproven',
      why: 'there is no kernel to try it with: an image of the pool that brings its own would be one',
    }
  }
  const verdict = await booted(await newestMachineType(), kernel, timeoutMs)
  if (pool !== undefined) {
    await mkdir(join(pool, '.tmp'), { recursive: true, mode: 0o700 })
    const kept = { bootId: bootId(), qemuVersion, ...verdict, at: new Date().toISOString() }
    await replace(join(pool, '.tmp', `kvm.${process.pid}`), verdictPath(pool), `${JSON.stringify(kept)}\n`)
  }
  return verdict
}

/** Of the first image that boots one. */
async function kernelIn(pool: string): Promise<KvmProofOptions['kernel']> {
  const folder = join(pool, 'images')
  const names = await readdir(folder).catch(() => [])
  const file = names.sort().find(name => name.endsWith('.boot.json'))
  if (file === undefined) return undefined
  const { kernel, initrd } = bootFileSchema.parse(JSON.parse(await readFile(join(folder, file), 'utf8')))
  return { kernel: join(folder, kernel), initrd: initrd && join(folder, initrd) }
}

const versionOf = async (): Promise<string> =>
  /version (.+)/.exec((await runTool(qemuSystem, ['--version'])).output)?.[1] ?? 'unknown'

type Proved = KvmVerdict & { readonly state: 'works' | 'broken' }

function booted(
  machine: string,
  { kernel, initrd }: { kernel: string; initrd?: string },
  timeoutMs: number,
): Promise<Proved> {
  const words = [
    ...['-accel', 'kvm', '-machine', machine, '-smp', '1', '-m', '256M', '-nodefaults', '-no-user-config'],
    ...['-display', 'none', '-no-reboot', '-serial', 'stdio'],
    ...['-kernel', kernel, ...(initrd === undefined ? [] : ['-initrd', initrd]), '-append', 'console=ttyS0 panic=-1'],
  ]
  const [program, ...all] = [...(existsSync(mortal[0]!) ? mortal : []), qemuSystem, ...words] as [string, ...string[]]
  const child = spawn(program, all, {
    env: { LC_ALL: 'C.UTF-8', PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [console, errors, isTimedOut] = ['', '', false]
  child.stderr.on('data', data => {
    errors = `${errors}${data}`.slice(-keptBytes)
  })
  child.stdout.on('data', data => {
    console = `${console}${data}`.slice(-keptBytes)
    if (marker.test(console)) child.kill('SIGKILL')
  })
  const timer = setTimeout(() => {
    isTimedOut = true
    child.kill('SIGKILL')
  }, timeoutMs)
  return new Promise(resolve => {
    const end = (why: string) => {
      clearTimeout(timer)
      const works = { state: 'works', why: `a kernel came up with it (${kernel})` } as const
      resolve(marker.test(console) ? works : { state: 'broken', why })
    }
    child.once('error', error => end(error.message))
    child.once('close', (code, signal) => {
      const said = `${Buffer.byteLength(console)} bytes on its console`
      if (isTimedOut) return end(`the kernel ${kernel} did not come up in ${timeoutMs} ms, with ${said}`)
      const words = errors.trim().split('\n').at(-1) || said
      end(`QEMU ended with ${signal ?? code} before the kernel ${kernel} came up: ${words}`)
    })
  })
}
