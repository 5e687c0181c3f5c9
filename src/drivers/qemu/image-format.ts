/**
 * What a disk image is, read from its own bytes and never guessed by a tool: a format that names other files makes
 * whoever opens it read them. Only what stands for itself is taken. (spec: images-and-rendering S26, S27.)
 */

export type ImageFormat = 'qcow2' | 'raw'

/** What is at which place of a format that is not taken. VMDK by its extent, its descriptor, and that of ESX. */
const marks: readonly (readonly [format: string, at: number, mark: string])[] = [
  ['VMDK', 0, 'KDMV'],
  ['VMDK', 0, 'COWD'],
  ['VMDK', 0, '# Disk DescriptorFile'],
  ['VHDX', 0, 'vhdxfile'],
  ['VHD', 0, 'conectix'],
  ['VDI', 64, '\x7f\x10\xda\xbe'],
  ['QED', 0, 'QED\0'],
  ['Parallels', 0, 'WithoutFreeSpace'],
  ['Parallels', 0, 'WithouFreSpacExt'],
  ['Bochs', 0, 'Bochs Virtual HD Image'],
  ['cloop', 0, '#!/bin/sh\n#V2.0 Format\n'],
  ['DMG', -512, 'koly'],
  ['VHD', -512, 'conectix'],
  ['LUKS', 0, 'LUKS\xba\xbe'],
  ['gzip', 0, '\x1f\x8b'],
  ['xz', 0, '\xfd7zXZ\0'],
  ['zstd', 0, '\x28\xb5\x2f\xfd'],
]
const qcow = 'QFI\xfb'

/** How many bytes of either end say what it is. */
export const telltaleBytes = 512

const has = (bytes: Buffer, at: number, mark: string): boolean =>
  bytes.subarray(at, at + mark.length).toString('latin1') === mark

/**
 * The format of an image by its first and last bytes: one that is taken, or the name of one that is not. What nothing
 * else knows is raw: the disk as its guest sees it.
 */
export function formatOf(first: Buffer, last: Buffer): ImageFormat | { readonly refused: string } {
  if (has(first, 0, qcow)) return 'qcow2'
  const found = marks.find(([, at, mark]) =>
    at >= 0 ? has(first, at, mark) : has(last, Math.max(0, last.length + at), mark),
  )
  return found ? { refused: found[0] } : 'raw'
}

/** What the ending of a file's name promises; undefined for a file that is no disk. */
export const promised: Readonly<Record<string, readonly ImageFormat[] | 'refused'>> = {
  '.qcow2': ['qcow2'],
  '.raw': ['raw'],
  '.img': ['qcow2', 'raw'],
  ...Object.fromEntries(
    ['.vmdk', '.vhd', '.vhdx', '.vdi', '.vpc', '.qed', '.ova', '.hdd', '.dmg', '.qcow'].map(each => [each, 'refused']),
  ),
}
