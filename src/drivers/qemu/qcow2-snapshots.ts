/**
 * What a qcow2 file keeps of itself, read from its table of snapshots and not by QEMU: also while a machine has it open.
 * (format: docs/interop/qcow2 of QEMU, "Snapshots".)
 */
import { type FileHandle, open } from 'node:fs/promises'
import { Qcow2Invalid } from './qcow2-header.ts'

export interface InnerSnapshot {
  readonly name: string
  /** Of the guest's memory; 0 where the disk alone is kept. */
  readonly memoryBytes: number
  /** Size of the disk then. */
  readonly virtualBytes: number
}

/** More do not fit into a file that this driver made. */
const tableBytesMax = 64 * 1024 * 1024

const headerBytes = 72

const headerOf = async (file: FileHandle): Promise<Buffer> => {
  const header = Buffer.alloc(headerBytes)
  await file.read(header, 0, headerBytes, 0)
  return header
}

/** In the order in which they were made. Throws Qcow2Invalid for a table that can not be one, and what `open` throws. */
export async function snapshotsIn(path: string, openFile: typeof open = open): Promise<InnerSnapshot[]> {
  const file = await openFile(path, 'r')
  try {
    let header = await headerOf(file)
    for (;;) {
      const count = header.readUInt32BE(60)
      const offset = Number(header.readBigUInt64BE(64))
      if (count === 0) return []
      const { size } = await file.stat()
      const table = Buffer.alloc(Math.max(0, Math.min(size - offset, tableBytesMax, count * 2048)))
      await file.read(table, 0, table.length, offset)
      // A machine writes a new table elsewhere and names it here; what had the old one may be something else by now.
      const after = await headerOf(file)
      if (header.equals(after)) return entriesOf(table, count, header.readBigUInt64BE(24))
      header = after
    }
  } catch (error) {
    if (error instanceof RangeError) throw new Qcow2Invalid(`${path} has a table of snapshots that ends too soon`)
    throw error
  } finally {
    await file.close()
  }
}

const fixedBytes = 40
const entriesOf = (table: Buffer, count: number, virtualBytes: bigint): InnerSnapshot[] => {
  const found: InnerSnapshot[] = []
  let at = 0
  for (let nth = 0; nth < count; nth++) {
    const idBytes = table.readUInt16BE(at + 12)
    const nameBytes = table.readUInt16BE(at + 14)
    const extraBytes = table.readUInt32BE(at + 36)
    const extra = at + fixedBytes
    const nameAt = extra + extraBytes + idBytes
    if (nameAt + nameBytes > table.length) throw new RangeError('beyond the table')
    const memoryBytes = extraBytes >= 8 ? table.readBigUInt64BE(extra) : BigInt(table.readUInt32BE(at + 32))
    const diskBytes = extraBytes >= 16 ? table.readBigUInt64BE(extra + 8) : virtualBytes
    found.push({
      name: table.toString('utf8', nameAt, nameAt + nameBytes),
      memoryBytes: Number(memoryBytes),
      virtualBytes: Number(diskBytes),
    })
    // Each begins at a multiple of 8.
    at = Math.ceil((nameAt + nameBytes) / 8) * 8
  }
  return found
}
