/**
 * The first bytes of a qcow2 file, read here and not by QEMU: what a file names is followed by whoever opens it, so it is
 * known before anything does. (spec: images-and-rendering S26 and S27; format: docs/interop/qcow2 of QEMU.)
 */
import { open } from 'node:fs/promises'

export interface Qcow2Header {
  /** Size of the disk that a guest sees. */
  readonly virtualBytes: number
  /** Why the file does not stand for itself: each in words, none if it does. */
  readonly leans: readonly string[]
  /** Blocks of the file system that it takes. */
  readonly allocatedBytes: number
}

export class Qcow2Invalid extends Error {
  override readonly name = 'Qcow2Invalid'
}

const magic = 0x514649fb
const markedCorrupt = 1n << 1n
const externalDataFile = 1n << 2n
const headerBytesMin = 72

/** Throws Qcow2Invalid for a file that is not qcow2 version 2 or 3, and what `open` throws where there is none. */
export async function readQcow2Header(path: string): Promise<Qcow2Header> {
  const file = await open(path, 'r')
  try {
    const header = Buffer.alloc(104)
    const { bytesRead } = await file.read(header, 0, header.length, 0)
    const { blocks } = await file.stat()
    const version = header.readUInt32BE(4)
    if (bytesRead < headerBytesMin || header.readUInt32BE(0) !== magic || (version !== 2 && version !== 3)) {
      throw new Qcow2Invalid(`${path} is no qcow2 image of version 2 or 3`)
    }
    const virtualBytes = header.readBigUInt64BE(24)
    if (virtualBytes > BigInt(Number.MAX_SAFE_INTEGER))
      throw new Qcow2Invalid(`${path} says it has ${virtualBytes} bytes`)
    const leans: string[] = []
    if (header.readBigUInt64BE(8) !== 0n) leans.push('it names a backing file')
    if (header.readUInt32BE(32) !== 0) leans.push('it is encrypted')
    if (header.readUInt32BE(60) !== 0) leans.push('it holds snapshots')
    const features = version === 3 ? header.readBigUInt64BE(72) : 0n
    if (features & externalDataFile) leans.push('its data is in another file')
    if (features & markedCorrupt) leans.push('it is marked as damaged')
    return { virtualBytes: Number(virtualBytes), leans, allocatedBytes: blocks * 512 }
  } finally {
    await file.close()
  }
}
