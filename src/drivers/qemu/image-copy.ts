/** A file of somebody's becomes one of the pool's: copied by us, byte for byte, before any tool looks into it. */
import { createHash } from 'node:crypto'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { ImageRefused } from './image-folder.ts'
import { telltaleBytes } from './image-format.ts'
import { lookOf } from './image-records.ts'

export interface Copied {
  readonly sha256: string
  readonly sizeBytes: number
  /** How the original looked. */
  readonly look: string
  readonly first: Buffer
  readonly last: Buffer
}

const chunkBytes = 1024 * 1024
const zeros = Buffer.alloc(chunkBytes)

/** Opens what is a file now and no link to one; a pipe does not make us wait. Throws ImageRefused. */
export async function opened(path: string): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw new ImageRefused(`it can not be read: ${error.code}`)
  })
  const kind = await file.stat()
  if (kind.isFile()) return file
  await file.close()
  throw new ImageRefused(kind.isDirectory() ? 'it is a folder' : 'it is no file')
}

/**
 * Copies a file to a new private name; what is zero stays a hole. Throws ImageRefused for one that is empty, larger than
 * `bytesMax`, or changes meanwhile, and leaves what there is of the copy to its caller.
 */
export async function copied(path: string, made: string, bytesMax: number, signal?: AbortSignal): Promise<Copied> {
  const from = await opened(path)
  try {
    const before = await from.stat({ bigint: true })
    const sizeBytes = Number(before.size)
    if (sizeBytes === 0) throw new ImageRefused('it is empty')
    if (sizeBytes > bytesMax) throw new ImageRefused(`it has ${sizeBytes} bytes, and at most ${bytesMax} are taken`)
    const hash = createHash('sha256')
    const to = await open(made, 'wx', 0o600)
    try {
      const chunk = Buffer.alloc(chunkBytes)
      for (let at = 0; at < sizeBytes; ) {
        signal?.throwIfAborted()
        const { bytesRead } = await from.read(chunk, 0, chunkBytes, at)
        if (bytesRead === 0) throw new ImageRefused('it became shorter while it was read')
        const read = chunk.subarray(0, bytesRead)
        hash.update(read)
        if (!read.equals(zeros.subarray(0, bytesRead))) await to.write(read, 0, bytesRead, at)
        at += bytesRead
      }
      await to.truncate(sizeBytes)
    } finally {
      await to.close()
    }
    const end = async (at: number) => {
      const bytes = Buffer.alloc(Math.min(telltaleBytes, sizeBytes))
      await from.read(bytes, 0, bytes.length, at)
      return bytes
    }
    const [first, last] = [await end(0), await end(Math.max(0, sizeBytes - telltaleBytes))]
    const look = lookOf(await from.stat({ bigint: true }))
    if (look !== lookOf(before)) throw new ImageRefused('it changed while it was read')
    return { sha256: hash.digest('hex'), sizeBytes, look, first, last }
  } finally {
    await from.close()
  }
}
