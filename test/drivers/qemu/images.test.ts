/** Images that somebody brings: what is taken is a copy that stands for itself; what could read other files is refused. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../../../src/drivers/qemu/command-line.ts'
import { qemu } from '../../../src/drivers/qemu/index.ts'
import { ask, doing, holds, instanceSpec, mebibytes, refusal, start, volumeSpec } from './asking.ts'
import { type Place, patch, qemuImgDoes, raw, withFolder } from './bringing.ts'
import { describeWith, qemuImg, qemuSystem } from './debian.ts'
import { endAll } from './processes.ts'

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

const imageAt = (pool: string, id: string) => join(pool, 'images', `${id}.qcow2`)

describeWith(qemuImg, 'images of a folder', () => {
  it('are copied, unchangeable, under ids that stay, and are not read again while nobody touches them', () =>
    withFolder(async ({ pool, folder, take }) => {
      raw(join(folder, 'plain.raw'), 'r')
      qemuImgDoes('convert', '-f', 'raw', '-O', 'qcow2', join(folder, 'plain.raw'), join(folder, 'small.qcow2'))
      qemuImgDoes('convert', '-f', 'raw', '-O', 'qcow2', join(folder, 'plain.raw'), join(folder, 'cloud.img'))
      writeFileSync(join(folder, 'README'), 'no disk')
      const { images, refused } = await take()
      expect(refused).toEqual([])
      expect(images.map(({ name, format }) => [name, format])).toEqual([
        ['cloud', 'qcow2'],
        ['plain', 'raw'],
        ['small', 'qcow2'],
      ])
      expect(new Set(images.map(({ id }) => id)).size).toBe(3)
      for (const { id, name, sha256: digest, virtualBytes } of images) {
        expect(id).toMatch(/^img-[0-9a-f]{17}$/)
        expect(virtualBytes).toBe(mebibytes)
        expect(statSync(imageAt(pool, id)).mode & 0o777).toBe(0o444)
        expect(holds(imageAt(pool, id), 'r')).toBe(true)
        expect(digest).toBe(sha256(join(folder, `${name}.${{ plain: 'raw', small: 'qcow2' }[name] ?? 'img'}`)))
      }
      const inodes = () => images.map(({ id }) => statSync(imageAt(pool, id)).ino)
      const before = inodes()
      expect(await take()).toEqual({ images, refused: [] })
      expect(inodes()).toEqual(before)
      expect(readdirSync(join(pool, '.tmp'))).toEqual([])
      // Another pool gives them the same ids.
      expect((await take({ pool: `${pool}2` })).images).toEqual(images)
    }))

  it('are others when their contents or their kernels are, and are not taken where somebody objects', () =>
    withFolder(async ({ pool, folder, take }) => {
      raw(join(folder, 'one.raw'))
      const ids = [(await take()).images[0]!.id]
      raw(join(folder, 'one.raw'), 'b')
      const objection = async ({ name }: { name: string }) => `${name} is taken`
      expect(await take({ objection })).toEqual({ images: [], refused: [{ file: 'one.raw', why: 'one is taken' }] })
      expect(readdirSync(join(pool, 'images')).filter(name => name.endsWith('.qcow2'))).toEqual([`${ids[0]}.qcow2`])
      ids.push((await take()).images[0]!.id)
      writeFileSync(join(folder, 'vmlinuz'), 'kernel')
      ids.push((await take()).images[0]!.id)
      writeFileSync(join(folder, 'one.boot.json'), JSON.stringify({ kernel: 'vmlinuz', append: 'other words' }))
      ids.push((await take()).images[0]!.id)
      expect(new Set(ids).size).toBe(4)
      const said = JSON.parse(readFileSync(join(pool, 'images', `${ids[3]}.boot.json`), 'utf8'))
      expect(said).toEqual({ kernel: `${ids[3]}.vmlinuz`, append: 'other words' })
      expect(readFileSync(join(pool, 'images', `${ids[3]}.vmlinuz`), 'utf8')).toBe('kernel')
    }))

  it('boot the kernel beside them: their own, or that of the folder', () =>
    withFolder(async ({ pool, folder, take }) => {
      for (const name of ['one.raw', 'two.raw']) raw(join(folder, name))
      for (const name of ['one.vmlinuz', 'vmlinuz', 'initrd']) writeFileSync(join(folder, name), name)
      const { images } = await take()
      expect(images.map(({ bootsKernel }) => bootsKernel)).toEqual([true, true])
      const [one, two] = images.map(({ id }) => join(pool, 'images', id))
      expect(readFileSync(`${one}.vmlinuz`, 'utf8')).toBe('one.vmlinuz')
      expect(existsSync(`${one}.initrd`)).toBe(false)
      expect(readFileSync(`${two}.initrd`, 'utf8')).toBe('initrd')
      expect(JSON.parse(readFileSync(`${two}.boot.json`, 'utf8')).append).toContain('console=ttyS0')
    }))

  it('are taken again where one of their files is gone, or was never there because somebody was killed', () =>
    withFolder(async ({ pool, folder, take }) => {
      raw(join(folder, 'one.raw'))
      writeFileSync(join(folder, 'vmlinuz'), 'kernel')
      const before = await take()
      const { id } = before.images[0]!
      for (const part of ['qcow2', 'vmlinuz', 'boot.json']) {
        rmSync(join(pool, 'images', `${id}.${part}`))
        expect(await take()).toEqual(before)
        expect(existsSync(join(pool, 'images', `${id}.${part}`))).toBe(true)
      }
      expect(holds(imageAt(pool, id), 'a')).toBe(true)
    }))

  it('keep their holes', () =>
    withFolder(async ({ pool, folder, take }) => {
      raw(join(folder, 'sparse.raw'))
      truncateSync(join(folder, 'sparse.raw'), 2 * 1024 * mebibytes)
      const [image] = (await take()).images
      expect(image!.virtualBytes).toBe(2 * 1024 * mebibytes)
      expect(statSync(imageAt(pool, image!.id)).blocks * 512).toBeLessThan(4 * mebibytes)
    }))
})

const nasty = fc
  .array(
    fc.constantFrom(
      '"',
      "'",
      ',',
      ',,',
      '`',
      '$(touch owned)',
      ';',
      ' ',
      '\n',
      '\\',
      '=',
      ':',
      '{',
      '%',
      '-',
      'file.',
      'json:',
      'é',
      '&&',
      '|',
      '>',
      '#',
      'a',
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map(parts => parts.join(''))
  .filter(name => !name.startsWith('.'))

describe('names that mean something to a shell or to QEMU', () => {
  it('reach QEMU as they are, whatever is in the path of a pool', () => {
    fc.assert(
      fc.property(nasty, name => {
        const folder = `/pools/${name}/run/i-1`
        const words = commandLine(
          {
            ...{ instance: 'i-1', generation: 1, accelerator: 'tcg', machine: 'q35', vcpus: 1, memoryBytes: mebibytes },
            disks: [{ volume: 'vol-1', device: 'vda', root: true, port: 0, path: `${folder}/disk` }],
            boot: { kernel: `${folder}/kernel`, append: name },
            userDataFile: `${folder}/user-data`,
          },
          folder,
        )
        const given = (option: string) => words.flatMap((word, at) => (words[at - 1] === option ? [word] : []))
        expect(given('-chardev').map(word => listed(word).path)).toEqual(
          ['qmp', 'events', 'console.log'].map(file => `${folder}/${file}`),
        )
        expect(listed(given('-fw_cfg')[0]!).file).toBe(`${folder}/user-data`)
        expect(JSON.parse(given('-blockdev')[0]!).file.filename).toBe(`${folder}/disk`)
        expect([given('-kernel'), given('-append'), given('-pidfile')]).toEqual([
          [`${folder}/kernel`],
          [name],
          [`${folder}/pid`],
        ])
      }),
    )
  })
})

/** A list of options as QEMU takes it apart: a comma ends a value, two are one. */
const listed = (word: string): Record<string, string> =>
  Object.fromEntries(
    word
      .replaceAll(',,', '\0')
      .split(',')
      .map(each => each.replaceAll('\0', ',').split(/=(.*)/s) as [string, string]),
  )

describeWith(qemuImg, 'images with such names', () => {
  it('are taken or refused, and run nothing', () =>
    withFolder(async ({ pool, folder, take }) => {
      await fc.assert(
        fc.asyncProperty(nasty, async name => {
          const path = join(folder, `${name}.raw`)
          raw(path, 'n')
          const { images, refused } = await take()
          const mine = images.find(image => image.name === name)
          if (name.includes('\n')) expect(refused.map(({ file }) => file)).toContain(`${name}.raw`)
          else expect(holds(imageAt(pool, mine!.id), 'n')).toBe(true)
          execFileSync('rm', ['--', path])
        }),
        { numRuns: 25 },
      )
      for (const place of [folder, pool, process.cwd()]) expect(readdirSync(place)).not.toContain('owned')
    }))
})

describeWith(qemuSystem, 'an image that changed after it was taken', () => {
  const devices = instanceSpec(['vol-1']).devices
  const changed = (place: Place, change: (images: string, id: string) => void) => async () => {
    const { pool, folder, take } = place
    raw(join(folder, 'one.raw'))
    const [image] = (await take()).images
    const driver = qemu({ pool })
    try {
      const spec = volumeSpec(2 * mebibytes, { kind: 'image', id: image!.id })
      await doing(driver, 'volumeEnsure', 'vol-1', spec)
      await doing(driver, 'instanceEnsure', 'i-1', instanceSpec(['vol-1'], { image: image!.id }))
      change(join(pool, 'images'), image!.id)
      return {
        volume: (await ask(driver, 'volumeEnsure', 'vol-2', spec)).kind,
        launch: await refusal(driver, 'instancePower', 'i-1', start(1, { devices })).catch(() => 'launched'),
        again: (await take()).refused.map(({ why }) => why),
      }
    } finally {
      await driver.close!()
      await endAll(pool)
    }
  }

  it('makes no disk, starts no guest on those it has, and is refused when it comes again', () =>
    withFolder(async place => {
      const rewrite = (images: string, id: string) => {
        chmodSync(join(images, `${id}.qcow2`), 0o644)
        patch(join(images, `${id}.qcow2`), statSync(join(images, `${id}.qcow2`)).size - 1, Buffer.from('!'))
      }
      expect(await changed(place, rewrite)()).toEqual({
        volume: 'rejected',
        launch: 'corrupt',
        again: [expect.stringContaining('has changed since it was registered')],
      })
    }))

  it('is as good as before where only its times did', () =>
    withFolder(async place => {
      const touch = (images: string, id: string) => void execFileSync('touch', [join(images, `${id}.qcow2`)])
      expect(await changed(place, touch)()).toEqual({ volume: 'done', launch: 'launched', again: [] })
    }))
})
