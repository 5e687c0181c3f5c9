/** Images that could make whoever opens them read other files, that are not all there, or that are no images. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { mebibytes } from './asking.ts'
import { patch, qemuImgDoes, raw, withFolder } from './bringing.ts'
import { describeWith, qemuImg } from './debian.ts'

/** `secret` is a file beside the folder. */
type Make = (path: string, secret: string) => void
const of =
  (...steps: Make[]): Make =>
  (path, secret) => {
    for (const step of steps) step(path, secret)
  }
const made =
  (format: string, ...more: string[]): Make =>
  path =>
    qemuImgDoes('create', '-q', '-f', format, ...more, path, '8M')
const patched =
  (at: number, ...bytes: number[]): Make =>
  path =>
    patch(path, at, Buffer.from(bytes))
const disk: Make = path => raw(path)
const empty: Make = path => writeFileSync(path, '')
const cutTo =
  (sizeBytes: number): Make =>
  path =>
    truncateSync(path, sizeBytes)
const boots =
  (words: object): Make =>
  path =>
    writeFileSync(path.replace('.raw', '.boot.json'), JSON.stringify(words))

const backed: Make = (path, secret) => qemuImgDoes('create', '-q', '-f', 'qcow2', '-b', secret, '-F', 'raw', path)
const elsewhere: Make = (path, secret) =>
  qemuImgDoes('create', '-q', '-f', 'qcow2', '-o', `data_file=${secret}.data`, path, '1M')
const snapped: Make = path => qemuImgDoes('snapshot', '-c', 'one', path)
const extent: Make = (path, secret) =>
  writeFileSync(path, `# Disk DescriptorFile\ncreateType="monolithicFlat"\nRW 2048 FLAT "${secret}" 0\n`)
const full: Make = path => {
  raw(`${path}.source`, 'x', 4 * mebibytes)
  qemuImgDoes('convert', '-f', 'raw', '-O', 'qcow2', `${path}.source`, path)
}
const terabyte = 1024 ** 4
const huge: Make = path => qemuImgDoes('create', '-q', '-f', 'qcow2', path, String(terabyte))
const linked: Make = (path, secret) => symlinkSync(secret, path)
const linkedKernel: Make = (path, secret) => symlinkSync(secret, path.replace('.raw', '.vmlinuz'))

const cases: readonly (readonly [what: string, file: string, make: Make, why: RegExp])[] = [
  ['that name a backing file', 'bad.qcow2', backed, /backing file/],
  ['whose data is in another file', 'bad.qcow2', elsewhere, /another file/],
  ['that hold snapshots', 'bad.qcow2', of(made('qcow2'), snapped), /snapshots/],
  ['that are encrypted', 'bad.qcow2', of(made('qcow2'), patched(32, 0, 0, 0, 1)), /encrypted/],
  ['that are marked as damaged', 'bad.qcow2', of(made('qcow2'), patched(79, 2)), /damaged/],
  ['that name a backing file and are called raw', 'bad.raw', backed, /its contents are qcow2/],
  ['a VMDK descriptor that names another file', 'bad.raw', extent, /VMDK/],
  ['a VMDK', 'bad.vmdk', made('vmdk'), /qcow2 or raw/],
  ['a VMDK that is called raw', 'bad.img', made('vmdk'), /VMDK/],
  ['a VHD that is called raw', 'bad.raw', made('vpc', '-o', 'subformat=fixed'), /VHD/],
  ['a VDI that is called raw', 'bad.raw', made('vdi'), /VDI/],
  ['a VHDX that is called raw', 'bad.raw', made('vhdx'), /VHDX/],
  ['garbage that is called qcow2', 'bad.qcow2', disk, /its contents are raw/],
  ['a disk of which half is missing', 'bad.qcow2', of(full, cutTo(2 * mebibytes)), /not all of it is there/],
  ['a header and nothing more', 'bad.qcow2', of(made('qcow2'), cutTo(104)), /not all of it is there|Could not/],
  ['half a header', 'bad.qcow2', of(made('qcow2'), cutTo(40)), /no qcow2 image/],
  ['nothing at all', 'bad.raw', empty, /empty/],
  ['a header that says a terabyte', 'bad.qcow2', huge, /1099511627776 bytes/],
  ['a terabyte of holes', 'bad.raw', of(empty, cutTo(terabyte)), /1099511627776 bytes/],
  ['a folder', 'bad.raw', path => mkdirSync(path), /is a folder/],
  ['a pipe, without waiting for it', 'bad.raw', path => execFileSync('mkfifo', [path]), /is no file/],
  ['a link out of the folder', 'bad.raw', linked, /link out of the folder/],
  ['a link to nowhere', 'bad.raw', path => symlinkSync('nowhere', path), /ENOENT/],
  ['a name with a line break', 'bad\nname.raw', disk, /line breaks/],
  ['a name that is too long', `${'n'.repeat(129)}.raw`, disk, /128 bytes/],
  ['a kernel that is not there', 'bad.raw', of(disk, boots({ kernel: 'missing' })), /missing, which is not there/],
  ['a kernel outside of the folder', 'bad.raw', of(disk, boots({ kernel: '../secret.raw' })), /boot file is wrong/],
  ['a kernel that is a link out of the folder', 'bad.raw', of(disk, linkedKernel), /link out of the folder/],
]

describeWith(qemuImg, 'images that are refused, and leave nothing', () => {
  for (const [what, file, make, why] of cases)
    it(`are: ${what}`, () =>
      withFolder(async ({ pool, folder, take }) => {
        const secret = join(pool, '..', 'secret.raw')
        raw(secret, 's')
        make(join(folder, file), secret)
        const { images, refused } = await take()
        expect(images).toEqual([])
        expect(refused).toEqual([{ file, why: expect.stringMatching(why) }])
        expect([readdirSync(join(pool, 'images')), readdirSync(join(pool, '.tmp'))]).toEqual([[], []])
      }))

  it('do not stand in the way of others, and a name is taken once', () =>
    withFolder(async ({ folder, take }) => {
      for (const name of ['a.raw', 'b.img', 'b.raw']) raw(join(folder, name))
      writeFileSync(join(folder, 'c.raw'), '')
      const { images, refused } = await take()
      expect(images.map(({ name }) => name)).toEqual(['a', 'b'])
      expect(refused.map(({ file }) => file)).toEqual(['b.raw', 'c.raw'])
    }))
})
