/**
 * A guest in 512 bytes: it writes its disk from one end to the other through the firmware, says so on its console, and
 * halts. It starts in a moment, and is enough to fill a file system from inside.
 */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const sectorBytes = 512
/** What one call of the firmware writes. */
const sectorsAtOnce = 64
const origin = 0x7c00
const console = 0x3f8

const word = (value: number): number[] => [value & 0xff, value >> 8]
const double = (value: number): number[] => [...word(value & 0xffff), ...word(value >>> 16)]

/** 16-bit code of a processor that has just been turned on; `DL` is the disk it was loaded from. */
function filler(sizeBytes: number): Buffer {
  const packet = origin + 0x80
  const sector = packet + 8
  const say = (letter: string) => [0xba, ...word(console), 0xb0, letter.charCodeAt(0), 0xee] // mov dx, port; mov al; out
  const halt = [0xf4, 0xeb, 0xfd] // hlt; back to it
  const begin = [0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, ...word(origin)] // no segments, a stack below the code
  const write = [0xbe, ...word(packet), 0xb8, ...word(0x4300), 0xcd, 0x13] // int 13h, extended write
  const refused = [...say('E'), ...halt]
  const next = [0x66, 0x81, 0x06, ...word(sector), ...double(sectorsAtOnce)]
  const isEnd = [0x66, 0x81, 0x3e, ...word(sector), ...double(sizeBytes / sectorBytes)]
  const body = [...write, 0x73, refused.length, ...refused, ...next, ...isEnd] // jump over `refused` if it was written
  const code = [...begin, ...body, 0x72, 0x100 - body.length - 2, ...say('W'), ...halt]
  const boot = Buffer.alloc(sectorBytes)
  Buffer.from(code).copy(boot)
  // How many sectors, from where in memory, to which sector of the disk: not over itself.
  Buffer.from([0x10, 0, ...word(sectorsAtOnce), ...word(0), ...word(0x1000), ...double(sectorsAtOnce)]).copy(boot, 0x80)
  boot.writeUInt16LE(0xaa55, sectorBytes - 2)
  return boot
}

/** Puts an image into a pool, whose guest writes all of its disk. */
export function addFillerImage(pool: string, sizeBytes: number, id = 'filler'): void {
  const raw = join(pool, 'filler.raw')
  writeFileSync(raw, filler(sizeBytes))
  const image = join(pool, 'images', `${id}.qcow2`)
  execFileSync('qemu-img', ['convert', '-q', '-f', 'raw', '-O', 'qcow2', raw, image])
  execFileSync('qemu-img', ['resize', '-q', '-f', 'qcow2', image, String(sizeBytes)])
  rmSync(raw)
}
