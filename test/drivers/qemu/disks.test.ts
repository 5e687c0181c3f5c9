/** Disks without machines: each trap of qemu-img that destroyed data when it was tried (spec: drivers-and-qemu 2). */
import { execFileSync, spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Driver } from '../../../src/drivers/driver.ts'
import { PoolRefused, qemu } from '../../../src/drivers/qemu/index.ts'
import { jobOf, nodeOf, serialOf } from '../../../src/drivers/qemu/pool.ts'
import { check } from '../../../src/drivers/qemu/qemu-img.ts'
import { ask, context, doing, holds, mebibytes, once, refusal, volumeSpec, withQemuImg, write } from './asking.ts'
import { describeWith, inFolder, qemuImg } from './debian.ts'

const qemuImgDoes = (...words: string[]) => execFileSync('qemu-img', words, { stdio: 'pipe' })

const onPool = (work: (driver: Driver, pool: string, open: (answerWithinMs?: number) => Driver) => Promise<void>) =>
  inFolder(async pool => {
    const opened: Driver[] = []
    const open = (answerWithinMs?: number) => {
      opened.push(qemu({ pool, answerWithinMs }))
      return opened.at(-1)!
    }
    try {
      await work(open(), pool, open)
    } finally {
      for (const driver of opened) await driver.close!()
    }
  })
const volumeAt = (pool: string, id: string) => join(pool, 'volumes', `${id}.qcow2`)
const observed = async (driver: Driver, kind: 'volume' | 'volumeSnapshot', id: string) =>
  (await driver.observe(kind, id, context())).exists

describe('names for QEMU', () => {
  it('are short and well-formed for every id, and differ when the ids do', () => {
    const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
    fc.assert(
      fc.property(id, id, (one, other) => {
        expect(nodeOf(one)).toMatch(/^[a-z][A-Za-z0-9-]{0,30}$/)
        expect(jobOf('backup', one)).toMatch(/^[a-z][A-Za-z0-9._-]{0,62}$/)
        expect(nodeOf(one) === nodeOf(other)).toBe(one === other)
        expect(serialOf(one).length).toBeLessThanOrEqual(20)
        expect(serialOf(one) === serialOf(other)).toBe(one === other)
      }),
    )
    expect(serialOf('vol-0123456789abcdef0')).toBe('vol0123456789abcdef0')
    // A guest tells apart also what is the same as far as a virtual disk shows it.
    expect(serialOf('vol-0123456789abcdef0-1')).not.toBe(serialOf('vol-0123456789abcdef0-2'))
  })
})

/** A `qemu-img` that does nothing before it is told to by `goOn`, however long that takes. */
const held = (pool: string) => ({
  script: `while [ ! -e '${pool}/go on' ]; do sleep 0.02; done; exec $real "$@"`,
  goOn: () => writeFileSync(join(pool, 'go on'), ''),
})
/** Then `pending` never says that this computer is slow. */
const patientMs = 240_000

describeWith(qemuImg, 'disks of a pool', () => {
  it('keep what was written when their creation is repeated, by the same driver or a later one', () =>
    onPool(async (driver, pool, open) => {
      await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec(), 'made')
      write(volumeAt(pool, 'vol-1'), 'a')
      for (const each of [driver, open()]) {
        expect(await doing(each, 'volumeEnsure', 'vol-1', volumeSpec(), 'made')).toMatchObject({ already: true })
        expect(holds(volumeAt(pool, 'vol-1'), 'a')).toBe(true)
      }
    }))

  it('never take the place of a file that is there', () =>
    onPool(async (driver, pool) => {
      writeFileSync(volumeAt(pool, 'vol-1'), 'somebody’s own')
      expect(['rejected', 'unknown']).toContain((await ask(driver, 'volumeEnsure', 'vol-1', volumeSpec())).kind)
      expect(readFileSync(volumeAt(pool, 'vol-1'), 'utf8')).toBe('somebody’s own')
      qemuImgDoes('create', '-q', '-f', 'qcow2', volumeAt(pool, 'vol-2'), '1M')
      write(volumeAt(pool, 'vol-2'), 's')
      expect(await refusal(driver, 'volumeEnsure', 'vol-2', volumeSpec())).toBe('conflict')
      expect(holds(volumeAt(pool, 'vol-2'), 's')).toBe(true)
    }))

  it('are not there while they are half made, though half of one looks sound', () =>
    onPool(async (driver, pool, open) => {
      await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec())
      write(volumeAt(pool, 'vol-1'), 'a')
      const half =
        'for last; do :; done; case $1 in convert) $real create -q -f qcow2 "$last" 4M; kill -9 $$;; esac; exec $real "$@"'
      const killed = await withQemuImg(pool, half, () =>
        ask(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-1' }, 'cut'),
      )
      expect(killed).toMatchObject({ kind: 'unknown', error: { effect: 'possible' } })
      expect(await observed(driver, 'volumeSnapshot', 'snap-1')).toBe('no')
      const later = open()
      expect(await doing(later, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-1' }, 'cut')).toMatchObject({
        already: false,
      })
      expect(holds(join(pool, 'snapshots', 'snap-1.qcow2'), 'a')).toBe(true)
      expect(readdirSync(join(pool, '.tmp'))).toEqual([])
    }))

  it('leave nothing behind when the file system is full, and are made once it is not', () =>
    onPool(async (driver, pool) => {
      const full = 'shift $(($# - 2)); echo half > "$1"; echo "qemu-img: $1: No space left on device" >&2; exit 1'
      const code = await withQemuImg(pool, full, () => refusal(driver, 'volumeEnsure', 'vol-1', volumeSpec()))
      expect(code).toBe('exhausted')
      expect([readdirSync(join(pool, 'volumes')), readdirSync(join(pool, '.tmp'))]).toEqual([[], []])
      expect(await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec())).toMatchObject({ already: false })
    }))

  it('are layers over an image that never changes', () =>
    onPool(async (driver, pool) => {
      const image = join(pool, 'images', 'golden.qcow2')
      qemuImgDoes('create', '-q', '-f', 'qcow2', image, '2M')
      write(image, 'g')
      const before = readFileSync(image)
      await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec(8 * mebibytes, { kind: 'image', id: 'golden' }))
      expect(holds(volumeAt(pool, 'vol-1'), 'g')).toBe(true)
      write(volumeAt(pool, 'vol-1'), 'v')
      await doing(driver, 'volumeResize', 'vol-1', { sizeBytes: 16 * mebibytes })
      await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-1' })
      await doing(driver, 'volumeDelete', 'vol-1')
      expect(readFileSync(image).equals(before)).toBe(true)
      const info = JSON.parse(
        qemuImgDoes('info', '-f', 'qcow2', '--output=json', join(pool, 'snapshots', 'snap-1.qcow2')).toString(),
      )
      expect(info).toMatchObject({ 'virtual-size': 16 * mebibytes })
      expect(info['backing-filename']).toBe(undefined)
    }))

  it('keep a snapshot apart from what is written later', () =>
    onPool(async (driver, pool) => {
      await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec())
      write(volumeAt(pool, 'vol-1'), 'a')
      await doing(driver, 'volumeSnapshotEnsure', 'snap-a', { volume: 'vol-1' })
      write(volumeAt(pool, 'vol-1'), 'b')
      await doing(driver, 'volumeEnsure', 'vol-2', volumeSpec(6 * mebibytes, { kind: 'volumeSnapshot', id: 'snap-a' }))
      write(join(pool, 'volumes', 'vol-2.qcow2'), 'c')
      expect(holds(join(pool, 'snapshots', 'snap-a.qcow2'), 'a')).toBe(true)
      expect(holds(volumeAt(pool, 'vol-1'), 'b')).toBe(true)
      for (const id of ['vol-1', 'vol-2']) await check(volumeAt(pool, id))
    }))

  it('refuse to change while another process has them open, and change when it has not', () =>
    onPool(async (driver, pool) => {
      await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec())
      const user = spawn('qemu-io', ['-f', 'qcow2', volumeAt(pool, 'vol-1')], { stdio: ['pipe', 'pipe', 'ignore'] })
      const gone = event(user, 'exit')
      try {
        user.stdin.write('read 0 512\n')
        await event(user.stdout, 'data')
        expect(await refusal(driver, 'volumeResize', 'vol-1', { sizeBytes: 8 * mebibytes })).toBe('busy')
      } finally {
        user.kill('SIGKILL')
        await gone
      }
      const grown = await doing(driver, 'volumeResize', 'vol-1', { sizeBytes: 8 * mebibytes })
      expect(grown.facts.sizeBytes).toBe(8 * mebibytes)
      expect(await refusal(driver, 'volumeResize', 'vol-1', { sizeBytes: 4 * mebibytes })).toBe('invalid')
    }))

  it('answer that long work is pending, the same for a repeated call, and say once that it is done', () =>
    onPool(async (_, pool, open) => {
      const driver = open(20)
      const { script, goOn } = held(pool)
      await withQemuImg(pool, script, async () => {
        const first = await once(driver, 'volumeEnsure', 'vol-1', volumeSpec(), 'long')
        const second = await once(driver, 'volumeEnsure', 'vol-1', volumeSpec(), 'long')
        expect(first.kind).toBe('pending')
        expect(second).toEqual(first)
        expect(await refusal(driver, 'volumeResize', 'vol-1', { sizeBytes: 8 * mebibytes })).toBe('busy')
        goOn()
        expect(await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec(), 'long')).toMatchObject({ already: false })
      })
    }))

  it('are finished by a later driver that is given the handle', () =>
    onPool(async (_, pool, open) => {
      const [driver, later] = [open(20), open(patientMs)]
      const begun = await withQemuImg(pool, held(pool).script, () =>
        once(driver, 'volumeEnsure', 'vol-1', volumeSpec(), 'long'),
      )
      if (begun.kind !== 'pending') throw new Error(`not pending: ${JSON.stringify(begun)}`)
      await driver.close!()
      const handle = JSON.parse(JSON.stringify(begun.handle))
      expect(await later.poll(handle, context('long'))).toMatchObject({
        kind: 'done',
        facts: { sizeBytes: 4 * mebibytes },
      })
    }))

  it('are gone when they are deleted while they are being made', () =>
    onPool(async (_, pool, open) => {
      const driver = open(20)
      await withQemuImg(pool, held(pool).script, async () => {
        expect((await once(driver, 'volumeEnsure', 'vol-1', volumeSpec(), 'long')).kind).toBe('pending')
        await doing(driver, 'volumeDelete', 'vol-1')
      })
      expect(existsSync(volumeAt(pool, 'vol-1'))).toBe(false)
      expect(await refusal(driver, 'volumeEnsure', 'vol-1', volumeSpec())).toBe('conflict')
    }))

  it('are not deleted while they are copied', () =>
    onPool(async (_, pool, open) => {
      const driver = open(20)
      await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec())
      const { script, goOn } = held(pool)
      await withQemuImg(pool, script, async () => {
        expect((await once(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-1' }, 'cut')).kind).toBe('pending')
        expect(await refusal(driver, 'volumeDelete', 'vol-1')).toBe('busy')
        goOn()
        await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-1' }, 'cut')
      })
      await doing(driver, 'volumeDelete', 'vol-1')
    }))

  it('are listed with their measured sizes, strangers without an owner, page by page', () =>
    onPool(async (driver, pool) => {
      await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec())
      const blank = (await driver.observe('volume', 'vol-1', context())).facts.allocatedBytes as number
      write(volumeAt(pool, 'vol-1'), 'a')
      qemuImgDoes('create', '-q', '-f', 'qcow2', volumeAt(pool, 'stranger'), '1M')
      writeFileSync(volumeAt(pool, 'unreadable'), 'no disk')
      const { items } = await driver.list('volume', undefined, context())
      const mine = items.find(({ id }) => id === 'vol-1')
      expect(mine).toMatchObject({ owner: 'stemma', exists: 'yes' })
      expect(mine!.facts.allocatedBytes).toBeGreaterThanOrEqual(blank + 64 * 1024)
      expect(items.find(({ id }) => id === 'stranger')).toMatchObject({
        exists: 'yes',
        facts: { sizeBytes: mebibytes },
      })
      expect(items.find(({ id }) => id === 'stranger')!.owner).toBe(undefined)
      expect(items.find(({ id }) => id === 'unreadable')).toMatchObject({ exists: 'unknown' })
    }))
})

describeWith(qemuImg, 'images that do not stand for themselves', () => {
  const attempts: Record<string, (path: string, secret: string) => void> = {
    'a backing file': (path, secret) =>
      qemuImgDoes('create', '-q', '-u', '-f', 'qcow2', '-F', 'raw', '-b', secret, path, '1M'),
    'data in another file': (path, secret) =>
      qemuImgDoes('create', '-q', '-f', 'qcow2', '-o', `data_file=${secret},data_file_raw=on`, path, '1M'),
    snapshots: path => {
      qemuImgDoes('create', '-q', '-f', 'qcow2', path, '1M')
      qemuImgDoes('snapshot', '-c', 'inside', path)
    },
    'no qcow2 at all': path => writeFileSync(path, 'garbage '.repeat(1000)),
    'nothing in it': path => writeFileSync(path, ''),
    'the descriptor of a VMDK': (path, secret) =>
      writeFileSync(
        path,
        `# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 2048 FLAT "${secret}" 0\n`,
      ),
  }
  for (const [what, make] of Object.entries(attempts)) {
    it(`are refused: ${what}`, () =>
      onPool(async (driver, pool) => {
        const secret = join(pool, 'secret.raw')
        writeFileSync(secret, Buffer.alloc(mebibytes, 's'))
        make(join(pool, 'images', 'odd.qcow2'), secret)
        const from = { kind: 'image', id: 'odd' } as const
        expect(await refusal(driver, 'volumeEnsure', 'vol-1', volumeSpec(undefined, from))).toBe('invalid')
        expect(await observed(driver, 'volume', 'vol-1')).toBe('no')
      }))
  }
})

describeWith(qemuImg, 'paths and ids', () => {
  it('with quotes, commas and spaces reach QEMU as they are', () =>
    inFolder(async folder => {
      const pool = join(folder, `a,b'c"d e`)
      const driver = qemu({ pool })
      qemuImgDoes('create', '-q', '-f', 'qcow2', join(pool, 'images', 'golden.qcow2'), '1M')
      await doing(driver, 'volumeEnsure', 'vol-1', volumeSpec(2 * mebibytes, { kind: 'image', id: 'golden' }))
      await doing(driver, 'volumeSnapshotEnsure', 'snap-1', { volume: 'vol-1' })
      await driver.close!()
    }))

  it('with line breaks, or too long for a socket, are refused before anything is made of them', () =>
    inFolder(async folder => {
      expect(() => qemu({ pool: join(folder, 'a\nb') })).toThrow(PoolRefused)
      expect(() => qemu({ pool: join(folder, 'long'.repeat(30)) })).toThrow(PoolRefused)
      expect(readdirSync(folder)).toEqual([])
    }))

  it('that are no file names are refused', () =>
    onPool(async (driver, pool) => {
      for (const id of ['../up', 'a/b', 'a\nb', 'a"b', '', '.hidden', '-rf', 'x'.repeat(65)]) {
        expect(await refusal(driver, 'volumeEnsure', id, volumeSpec())).toBe('invalid')
        expect(await refusal(driver, 'volumeSnapshotEnsure', id, { volume: 'vol-1' })).toBe('invalid')
        expect(await refusal(driver, 'instanceEnsure', id, { devices: [] })).toBe('invalid')
      }
      expect(readdirSync(join(pool, 'volumes'))).toEqual([])
    }))
})
