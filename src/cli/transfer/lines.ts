/** Exports as files, line by line. */
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ReadExport, readExport } from '../../index.ts'
import { sha256 } from '../../system/hash.ts'
import { checkFrom } from '../keys.ts'

/** Throws ExportInvalid, and what reading the file throws. */
export async function readExportFile(path: string, key?: string): Promise<ReadExport> {
  const isSigned = key === undefined ? undefined : checkFrom(key)
  const input = createReadStream(path)
  // An error of the stream is heard by nobody who waits for lines.
  const failed = new Promise<never>((_, reject) => input.once('error', reject))
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  return Promise.race([readExport(lines, sha256, isSigned), failed])
}

/** Writes lines to a file that must not be there, or to standard output. */
export async function writeLines(lines: AsyncIterable<string> | Iterable<string>, path: string | undefined) {
  const ended = async function* () {
    for await (const line of lines) yield `${line}\n`
  }
  if (path === undefined) return pipeline(Readable.from(ended()), process.stdout, { end: false })
  return pipeline(Readable.from(ended()), createWriteStream(path, { flags: 'wx', mode: 0o600 }))
}
