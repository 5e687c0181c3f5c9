/** A file system of a few mebibytes, to be filled from inside a guest. */
import { execFileSync } from 'node:child_process'
import { qemuImg, qemuSystem } from './debian.ts'

/** Why no small file system can be had here; undefined when it is mounted. */
export const mounting = (folder: string, size: string): string | undefined => {
  try {
    for (const { probe } of [qemuSystem, qemuImg]) execFileSync(probe[0], probe.slice(1), { stdio: 'ignore' })
  } catch {
    return `install the Debian packages ${qemuSystem.packages} to run this`
  }
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'none', folder], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return `a file system of its own needs the right to mount (root): ${(error as Error).message.split('\n')[1]}`
  }
}
export const enlarge = (folder: string, size: string): void => {
  execFileSync('mount', ['-o', `remount,size=${size}`, folder])
}
/** Its name is free at once, also where a process that is ending still has a file of it. */
export const unmount = (folder: string): void => {
  execFileSync('umount', ['--lazy', folder])
}
