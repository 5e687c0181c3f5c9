/**
 * What the pool knows of an image that was imported: whose name it has, the digest of each of its files, and how each
 * file looked when it had that digest. A file that looks otherwise is read again; one with another digest is refused,
 * because disks are layers over it. (spec: drivers-and-qemu 2, trap 3: a golden image was rewritten, also with mode 0444.)
 */
import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { hasCode, readText, remove, replace } from './files.ts'
import type { ImageFormat } from './image-format.ts'
import { Refusal } from './outcome-of.ts'
import { isName, type Pool } from './pool.ts'

const fileSchema = z.strictObject({
  sha256: z.string(),
  /** How it looked when it had this digest; without one, it is read again before it is used. */
  look: z.string().optional(),
})
const recordSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** Who brought it, and when, ms since 1970. */
  owner: z.string(),
  madeAt: z.int(),
  format: z.enum(['qcow2', 'raw'] satisfies ImageFormat[]),
  virtualBytes: z.int(),
  /** Of the file that was given. */
  sha256: z.string(),
  /** The files that were given, by their paths, and how they looked: such are not read again at the next start. */
  sources: z.record(z.string(), z.string()),
  append: z.string().optional(),
  /** The files of the pool, by their names in `images/`. */
  files: z.record(z.string(), fileSchema),
})
export type ImageRecord = z.output<typeof recordSchema>

const ending = '.image.json'
export const imagesFolder = (pool: Pool): string => dirname(pool.image('any'))
const pathOf = (pool: Pool, id: string): string => join(imagesFolder(pool), `${id}${ending}`)

/** Whatever writes to a file, or puts another in its place, changes this; only the clock could be turned back. */
export const lookOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join(' ')

export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, 'r')
  try {
    for await (const chunk of file.createReadStream({ highWaterMark: 1024 * 1024 })) hash.update(chunk)
    return hash.digest('hex')
  } finally {
    await file.close()
  }
}

/** Undefined for an image that nobody imported: a file that somebody put there. */
export async function imageRecord(pool: Pool, id: string): Promise<ImageRecord | undefined> {
  const text = isName(id) ? await readText(pathOf(pool, id)) : undefined
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text))
}

export async function imageRecords(pool: Pool): Promise<ImageRecord[]> {
  const names = (await readdir(imagesFolder(pool))).filter(name => name.endsWith(ending)).sort()
  const records = await Promise.all(names.map(name => imageRecord(pool, name.slice(0, -ending.length))))
  return records.filter(record => record !== undefined)
}

export const keepImageRecord = (pool: Pool, record: ImageRecord): Promise<void> =>
  replace(pool.temporary(record.id), pathOf(pool, record.id), `${JSON.stringify(record, undefined, 2)}\n`)

export const dropImageRecord = (pool: Pool, id: string): Promise<boolean> => remove(pathOf(pool, id))

/** Throws the Refusal of an imported image of which a file is gone, or is not what it was. */
export async function unchangedOnly(pool: Pool, id: string): Promise<void> {
  const record = await imageRecord(pool, id)
  if (record === undefined) return
  let isSeen = true
  const files: ImageRecord['files'] = {}
  for (const [name, { sha256, look }] of Object.entries(record.files)) {
    const path = join(imagesFolder(pool), name)
    const now = await lookAt(path)
    if (now === undefined) throw new Refusal('notFound', `image ${id} (${record.name}): its file ${name} is gone`)
    if (now !== look) {
      isSeen = false
      if ((await digestOf(path)) !== sha256) {
        throw new Refusal(
          'corrupt',
          `image ${id} (${record.name}): its file ${name} has changed since it was registered`,
        )
      }
    }
    files[name] = { sha256, look: now }
  }
  if (!isSeen) await keepImageRecord(pool, { ...record, files })
}

const lookAt = (path: string): Promise<string | undefined> =>
  stat(path, { bigint: true }).then(lookOf, (error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
