/**
 * Takes the images of a folder into a pool: each is copied, looked at by its own bytes, made a qcow2 file that stands for
 * itself and that nobody writes, and known by an id that follows from its name and contents. Doing it again does nothing.
 * (spec: drivers-and-qemu 6, images-and-rendering S26 to S28.)
 */
import { createHash } from 'node:crypto'
import { chmod, stat, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { confined } from './confined.ts'
import { publish, remove } from './files.ts'
import { copied } from './image-copy.ts'
import { filesIn, type ImageFiles, ImageRefused, insideOnly, type RefusedFile } from './image-folder.ts'
import { formatOf, type ImageFormat, promised } from './image-format.ts'
import {
  digestOf,
  type ImageRecord,
  imageRecords,
  imagesFolder,
  keepImageRecord,
  lookOf,
  unchangedOnly,
} from './image-records.ts'
import { Refusal } from './outcome-of.ts'
import { Pool } from './pool.ts'
import { Qcow2Invalid, readQcow2Header } from './qcow2-header.ts'
import { ToolFailed } from './tool.ts'

export interface ImportOptions {
  /** The pool it goes to, made if it is missing. */
  readonly pool: string
  /** The folder with the images. */
  readonly folder: string
  /** Whose they are, in observations: that of the engine that is to use the pool. Default `stemma`. */
  readonly owner?: string
  /** The largest disk that is taken, as its guest sees it. Default 64 GiB. */
  readonly diskBytesMax?: number
  /** Asked before a new image is made; gives a reason not to, in words. */
  readonly objection?: (image: NewImage) => Promise<string | undefined>
  readonly signal?: AbortSignal
}
export interface NewImage {
  /** `img-` and 17 hexadecimal digits: the same for the same name, disk, kernel and words to it. */
  readonly id: string
  readonly name: string
  /** Of the file that was given. */
  readonly sha256: string
  readonly format: ImageFormat
  /** Size of the disk its guests see. */
  readonly virtualBytes: number
  /** QEMU itself loads its kernel. */
  readonly bootsKernel: boolean
}
export interface Imported {
  readonly images: readonly NewImage[]
  readonly refused: readonly RefusedFile[]
}

const ownerDefault = 'stemma'
const diskBytesMaxDefault = 64 * 1024 ** 3
const kernelBytesMax = 512 * 1024 ** 2

/** Gives the images of the folder that are in the pool now, and the files that were refused. Throws PoolInUse. */
export async function importImages(options: ImportOptions): Promise<Imported> {
  const pool = new Pool(options.pool)
  const { owner = ownerDefault } = options
  try {
    const [images, refused]: [NewImage[], RefusedFile[]] = [[], []]
    const known = await imageRecords(pool)
    for (const found of await filesIn(options.folder)) {
      if ('why' in found) refused.push(found)
      else {
        try {
          images.push(shown((await sameAsBefore(pool, found, known, owner)) ?? (await taken(pool, found, options))))
        } catch (error) {
          refused.push({ file: found.disk.slice(options.folder.length).replace(/^\/+/, ''), why: whyNot(error) })
        }
      }
    }
    return { images, refused }
  } finally {
    pool.release()
  }
}

const shown = ({ id, name, sha256, format, virtualBytes, append }: ImageRecord): NewImage => ({
  ...{ id, name, sha256, format, virtualBytes, bootsKernel: append !== undefined },
})

/** What is wrong with the file; throws on what is wrong with us. */
function whyNot(error: unknown): string {
  const isKnown = [ImageRefused, Qcow2Invalid, Refusal, ToolFailed].some(each => error instanceof each)
  if (isKnown) return (error as Error).message
  throw error
}

const sourcesOf = ({ disk, boot }: ImageFiles): string[] =>
  [disk, boot?.kernel, boot?.initrd].filter(path => path !== undefined)

/** The record of files that look as they did when they were taken. Throws the Refusal of one that changed in the pool. */
async function sameAsBefore(pool: Pool, files: ImageFiles, known: readonly ImageRecord[], owner: string) {
  const looks: Record<string, string> = {}
  for (const path of sourcesOf(files)) {
    const seen = await stat(path, { bigint: true }).catch(() => undefined)
    if (seen === undefined) return undefined
    looks[path] = lookOf(seen)
  }
  const asSeen = (record: ImageRecord) =>
    record.name === files.name &&
    record.append === files.boot?.append &&
    Object.keys(record.sources).length === Object.keys(looks).length &&
    Object.entries(looks).every(([path, look]) => record.sources[path] === look)
  const record = known.find(asSeen)
  if (record === undefined || !(await isWhole(pool, record.id))) return undefined
  // Whoever brings it now is who will take it away.
  if (record.owner !== owner) await keepImageRecord(pool, { ...record, owner })
  return record
}

/** False where a file is gone, or whoever took the image was killed before it was there: then it is taken again. */
async function isWhole(pool: Pool, id: string): Promise<boolean> {
  try {
    await unchangedOnly(pool, id)
    return true
  } catch (error) {
    const { outcome } = error instanceof Refusal ? error : {}
    if (outcome?.kind === 'rejected' && outcome.error.code === 'notFound') return false
    throw error
  }
}

async function taken(pool: Pool, files: ImageFiles, options: ImportOptions): Promise<ImageRecord> {
  const { folder, diskBytesMax = diskBytesMaxDefault, owner = ownerDefault, objection, signal } = options
  const made: string[] = []
  const privately = async (path: string, bytesMax: number) => {
    const copy = pool.temporary('image')
    made.push(copy)
    return { path, copy, ...(await copied(await insideOnly(folder, path), copy, bytesMax, signal)) }
  }
  try {
    const disk = await privately(files.disk, diskBytesMax)
    const format = formatOnly(files.disk, disk)
    const { boot } = files
    const kernel = boot && (await privately(boot.kernel, kernelBytesMax))
    const initrd = boot?.initrd === undefined ? undefined : await privately(boot.initrd, kernelBytesMax)
    const { virtualBytes } =
      format === 'qcow2' ? await wholeOnly(disk.copy, diskBytesMax, signal) : { virtualBytes: disk.sizeBytes }
    const identity = [files.name, disk.sha256, kernel?.sha256 ?? null, initrd?.sha256 ?? null, boot?.append ?? null]
    const id = `img-${createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 17)}`
    const sources = Object.fromEntries([disk, kernel, initrd].flatMap(each => (each ? [[each.path, each.look]] : [])))
    const mark = { owner, madeAt: Date.now() }
    const looks = { format, virtualBytes, sha256: disk.sha256, sources, append: boot?.append }
    const about = { id, name: files.name, ...mark, ...looks }
    const why = await objection?.(shown({ ...about, files: {} }))
    if (why !== undefined) throw new ImageRefused(why)

    const parts = new Map<string, string>([[`${id}.qcow2`, disk.copy]])
    if (format === 'raw') {
      const image = pool.temporary('image')
      made.push(image)
      await converted(disk.copy, image, disk.sizeBytes, signal)
      parts.set(`${id}.qcow2`, image)
    }
    if (kernel) parts.set(`${id}.vmlinuz`, kernel.copy)
    if (initrd) parts.set(`${id}.initrd`, initrd.copy)
    if (boot) {
      const says = pool.temporary('image')
      made.push(says)
      const words = { kernel: `${id}.vmlinuz`, ...(initrd ? { initrd: `${id}.initrd` } : {}), append: boot.append }
      await writeFile(says, JSON.stringify(words))
      parts.set(`${id}.boot.json`, says)
    }
    return await kept(pool, about, parts)
  } finally {
    for (const path of made) await remove(path)
  }
}

/** The record comes first: a disk without one would be believed whatever becomes of it. */
async function kept(pool: Pool, about: Omit<ImageRecord, 'files'>, parts: ReadonlyMap<string, string>) {
  const files: ImageRecord['files'] = {}
  for (const [name, path] of parts) files[name] = { sha256: await digestOf(path) }
  await keepImageRecord(pool, { ...about, files })
  // The disk comes last: with it, the image is there.
  for (const [name, path] of [...parts].reverse()) {
    await chmod(path, 0o444)
    await publish(path, join(imagesFolder(pool), name))
  }
  // What was published by somebody who was killed then may be another file: it is read as any other.
  await unchangedOnly(pool, about.id)
  return { ...about, files }
}

function formatOnly(path: string, { first, last }: { first: Buffer; last: Buffer }): ImageFormat {
  const format = formatOf(first, last)
  if (typeof format === 'object') throw new ImageRefused(`it is ${format.refused}, and images are qcow2 or raw`)
  const ending = extname(path).toLowerCase()
  if (promised[ending]?.includes(format)) return format
  throw new ImageRefused(`its name says ${ending.slice(1)}, and its contents are ${format}`)
}

/** Throws for a qcow2 file that names others, holds more than one disk, is too large, or is not all there. */
async function wholeOnly(path: string, diskBytesMax: number, signal?: AbortSignal) {
  const header = await readQcow2Header(path)
  if (header.leans.length > 0) throw new ImageRefused(`it does not stand for itself: ${header.leans.join(', ')}`)
  const { virtualBytes } = header
  if (virtualBytes === 0) throw new ImageRefused('its disk is empty')
  if (virtualBytes > diskBytesMax)
    throw new ImageRefused(`its disk has ${virtualBytes} bytes, and at most ${diskBytesMax} are taken`)
  try {
    await confined('qemu-img', ['check', '-q', '-f', 'qcow2', '--', path], { signal })
  } catch (error) {
    const { code } = error instanceof ToolFailed ? error.result : {}
    // 3: clusters that nobody uses, which is untidy and no more.
    if (code === 2) throw new ImageRefused('it is damaged, or not all of it is there (qemu-img check)')
    if (code !== 3) throw error
  }
  return header
}

const converted = (raw: string, made: string, sizeBytes: number, signal?: AbortSignal) =>
  confined('qemu-img', ['convert', '-q', '-t', 'writeback', '-f', 'raw', '-O', 'qcow2', '--', raw, made], {
    signal,
    writtenBytesMax: 2 * sizeBytes + 64 * 1024 ** 2,
  })
