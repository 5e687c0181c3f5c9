/**
 * Files that are there whole or not at all. A tool that is killed half-way leaves an image that looks sound, and one that
 * is run again overwrites; so everything is made under a private name and gets its own by link(2), which never replaces.
 * (spec: drivers-and-qemu 2, traps 1 and 2.)
 */
import { link, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Waits until the bytes of a file, or the names in a folder, are on the disk. */
export const syncFile = async (path: string): Promise<void> => {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

export const syncFolderOf = (name: string): Promise<void> => syncFile(dirname(name))

export const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException)?.code === code

/** Gives what was made as `made` its name. False if something else has the name already; `made` is gone either way. */
export async function publish(made: string, name: string): Promise<boolean> {
  await syncFile(made)
  try {
    await link(made, name)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(made, { force: true })
    await syncFolderOf(name)
  }
}

/** Writes a small file in one step, over what was there. `made` is a private name in the same file system. */
export async function replace(made: string, name: string, text: string): Promise<void> {
  try {
    await writeFile(made, text, { mode: 0o600, flush: true })
    await rename(made, name)
  } catch (error) {
    await rm(made, { force: true })
    throw error
  }
  await syncFolderOf(name)
}

/** True if there was something to remove. */
export async function remove(name: string): Promise<boolean> {
  try {
    await rm(name)
    await syncFolderOf(name)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Undefined where there is none. */
export const readText = (name: string): Promise<string | undefined> =>
  readFile(name, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
