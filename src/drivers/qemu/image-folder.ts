/** What is in a folder of images: its disks, the kernels beside them, and what can not be taken, each with why. */
import { readdir, readFile, realpath } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promised } from './image-format.ts'
import { type BootFile, bootFileSchema } from './images.ts'

export interface ImageFiles {
  /** The name of the image: that of its disk, without the ending. */
  readonly name: string
  readonly disk: string
  readonly boot?: { readonly kernel: string; readonly initrd?: string; readonly append: string }
}
/** A file that can not be an image. */
export interface RefusedFile {
  readonly file: string
  readonly why: string
}
/** This file can not be taken; the message says why. */
export class ImageRefused extends Error {
  override readonly name = 'ImageRefused'
}

/** For a guest that has its root on the whole disk; others say their own in `<name>.boot.json`. */
const appendDefault = 'console=ttyS0 root=/dev/vda'
const nameBytesMax = 128

/** In order of names. Throws what reading the folder throws. */
export async function filesIn(folder: string): Promise<(ImageFiles | RefusedFile)[]> {
  const files = (await readdir(folder)).filter(file => !file.startsWith('.')).sort()
  const disks = files.filter(file => promised[extname(file).toLowerCase()] !== undefined)
  const named = new Set<string>()
  const found: (ImageFiles | RefusedFile)[] = []
  for (const file of disks) {
    try {
      const name = nameOf(file, named)
      named.add(name)
      found.push({ name, disk: join(folder, file), boot: await bootOf(folder, name, files) })
    } catch (error) {
      if (!(error instanceof ImageRefused)) throw error
      found.push({ file, why: error.message })
    }
  }
  return found
}

function nameOf(file: string, taken: ReadonlySet<string>): string {
  const ending = extname(file)
  if (promised[ending.toLowerCase()] === 'refused') {
    throw new ImageRefused(`images are qcow2 or raw; convert it: qemu-img convert -O qcow2 FROM ${'NAME.qcow2'}`)
  }
  const name = file.slice(0, -ending.length)
  if (/\p{Cc}/u.test(file)) throw new ImageRefused('its name has line breaks or other control characters')
  if (file.includes('\ufffd')) throw new ImageRefused('its name is not UTF-8')
  if (Buffer.byteLength(name) > nameBytesMax) throw new ImageRefused(`its name has more than ${nameBytesMax} bytes`)
  if (taken.has(name)) throw new ImageRefused(`another file has the name ${JSON.stringify(name)} already`)
  return name
}

async function bootOf(folder: string, name: string, files: readonly string[]): Promise<ImageFiles['boot']> {
  const said = `${name}.boot.json`
  const boot = files.includes(said) ? await readBoot(join(folder, said)) : beside(name, files)
  if (boot === undefined) return undefined
  const { kernel, initrd, append = appendDefault } = boot
  for (const file of [kernel, initrd]) {
    if (file !== undefined && !files.includes(file)) throw new ImageRefused(`${said} names ${file}, which is not there`)
  }
  return { kernel: join(folder, kernel), initrd: initrd && join(folder, initrd), append }
}

/** A kernel of its own, else the one of the folder. */
function beside(name: string, files: readonly string[]): BootFile | undefined {
  for (const before of [`${name}.`, '']) {
    const [kernel, initrd] = [`${before}vmlinuz`, `${before}initrd`]
    if (files.includes(kernel)) return { kernel, ...(files.includes(initrd) ? { initrd } : {}) }
  }
  return undefined
}

async function readBoot(path: string): Promise<BootFile> {
  try {
    return bootFileSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    throw new ImageRefused(`its boot file is wrong: ${(error as Error).message}`)
  }
}

/** The file itself, which is in the folder. Throws ImageRefused for a link that leaves it. */
export async function insideOnly(folder: string, path: string): Promise<string> {
  const [root, file] = await Promise.all([realpath(folder), realpath(path)]).catch((error: NodeJS.ErrnoException) => {
    throw new ImageRefused(`it can not be read: ${error.code}`)
  })
  if (file.startsWith(root === '/' ? root : `${root}/`)) return file
  throw new ImageRefused('it is a link out of the folder')
}
