/** A guest with an operating system, built once and kept in a cache folder: too large to commit, too slow to build twice. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, linkSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'vitest'
import type { Driver } from '../../../src/drivers/driver.ts'
import { context } from './asking.ts'

const parts = ['build-guest.sh', 'guest-init.sh'].map(name => join(import.meta.dirname, name))

/** The kernel's own package, as apt knows it: its version is in its name. Undefined without apt, or without its lists. */
const kernelPackage = (): string | undefined => {
  try {
    const told = execFileSync('apt-cache', ['depends', 'linux-image-cloud-amd64'], { stdio: 'pipe' }).toString()
    return /Depends: (linux-image-\S+)/.exec(told)?.[1]
  } catch {
    return undefined
  }
}

/** The folder with `vmlinuz` and `initrd`; or why it can not be built here. */
export function builtGuest(): { folder: string } | { missing: string } {
  const hash = createHash('sha256')
  for (const path of parts) hash.update(readFileSync(path))
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'stemma')
  const name = `guest-${hash.digest('hex').slice(0, 16)}-`
  const isBuilt = (folder: string) => existsSync(join(folder, 'vmlinuz'))
  const kernel = kernelPackage()
  if (kernel === undefined) {
    // Any kernel that was built with these parts is as good.
    const known = existsSync(cache) ? readdirSync(cache).filter(each => each.startsWith(name)) : []
    const folder = known.map(each => join(cache, each)).find(isBuilt)
    return folder ? { folder } : { missing: 'apt knows no package linux-image-cloud-amd64: run apt-get update' }
  }
  const folder = join(cache, `${name}${kernel}`)
  if (isBuilt(folder)) return { folder }
  try {
    execFileSync('sh', [parts[0]!, kernel, folder], { stdio: ['ignore', 'ignore', 'pipe'] })
    return { folder }
  } catch (error) {
    const why = (error as { stderr?: Buffer }).stderr?.toString().trim() ?? String(error)
    return { missing: `no guest could be built (Debian packages busybox-static and cpio, and apt-get): ${why}` }
  }
}

/** The folder, or the end of this test: skipped with what is missing, and failed where CI should have brought it. */
export function guestOrSkip(trial: TestContext): string {
  const guest = builtGuest()
  if ('folder' in guest) return guest.folder
  if (process.env.CI) throw new Error(guest.missing)
  return trial.skip(guest.missing)
}

/** Puts an image into a pool: it boots the kernel, its disk is empty. */
export function addGuestImage(folder: string, pool: string, id = 'guest'): void {
  const images = join(pool, 'images')
  for (const name of ['vmlinuz', 'initrd']) {
    if (existsSync(join(images, name))) continue
    try {
      linkSync(join(folder, name), join(images, name))
    } catch {
      copyFileSync(join(folder, name), join(images, name))
    }
  }
  const boot = { kernel: 'vmlinuz', initrd: 'initrd', append: 'console=ttyS0 quiet panic=-1' }
  writeFileSync(join(images, `${id}.boot.json`), JSON.stringify(boot))
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(images, `${id}.qcow2`), '8M'])
}

/** What the guest has written to its console. */
export const told = async (driver: Driver, instance = 'i-1'): Promise<string> => {
  const output = await driver.consoleOutput!(instance, context())
  return Buffer.from(output!.outputBase64, 'base64').toString()
}
