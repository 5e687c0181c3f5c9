/** A pool, and a folder of images for it. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Imported, importImages } from '../../../src/drivers/qemu/index.ts'
import { mebibytes } from './asking.ts'
import { inFolder } from './debian.ts'

export interface Place {
  readonly pool: string
  readonly folder: string
  readonly take: (more?: object) => Promise<Imported>
}
export const withFolder = (work: (place: Place) => Promise<void>): Promise<void> =>
  inFolder(async root => {
    const [pool, folder] = [join(root, 'pool'), join(root, 'images')]
    mkdirSync(folder)
    await work({ pool, folder, take: more => importImages({ pool, folder, ...more }) })
  })

export const qemuImgDoes = (...words: string[]) => void execFileSync('qemu-img', words, { stdio: 'pipe' })

/** A raw disk full of one letter. */
export const raw = (path: string, letter = 'a', sizeBytes = mebibytes) =>
  writeFileSync(path, Buffer.alloc(sizeBytes, letter))

export const patch = (path: string, at: number, bytes: Buffer): void => {
  const all = readFileSync(path)
  bytes.copy(all, at)
  writeFileSync(path, all)
}
