/** What instances of the simulated provider boot from, what guests write there, and what is left of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DestroySpec, InstanceSpec, RootSpec } from '../../src/drivers/driver.ts'
import { type SimulatedDriver, simulated, simulatedClasses } from '../../src/drivers/simulated/index.ts'
import { call, disk, gigabyte } from './calls.ts'

const { B, C, D, E, F } = simulatedClasses
const spec = (rest: Partial<InstanceSpec> = {}): InstanceSpec => ({
  zone: 'a',
  image: 'img-1',
  vcpus: 1,
  memoryBytes: gigabyte,
  generation: 1,
  devices: [],
  ...rest,
})
const own = (volume: string): RootSpec => ({ kind: 'private', volume })
const onImage: RootSpec = { kind: 'image' }
const on = (volume: string) => [{ device: '/dev/vda', volume, root: true }]

let tokens = 0
const token = (id: string) => call(`${id}.${++tokens}.0`)
const launch = (driver: SimulatedDriver, id: string, rest: Partial<InstanceSpec> = {}) =>
  driver.instanceEnsure(id, spec(rest), token(id))
const power = (driver: SimulatedDriver, id: string, want: 'running' | 'off' | 'suspended', generation: number) =>
  driver.instancePower!(id, { want, mode: 'hard', generation }, token(id))
const destroy = (driver: SimulatedDriver, id: string, flags: DestroySpec = {}) =>
  driver.instanceDestroy(id, flags, token(id))
const clone = (driver: SimulatedDriver, id: string, image = 'img-1') =>
  driver.volumeEnsure!(id, { ...disk, from: { kind: 'image', id: image } }, token(id))
const volumes = (driver: SimulatedDriver) =>
  driver
    .objects()
    .filter(({ kind }) => kind === 'volume')
    .map(({ id }) => id)
const done = { kind: 'done' }
const refused = (code: string) => ({ kind: 'rejected', error: { code } })

describe('a root of its own', () => {
  it('is a volume of the name that was asked for, with what the image has', async () => {
    const driver = simulated({ instant: true, capabilities: B })
    expect(await launch(driver, 'i-1', { root: own('vol-1') })).toMatchObject({
      ...done,
      facts: { root: { kind: 'private', volume: 'vol-1' } },
    })
    expect(volumes(driver)).toEqual(['vol-1'])
    expect(driver.digest('volume', 'vol-1')).toBe(driver.digest('image', 'img-1'))
    expect(await driver.volumeDelete!('vol-1', {}, token('vol-1'))).toMatchObject(refused('precondition'))
  })

  it('has a name made of that of its instance where none was asked for', async () => {
    const driver = simulated({ instant: true, capabilities: F })
    await launch(driver, 'i-1')
    expect(volumes(driver)).toEqual(['i-1/root'])
  })

  it('keeps what its guest writes from the image and from other instances, through a stop and a start', async () => {
    const driver = simulated({ instant: true, capabilities: B })
    const before = driver.digest('image', 'img-1')
    await launch(driver, 'i-1', { root: own('vol-1') })
    await launch(driver, 'i-2', { root: own('vol-2') })
    expect(driver.writeRoot('i-1', 'mine')).toBe(true)
    await power(driver, 'i-1', 'off', 1)
    expect([driver.readRoot('i-1'), driver.writeRoot('i-1', 'not while it is off')]).toEqual([undefined, false])
    await power(driver, 'i-1', 'running', 2)
    expect([driver.readRoot('i-1'), driver.readRoot('i-2')]).toEqual(['mine', ''])
    expect(driver.digest('image', 'img-1')).toBe(before)
    expect(driver.digest('volume', 'vol-1')).not.toBe(before)
  })

  it('is taken again by the instance it was made for, and by no other', async () => {
    const driver = simulated({ instant: true, capabilities: B })
    await launch(driver, 'i-1', { root: own('vol-1') })
    driver.writeRoot('i-1', 'mine')
    driver.vanish('i-1')
    expect(await launch(driver, 'i-2', { root: own('vol-1') })).toMatchObject(refused('conflict'))
    expect(await launch(driver, 'i-1', { root: own('vol-1'), generation: 2 })).toMatchObject(done)
    expect(driver.readRoot('i-1')).toBe('mine')
  })

  it('is not made anew, empty, under a name whose disk is gone', async () => {
    const driver = simulated({ instant: true, capabilities: C })
    await launch(driver, 'i-1', { root: own('vol-1') })
    driver.vanish('i-1')
    expect(volumes(driver)).toEqual([])
    expect(await launch(driver, 'i-1', { root: own('vol-1'), generation: 2 })).toMatchObject(refused('conflict'))
  })

  it.each<[string, DestroySpec, readonly string[]]>([
    ['deletes', {}, []],
    ['keeps', { deleteRoot: true }, ['vol-1']],
    ['byFlag', {}, ['vol-1']],
    ['byFlag', { deleteRoot: true }, []],
  ])('goes with its instance as the provider has it: %s with %j', async (rootOnDestroy, flags, left) => {
    const driver = simulated({ instant: true, capabilities: { ...B, rootOnDestroy: rootOnDestroy as 'keeps' } })
    await launch(driver, 'i-1', { root: own('vol-1') })
    expect(await destroy(driver, 'i-1', flags)).toMatchObject(done)
    expect(volumes(driver)).toEqual(left)
    expect(await driver.volumeDelete!('vol-1', {}, token('vol-1'))).toMatchObject({ already: left.length === 0 })
  })

  it('counts among what is used, and is exhausted like a volume', async () => {
    const driver = simulated({ instant: true, capabilities: B, capacity: { volumeBytes: 3 * gigabyte } })
    const root = { kind: 'private', volume: 'vol-1', sizeBytes: 2 * gigabyte } as const
    await launch(driver, 'i-1', { root })
    expect(await launch(driver, 'i-2', { root: { ...root, volume: 'vol-2' } })).toMatchObject(refused('exhausted'))
    await destroy(driver, 'i-1', { deleteRoot: true })
    expect(await driver.capacity(undefined, token('look'))).toMatchObject({ usedVolumeBytes: 0 })
  })

  it('is made once, also when the call is half done and repeated, and is there while the instance is unfinished', async () => {
    const driver = simulated({ instant: true, capabilities: B })
    driver.failNext('instanceEnsure', 'partial')
    const again = token('i-1')
    const root = own('vol-1')
    expect(await driver.instanceEnsure('i-1', spec({ root }), again)).toMatchObject({ kind: 'unknown' })
    expect(volumes(driver)).toEqual(['vol-1'])
    expect(await driver.instanceEnsure('i-1', spec({ root }), again)).toMatchObject(done)
    expect([volumes(driver), driver.made('vol-1')]).toEqual([['vol-1'], 1])
  })
})

describe('an image that instances run on', () => {
  it('keeps what its guest writes, and is used by one instance at a time', async () => {
    const driver = simulated({
      instant: true,
      capabilities: { ...D, stateAfterCreate: 'running', destroyFrom: ['running'] },
    })
    const before = driver.digest('image', 'img-1')
    expect(await launch(driver, 'i-1', { root: onImage })).toMatchObject({ facts: { root: { kind: 'image' } } })
    driver.writeRoot('i-1', 'mine')
    expect(await launch(driver, 'i-2')).toMatchObject({
      kind: 'rejected',
      error: { code: 'precondition', providerCode: 'imageInUse' },
    })
    await destroy(driver, 'i-1')
    expect(await launch(driver, 'i-2')).toMatchObject(done)
    expect([driver.readRoot('i-2'), driver.digest('image', 'img-1') === before]).toEqual(['mine', false])
  })

  it('stays in use while its instance is stopped', async () => {
    const driver = simulated({ instant: true, capabilities: D })
    await launch(driver, 'i-1')
    await power(driver, 'i-1', 'running', 1)
    await power(driver, 'i-1', 'off', 1)
    expect(await launch(driver, 'i-2')).toMatchObject(refused('precondition'))
    expect(await launch(driver, 'i-3', { image: 'img-2' })).toMatchObject(done)
  })

  it('is shared where the provider says so', async () => {
    const driver = simulated({ instant: true, capabilities: { ...D, imageExclusive: false } })
    for (const id of ['i-1', 'i-2']) expect(await launch(driver, id)).toMatchObject(done)
  })

  it('is not what instances run on where each has a root of its own, and the other way round', async () => {
    const cloning = simulated({ instant: true, capabilities: B })
    expect(await launch(cloning, 'i-1', { root: onImage })).toMatchObject(refused('unsupported'))
    const direct = simulated({ instant: true, capabilities: D })
    expect(await launch(direct, 'i-1', { root: own('vol-1') })).toMatchObject(refused('unsupported'))
    const both = simulated({ instant: true })
    expect(await launch(both, 'i-1', { root: onImage })).toMatchObject(done)
    expect(await launch(both, 'i-2', { root: own('vol-2') })).toMatchObject(done)
  })

  it('may offer less than its provider, and its instances then do', async () => {
    const images = { onHost: { stop: 'destroys', rootOnDestroy: 'deletes' } } as const
    const driver = simulated({ instant: true, capabilities: B, images })
    expect((await driver.observe('image', 'onHost', token('look'))).facts.capabilities).toEqual(images.onHost)
    expect((await driver.observe('image', 'img-1', token('look'))).facts.capabilities).toBe(undefined)
    for (const image of ['onHost', 'img-1']) {
      const id = `i-${image}`
      await launch(driver, id, { image, root: own(`vol-${image}`) })
      await power(driver, id, 'off', 1)
    }
    expect(driver.objects().map(({ id }) => id)).toEqual(['i-img-1', 'vol-img-1'])
    expect(() => simulated({ capabilities: F, images: { better: { stop: 'preserves' } } })).toThrow('"stop"')
  })
})

describe('a clone of an image', () => {
  it('is the root of one instance, where the provider has no other volumes', async () => {
    const driver = simulated({ instant: true, capabilities: D })
    expect(await clone(driver, 'vol-1')).toMatchObject(done)
    expect(await launch(driver, 'i-1', { devices: on('vol-1') })).toMatchObject({
      ...done,
      facts: { root: { kind: 'volume', volume: 'vol-1' } },
    })
    await power(driver, 'i-1', 'running', 1)
    driver.writeRoot('i-1', 'mine')
    expect(driver.digest('image', 'img-1')).not.toBe(driver.digest('volume', 'vol-1'))
    expect(await launch(driver, 'i-2', { devices: on('vol-1') })).toMatchObject(refused('precondition'))
    expect(await driver.volumeEnsure!('vol-2', disk, token('vol-2'))).toMatchObject(refused('unsupported'))
    await power(driver, 'i-1', 'off', 1)
    await destroy(driver, 'i-1')
    expect(await driver.volumeDelete!('vol-1', {}, token('vol-1'))).toMatchObject({ ...done, already: false })
  })

  it('needs its image as long as it lives, unless it is a full copy', async () => {
    const linked = simulated({ instant: true, capabilities: D })
    await clone(linked, 'vol-1')
    expect([linked.removeImage('img-1'), linked.removeImage('img-2')]).toEqual([false, true])
    await linked.volumeDelete!('vol-1', {}, token('vol-1'))
    expect([linked.removeImage('img-1'), linked.removeImage('img-1')]).toEqual([true, false])
    expect(await clone(linked, 'vol-2')).toMatchObject(refused('notFound'))
    expect(await launch(linked, 'i-1')).toMatchObject(refused('notFound'))

    const full = simulated({ instant: true, capabilities: E })
    await clone(full, 'vol-1')
    expect(full.removeImage('img-1')).toBe(true)
    expect(await launch(full, 'i-1', { devices: on('vol-1') })).toMatchObject(done)
  })

  it('carries on what an instance wrote to the image itself', async () => {
    const driver = simulated({ instant: true })
    await launch(driver, 'i-1', { root: onImage })
    driver.writeRoot('i-1', 'golden')
    await clone(driver, 'vol-2')
    await launch(driver, 'i-2', { devices: on('vol-2') })
    expect(driver.readRoot('i-2')).toBe('golden')
  })
})

describe('a disk that an instance was given', () => {
  it('is in snapshots of it, and in volumes of those, with what the guest wrote until then', async () => {
    const driver = simulated({ instant: true })
    await clone(driver, 'vol-1')
    await launch(driver, 'i-1', { devices: on('vol-1') })
    driver.writeRoot('i-1', 'before')
    await driver.volumeSnapshotEnsure!('snap-1', { volume: 'vol-1' }, token('snap-1'))
    driver.writeRoot('i-1', 'after')
    const from = { kind: 'volumeSnapshot', id: 'snap-1' } as const
    await driver.volumeEnsure!('vol-2', { ...disk, from }, token('vol-2'))
    expect(await launch(driver, 'i-2', { devices: on('vol-2') })).toMatchObject(done)
    expect([driver.readRoot('i-1'), driver.readRoot('i-2')]).toEqual(['after', 'before'])
  })

  it('never goes by a rule about roots, only by one about what is connected', async () => {
    for (const [attachmentsOnDestroy, flags, left] of [
      ['detaches', {}, ['vol-1', 'vol-2']],
      ['byFlag', { deleteRoot: true, deleteVolumes: ['vol-2'] }, ['vol-1']],
      ['deletes', {}, []],
    ] as const) {
      const driver = simulated({ instant: true, capabilities: { rootOnDestroy: 'deletes', attachmentsOnDestroy } })
      for (const id of ['vol-1', 'vol-2']) await driver.volumeEnsure!(id, disk, token(id))
      const devices = [...on('vol-1'), { device: '/dev/vdb', volume: 'vol-2', root: false }]
      await launch(driver, 'i-1', { devices })
      await destroy(driver, 'i-1', flags)
      expect([attachmentsOnDestroy, volumes(driver)]).toEqual([attachmentsOnDestroy, left])
    }
  })

  it('and a root beside it are one root too many', async () => {
    const driver = simulated({ instant: true })
    await driver.volumeEnsure!('vol-1', disk, token('vol-1'))
    expect(await launch(driver, 'i-1', { root: own('vol-2'), devices: on('vol-1') })).toMatchObject(refused('invalid'))
  })
})

describe('a provider', () => {
  it('on a file has every root as it was when it is opened again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simulated-'))
    const open = (capabilities: typeof B | typeof D) =>
      simulated({ instant: true, capabilities, file: join(folder, 'provider.db') })
    const before = open(B)
    await launch(before, 'i-1', { root: own('vol-1') })
    before.writeRoot('i-1', 'mine')
    await before.close!()
    const after = open(B)
    expect(after.readRoot('i-1')).toBe('mine')
    expect(await launch(after, 'i-1', { root: own('vol-1') })).toMatchObject({ ...done, already: true })
    await after.close!()
    rmSync(folder, { recursive: true })
  })

  it('says what it made beside an instance and left behind', async () => {
    const driver = simulated({ instant: true, capabilities: F })
    await launch(driver, 'i-1', { userData: 'hello' })
    expect(driver.auxiliary('i-1')).toEqual(['seed', 'nic', 'address'])
    const answer = { ...done, facts: { left: ['nic', 'address'] } }
    expect(await destroy(driver, 'i-1')).toMatchObject({ ...answer, already: false })
    expect(await destroy(driver, 'i-1')).toMatchObject({ ...answer, already: true })
    expect(driver.auxiliary('i-1')).toEqual(['nic', 'address'])
  })

  it('destroys by stopping where that is how it is done', async () => {
    const capabilities = { ...F, stop: 'destroys', destroy: 'viaStop', rootOnDestroy: 'byFlag' } as const
    const driver = simulated({ instant: true, capabilities })
    await launch(driver, 'i-1', { root: own('vol-1') })
    expect(await destroy(driver, 'i-1')).toMatchObject(refused('unsupported'))
    const off = { want: 'off', mode: 'hard', generation: 1, ending: { deleteRoot: true } } as const
    expect(await driver.instancePower!('i-1', off, token('i-1'))).toMatchObject({ facts: { left: ['nic', 'address'] } })
    expect(driver.objects()).toEqual([])
    expect(await destroy(driver, 'i-1')).toMatchObject({ ...done, already: true })
  })

  it('keeps a guest that is suspended to disk when its host is lost, and loses one that waits in memory', async () => {
    for (const [suspend, status, used] of [
      ['disk', 'suspended', 0],
      ['memory', 'stopped', gigabyte],
    ] as const) {
      const driver = simulated({ instant: true, capabilities: { suspend } })
      await launch(driver, 'i-1')
      await power(driver, 'i-1', 'suspended', 1)
      expect(await driver.capacity(undefined, token('look'))).toMatchObject({ usedVcpus: 0, usedMemoryBytes: used })
      expect(driver.loseHost('i-1')).toBe(suspend === 'memory')
      expect((await driver.observe('instance', 'i-1', token('look'))).facts.status).toBe(status)
      expect(await driver.capacity(undefined, token('look'))).toMatchObject({ usedMemoryBytes: 0 })
      const resumed = await power(driver, 'i-1', 'running', 1)
      expect(resumed).toMatchObject(suspend === 'disk' ? done : refused('corrupt'))
    }
  })
})
