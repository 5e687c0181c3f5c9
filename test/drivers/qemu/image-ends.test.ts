/** Images that nobody needs any more: what was brought is taken away with all its files, and nothing else is. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { amiOf, registerImages } from '../../../src/cli/machine-images.ts'
import { qemu } from '../../../src/drivers/qemu/index.ts'
import { createEngine } from '../../../src/engine.ts'
import { sqlite } from '../../../src/store/sqlite/index.ts'
import { ask, context, doing, instanceSpec, mebibytes, refusal, start, volumeSpec } from './asking.ts'
import { qemuImgDoes, raw, withFolder } from './bringing.ts'
import { describeWith, qemuImg, qemuSystem } from './debian.ts'
import { off, openedOn } from './machine-setting.ts'

const ofImage = (id: string) => volumeSpec(4 * mebibytes, { kind: 'image', id })
const filesOf = (pool: string) => readdirSync(join(pool, 'images')).sort()
const HOUR = 3_600_000

describeWith(qemuImg, 'the end of an image', () => {
  it('takes all its files, and nothing of another; brought again, it is there again', () =>
    withFolder(async ({ pool, folder, take }) => {
      for (const name of ['one.raw', 'two.raw']) raw(join(folder, name))
      for (const name of ['vmlinuz', 'initrd']) writeFileSync(join(folder, name), name)
      const { images } = await take()
      const [one, two] = images.map(({ id }) => id)
      const before = filesOf(pool)
      await openedOn(pool, async driver => {
        await doing(driver, 'imageDelete', one!)
        expect(filesOf(pool)).toEqual(before.filter(name => name.startsWith(two!)))
        expect((await doing(driver, 'imageDelete', one!)).already).toBe(true)
      })
      expect((await take()).images).toEqual(images)
      expect(filesOf(pool)).toEqual(before)
    }))

  it('waits for every disk that is a layer over it or boots its kernel, and for every snapshot of one', () =>
    withFolder(async ({ pool, folder, take }) => {
      raw(join(folder, 'one.raw'))
      writeFileSync(join(folder, 'vmlinuz'), 'kernel')
      const { id } = (await take()).images[0]!
      await openedOn(pool, async driver => {
        await doing(driver, 'volumeEnsure', 'vol-1', ofImage(id))
        await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-1' })
        await doing(driver, 'volumeSnapshotEnsure', 'snap-2', { from: { snapshot: 'snap-1' } })
        const members = [{ snapshot: 'snap-3', volume: 'vol-1' }]
        await doing(driver, 'volumeSnapshotGroupEnsure', 'g-1', { members })
        const from = { kind: 'volumeSnapshot', id: 'snap-2' } as const
        await doing(driver, 'volumeEnsure', 'vol-2', volumeSpec(4 * mebibytes, from))
        const needers = [
          ['volumeDelete', 'vol-1'],
          ['volumeSnapshotDelete', 'snap-1'],
          ['volumeSnapshotDelete', 'snap-2'],
          ['volumeSnapshotDelete', 'snap-3'],
          ['volumeDelete', 'vol-2'],
        ] as const
        for (const [verb, needer] of needers) {
          expect([needer, await refusal(driver, 'imageDelete', id)]).toEqual([needer, 'precondition'])
          await doing(driver, verb, needer)
        }
        await doing(driver, 'imageDelete', id)
        expect(filesOf(pool)).toEqual([])
      })
    }))

  it('is not for whoever did not bring it, and not for a file that was put there by hand', () =>
    withFolder(async ({ pool, folder, take }) => {
      raw(join(folder, 'one.raw'))
      const { id } = (await take({ owner: 'another' })).images[0]!
      qemuImgDoes('create', '-q', '-f', 'qcow2', join(pool, 'images', 'by-hand.qcow2'), '1M')
      await openedOn(pool, async driver => {
        expect(await refusal(driver, 'imageDelete', id)).toBe('denied')
        expect(await refusal(driver, 'imageDelete', 'by-hand')).toBe('denied')
        const owners = (await driver.list('image', undefined, context())).items.map(each => [each.id, each.owner])
        expect(Object.fromEntries(owners)).toEqual({ 'by-hand': undefined, [id]: 'another' })
      })
      // Whoever brings the same one has it from then on.
      await take()
      await openedOn(pool, async driver => void (await doing(driver, 'imageDelete', id)))
    }))

  it('is found by a survey once it is deregistered, and then it is not brought again', () =>
    withFolder(async ({ pool, folder }) => {
      raw(join(folder, 'one.raw'))
      let now = Date.now()
      const clock = { now: () => now, soon: (run: () => void) => void setImmediate(run), wakeAt: () => () => {} }
      const driver = qemu({ pool, now: () => now })
      const options = { kinds, projections, store: sqlite(':memory:'), clock, drivers: { lab: driver } }
      const engine = await createEngine({ ...options, surveyEveryMs: 0 })
      const place = { folder, pool, account: 'acme' }
      const { images } = await registerImages(engine as never, place)
      const { id } = images[0]!
      const surveyed = async () => {
        now += 2 * HOUR
        const seen = (await engine.survey()).providers[0]!.kinds.find(({ kind }) => kind === 'image')!
        return [seen.known, seen.orphan.listed.map(each => each.id), seen.foreign.count]
      }
      expect(await surveyed()).toEqual([1, [], 0])
      await engine.as({ account: 'acme', actor: 'ops' }).image.deregister(id)
      expect(await surveyed()).toEqual([0, [id], 0])
      expect((await registerImages(engine as never, place)).deregistered).toMatchObject([{ id }])
      const cleaned = await engine.clean({ provider: 'lab', kind: 'image', id })
      expect([cleaned.outcome, filesOf(pool), await surveyed()]).toEqual(['cleaned', [], [0, [], 0]])
      const again = await registerImages(engine as never, place)
      expect([again.images, again.refused, again.deregistered.map(each => amiOf(each.id))]).toEqual([
        [],
        [],
        [amiOf(id)],
      ])
      expect(filesOf(pool)).toEqual([])
      await engine.close()
    }))
})

describeWith(qemuSystem, 'an instance of an image that was made of disks', () => {
  it('boots as what is on its root always did: with the kernel of the image it began as', () =>
    withFolder(async ({ pool, folder, take }) => {
      raw(join(folder, 'one.raw'))
      writeFileSync(join(folder, 'one.vmlinuz'), bootSector())
      writeFileSync(join(folder, 'one.boot.json'), JSON.stringify({ kernel: 'one.vmlinuz', append: 'root=/dev/vda' }))
      const { id } = (await take()).images[0]!
      await openedOn(pool, async driver => {
        await doing(driver, 'volumeEnsure', 'vol-1', ofImage(id))
        await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-1' })
        const from = { kind: 'volumeSnapshot', id: 'snap-1' } as const
        await doing(driver, 'volumeEnsure', 'vol-2', volumeSpec(4 * mebibytes, from))
        await doing(driver, 'volumeEnsure', 'vol-3', volumeSpec())
        const wordsOf = async (instance: string, volume: string, image: string) => {
          await doing(driver, 'instanceEnsure', instance, instanceSpec([volume], { image }))
          await ask(driver, 'instancePower', instance, start())
          const words = JSON.parse(readFileSync(join(pool, 'run', instance, 'launch.json'), 'utf8')) as string[]
          await doing(driver, 'instancePower', instance, off())
          return words[words.indexOf('-kernel') + 1]
        }
        const kernel = join(pool, 'images', `${id}.vmlinuz`)
        expect(existsSync(kernel)).toBe(true)
        expect(await wordsOf('i-1', 'vol-1', id)).toBe(kernel)
        expect(await wordsOf('i-2', 'vol-2', 'made-of-i-1')).toBe(kernel)
        expect(await wordsOf('i-3', 'vol-3', 'made-of-i-1')).not.toBe(kernel)
      })
    }))
})

/** Enough of a kernel for QEMU to load it: the boot sector of one, with a setup that ends at once. */
function bootSector(): Buffer {
  const kernel = Buffer.alloc(8192)
  kernel.writeUInt16LE(0xaa55, 0x1fe)
  kernel.write('HdrS', 0x202)
  kernel.writeUInt16LE(0x020c, 0x206)
  kernel[0x1f1] = 4
  kernel[0x211] = 1
  return kernel
}
