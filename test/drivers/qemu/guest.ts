/** A guest with an operating system, built once and kept in a cache folder: too large to commit, too slow to build twice. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, linkSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const parts = ['build-guest.sh', 'guest-init.sh'].map(name => join(import.meta.dirname, name))

/** The folder with `vmlinuz` and `initrd`; or why it can not be built here. */
export function builtGuest(): { folder: string } | { missing: string } {
  const hash = createHash('sha256')
  for (const path of parts) hash.update(readFileSync(path))
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const folder = join(cache, 'stemma', `guest-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(join(folder, 'vmlinuz'))) return { folder }
  try {
    execFileSync('sh', [parts[0]!, folder], { stdio: ['ignore', 'ignore', 'pipe'] })
    return { folder }
  } catch (error) {
    const why = (error as { stderr?: Buffer }).stderr?.toString().trim() ?? String(error)
    return { missing: `no guest could be built (Debian packages busybox-static and cpio, and apt-get): ${why}` }
  }
}

/** Puts an image `guest` into a pool: it boots the kernel, its disk is empty. */
export function addGuestImage(folder: string, pool: string): void {
  const images = join(pool, 'images')
  for (const name of ['vmlinuz', 'initrd']) {
    try {
      linkSync(join(folder, name), join(images, name))
    } catch {
      copyFileSync(join(folder, name), join(images, name))
    }
  }
  const boot = { kernel: 'vmlinuz', initrd: 'initrd', append: 'console=ttyS0 quiet panic=-1' }
  writeFileSync(join(images, 'guest.boot.json'), JSON.stringify(boot))
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(images, 'guest.qcow2'), '8M'])
}
