/** What a launch is asked, refused for and makes; and what of it may change later. (spec: ec2 2.5, 2.7, 6.) */
import { describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { able, furnished, GiB, outcome, type World } from './world.ts'

const scene = (capabilities: DeclaredCapabilities = {}) => {
  const { world, image } = furnished({ ...able, ...capabilities })
  const launch = (input: object = {}) =>
    world.request('instance', 'launch', undefined, { image, type: 'small', ...input })
  const settled = (input: object = {}) => {
    const { id } = launch(input)
    world.settle()
    return id
  }
  return { world, image, launch, settled, refusedFor: (input: object) => outcome(() => launch(input)) }
}
const modify = (world: World, id: string, input: object) =>
  outcome(() => world.request('instance', 'modify', id, { ...input }))
const stateless: DeclaredCapabilities = { stop: 'destroys', start: 'none' }

describe('a launch that cannot be', () => {
  it('is refused with every reason, in the declared order, whichever is found first', () => {
    const { world, image, refusedFor } = scene({ volume: { minBytes: 8 * GiB } })
    world.request('offering', 'retire', 'offering/small')
    world.request('image', 'deregister', image)
    world.suspended = true
    expect(refusedFor({ zone: 'moon' })).toBe('accountOpen, imageAvailable, offeringActive, zoneOffered, sizeOffered')
    expect(refusedFor({ zone: 'moon', blockDevices: [{ device: 'floppy' }] })).toBe(
      'accountOpen, imageAvailable, offeringActive, zoneOffered, mappingValid',
    )
  })

  it('takes no id and no volume', () => {
    const { world, refusedFor } = scene()
    expect(refusedFor({ zone: 'moon' })).toBe('zoneOffered')
    expect([...world.idsOf('instance'), ...world.idsOf('volume')]).toEqual([])
  })

  it.each<[string, object, string]>([
    ['a disk of a type that is never so small', { volumeType: 'st1' }, 'sizeFitsType'],
    ['a disk without the rates it must have', { volumeType: 'io2', sizeBytes: 4 * GiB }, 'iopsGiven'],
    ['rates of a type that has none', { volumeType: 'gp2', iops: 100 }, 'iopsChosen'],
    ['a throughput of a type that has none', { volumeType: 'gp2', throughputMiBps: 100 }, 'throughputChosen'],
    ['a key for a plain disk', { kmsKey: 'ours' }, 'keyEncrypts'],
  ])('is refused for %s', (_, entry, expected) => {
    const blockDevices = [{ device: 'sdf', sizeBytes: GiB, ...entry }]
    expect(scene().refusedFor({ blockDevices })).toBe(expected)
  })

  it('is refused for an encrypted disk where the provider has none', () => {
    const { refusedFor } = scene({ volume: { encrypt: false } })
    expect(refusedFor({ blockDevices: [{ device: 'sda1', encrypted: true }] })).toBe('encryptionOffered')
  })

  it('is refused for more volumes than the provider attaches; the root takes no slot', () => {
    const disk = (device: string) => ({ device, sizeBytes: GiB })
    const { refusedFor } = scene({ volumeAttach: { hotPlug: true, hotUnplug: true, max: 2 } })
    expect(refusedFor({ blockDevices: [disk('sdf')] })).toBe('taken')
    expect(refusedFor({ blockDevices: [disk('sdf'), disk('sdg')] })).toBe('slotsEnough')
  })

  it('is refused for a snapshot that is not completed, not known or elsewhere', () => {
    const { world, refusedFor } = scene()
    const snapshot = 'snap-00000000000000077'
    const from = (face: object) => {
      const { state, ...context } = { state: 'completed', sizeBytes: GiB, provider: 'lab', ...face }
      world.resources.set(snapshot, { kind: 'snapshot', version: 1, state, context })
      return refusedFor({ blockDevices: [{ device: 'sdf', snapshot }] })
    }
    expect(from({ state: 'pending' })).toBe('snapshotCompleted')
    expect(from({ provider: 'cellar' })).toBe('snapshotHere')
    expect(from({})).toBe('taken')
    expect(refusedFor({ blockDevices: [{ device: 'sdf', snapshot: 'snap-00000000000000078' }] })).toBe('snapshotKnown')
  })

  it('is refused for a key pair that is not there', () => {
    const { world, refusedFor } = scene()
    expect(refusedFor({ keyPair: 'mine' })).toBe('keyPairKnown')
    world.claims.set('names acme/here/key-pair/mine', { key: '', kind: 'key-pair', id: 'key-1' })
    expect(refusedFor({ keyPair: 'mine' })).toBe('taken')
  })

  it('is refused for user data beyond 16 KiB when decoded, or not in the encoding it claims', () => {
    const { refusedFor } = scene()
    const base64 = (bytes: number) => Buffer.alloc(bytes, 'x').toString('base64')
    const asked = (userData: string, userDataEncoding = 'base64') => refusedFor({ userData, userDataEncoding })
    expect([asked(base64(16_384)), asked(base64(16_383)), asked('')]).toEqual(['taken', 'taken', 'taken'])
    expect([asked(base64(16_385)), asked('no base64'), asked('abc')]).toEqual(Array(3).fill('userDataFits'))
    expect([asked('x'.repeat(16_384), 'text'), asked('ä'.repeat(8193), 'text')]).toEqual(['taken', 'userDataFits'])
  })

  it('is refused for annotations of more than 4 KiB', () => {
    const { refusedFor } = scene()
    expect(refusedFor({ annotations: { 'ec2/subnetId': 'x'.repeat(4000) } })).toBe('taken')
    expect(refusedFor({ annotations: { 'ec2/subnetId': 'x'.repeat(4096) } })).toBe('annotationsFit')
  })
})

describe('a launch', () => {
  it('remembers what its caller and its image said', () => {
    const { world, settled } = scene()
    const said = {
      launchGroup: 'r-1',
      launchIndex: 3,
      kernel: 'aki-1',
      ramdisk: 'ari-1',
      ebsOptimized: true,
      annotations: { 'ec2/subnetId': 'subnet-1' },
      userData: 'aGVsbG8=',
      userDataEncoding: 'base64',
    }
    const id = settled(said)
    expect(world.get(id).context).toMatchObject({ ...said, architecture: 'x86_64' })
  })

  it('hands user data to the provider as it was written, and says how', () => {
    const args = (input: object) => {
      const { world, launch } = scene()
      const { id } = launch(input)
      for (const volume of world.idsOf('volume')) world.answer(volume, 'done')
      return world.asks.get(id)![0]!.args as { userData: string; userDataEncoding?: string }
    }
    expect(args({ userData: 'aGVsbG8=', userDataEncoding: 'base64' })).toMatchObject({
      userData: 'aGVsbG8=',
      userDataEncoding: 'base64',
    })
    expect(args({ userData: 'hello' }).userDataEncoding).toBeUndefined()
  })

  it('makes its volumes as they were resolved', () => {
    const { world, launch } = scene()
    const entry = { device: 'sdf', sizeBytes: 4 * GiB, volumeType: 'io1', iops: 100, encrypted: true, kmsKey: 'ours' }
    const { id } = launch({ blockDevices: [entry] })
    const { sdf } = world.get(id).context.devices
    const { device: _, ...disk } = entry
    expect(world.get(sdf.volume).context).toMatchObject(disk)
    expect(world.asks.get(sdf.volume)![0]!.args).toMatchObject(disk)
  })
})

describe('what the shutdown of a guest leads to', () => {
  it('is to stop, or to terminate where nothing would be left to start', () => {
    const behaviour = (capabilities: DeclaredCapabilities, input: object = {}) => {
      const { world, settled } = scene(capabilities)
      return world.get(settled(input)).context.shutdownBehaviour
    }
    expect(behaviour({})).toBe('stop')
    expect(behaviour({}, { mode: 'stateless' })).toBe('terminate')
    expect(behaviour(stateless)).toBe('terminate')
    expect(behaviour({}, { shutdownBehaviour: 'terminate' })).toBe('terminate')
  })

  it('cannot be to stop a stateless instance: that is refused where it is asked for', () => {
    const { world, refusedFor, settled } = scene()
    expect(refusedFor({ mode: 'stateless', shutdownBehaviour: 'stop' })).toBe('behaviourPossible')
    expect(scene(stateless).refusedFor({ shutdownBehaviour: 'stop' })).toBe('behaviourPossible')
    expect(modify(world, settled({ mode: 'stateless' }), { shutdownBehaviour: 'stop' })).toBe('behaviourPossible')
  })
})

describe('a modification of an instance', () => {
  const stopped = () => {
    const { world, settled } = scene()
    const id = settled({ userData: 'first', annotations: { a: '1', b: '2' } })
    world.request('instance', 'stop', id)
    world.settle()
    return { world, id }
  }

  it.each(['type', 'userData', 'kernel', 'ramdisk', 'ebsOptimized'])('changes %s only while it is stopped', name => {
    const value = { type: 'large', ebsOptimized: true }[name] ?? 'other'
    const { world, settled } = scene()
    const id = settled()
    expect(modify(world, id, { [name]: value })).toBe('bootKept')
    world.request('instance', 'stop', id)
    world.settle()
    expect(modify(world, id, { [name]: value })).toBe('taken')
    expect(world.get(id).context[name]).toBe(value)
  })

  it('lays annotations over those it has, in any state, and takes away what is null', () => {
    const { world, id } = stopped()
    world.request('instance', 'start', id)
    expect(modify(world, id, { annotations: { b: null, c: '3' } })).toBe('taken')
    expect(world.get(id).context.annotations).toEqual({ a: '1', c: '3' })
    expect(modify(world, id, { annotations: { d: 'x'.repeat(4096) } })).toBe('annotationsFit')
  })

  it('gives new user data to the provider with the next start, and not again', () => {
    const { world, id } = stopped()
    const sent = () => (world.asks.get(id)![0]!.args as { userData?: string }).userData
    modify(world, id, { userData: 'c2Vjb25k', userDataEncoding: 'base64' })
    world.request('instance', 'start', id)
    expect(world.asks.get(id)![0]!.args).toMatchObject({ userData: 'c2Vjb25k', userDataEncoding: 'base64' })
    world.settle()
    world.request('instance', 'stop', id)
    world.settle()
    world.request('instance', 'start', id)
    expect(sent()).toBeUndefined()
  })

  it('keeps new user data for the start that succeeds', () => {
    const { world, id } = stopped()
    modify(world, id, { userData: 'second' })
    world.request('instance', 'start', id)
    world.answer(id, 'rejected')
    world.request('instance', 'start', id)
    expect(world.asks.get(id)![0]!.args).toMatchObject({ userData: 'second' })
  })
})
