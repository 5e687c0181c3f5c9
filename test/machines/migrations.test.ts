/** Moving volumes between pools: who may, what happens meanwhile, and what VM snapshots have to say. (spec: cloudstack 1.3, 2.5.) */
import { beforeEach, describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { doing, running, stopped, taken, taking } from './vm-snapshot-scenes.ts'
import { able, furnished, GiB, type KindName, outcome, type World } from './world.ts'

const moving = (migrate: 'none' | 'offline' | 'online', more: DeclaredCapabilities = {}): DeclaredCapabilities => ({
  ...able,
  ...more,
  volume: { ...able.volume, migrate },
})
const size = { totalBytes: 100 * GiB, overprovisionFactor: 1 }
const pool = (name: string, more: object = {}, zone = 'a') => ({
  key: `pool/${name}`,
  zone,
  settings: { enabled: true, ...size, ...more },
})
function furnishPools(world: World, ...pools: object[]) {
  const all = pools.length ? pools : [pool('one'), pool('two', { totalBytes: 200 * GiB })]
  world.claims.set('pools provider/lab', all)
}
const ask = (world: World, kind: KindName, name: string, id?: string, input = {}) =>
  outcome(() => world.request(kind, name, id, input))
const move = (world: World, volume: string, input: object = {}) => ask(world, 'volume', 'migrate', volume, input)

function free(declared = moving('online')) {
  const { world, image } = furnished(declared)
  furnishPools(world)
  const { id } = world.request('volume', 'create', undefined, { sizeBytes: GiB })
  world.settle()
  return { world, image, id }
}

describe('a volume that is moved', () => {
  it('goes from the pool it was placed on to the other with the most room, and is asked for by that name', () => {
    const { world, id } = free()
    expect(world.get(id).context.pool).toBe('pool/two')
    expect(move(world, id)).toBe('taken')
    expect(world.get(id)).toMatchObject({ state: 'migrating', context: { pool: 'pool/two' } })
    expect(world.asks.get(id)).toMatchObject([{ verb: 'volumeMigrate', args: { pool: 'one' } }])
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'available', context: { pool: 'pool/one' } })
    expect(world.get(id).context).not.toHaveProperty('migration')
    expect([...world.timers]).toEqual([])
  })

  it('stays where it was if that fails, and says why', () => {
    const { world, id } = free()
    move(world, id)
    world.answer(id, 'rejected', {}, 'exhausted')
    expect(world.get(id)).toMatchObject({
      state: 'available',
      context: { pool: 'pool/two', reason: { code: 'exhausted' } },
    })
    expect(world.report(id, 'volume.migrated')).toBe('ignored')
    expect(world.get(id).context.pool).toBe('pool/two')
  })

  it('is there already: nothing happens', () => {
    const { world, id } = free()
    for (const name of ['two', 'pool/two']) expect(move(world, id, { pool: name })).toBe('unchanged')
  })

  it('is refused a pool that is not there, is elsewhere, disabled, for other volumes, or full', () => {
    const { world, id } = free()
    const one = { ...pool('one'), figures: { allocatedBytes: 100 * GiB } }
    const named = (...pools: object[]) => {
      furnishPools(world, pool('two'), ...pools)
      return move(world, id, { pool: 'one' })
    }
    expect(named()).toBe('poolOffered')
    expect(named(pool('one', {}, 'b'))).toBe('poolOffered')
    expect(named(pool('one', { enabled: false }))).toBe('poolOffered')
    expect(named(pool('one', { volumeTypes: ['gp3'] }))).toBe('poolOffered')
    expect(named(one)).toBe('poolRoom')
    furnishPools(world, pool('two'))
    expect(move(world, id)).toBe('poolOffered')
  })

  it('is refused where its provider moves none', () => {
    const { world, id } = free(moving('none'))
    expect(move(world, id)).toBe('migrateOffered')
  })

  it('is not while a snapshot of it is taken, or while it is resized or taken back; nor is any of that while it is moved', () => {
    const { world, id } = free()
    const { id: snapshot } = world.request('snapshot', 'create', undefined, { volume: id })
    expect(move(world, id)).toBe('noSnapshotPending')
    world.settle()
    world.request('volume', 'modify', id, { sizeBytes: 2 * GiB })
    expect(move(world, id)).toBe('notResizing')
    world.settle()
    world.request('volume', 'revert', id, { snapshot })
    expect(move(world, id)).toBe('wrongState')
    world.settle()
    move(world, id)
    expect(ask(world, 'volume', 'modify', id, { sizeBytes: 4 * GiB })).toContain('wrongState')
    expect(ask(world, 'volume', 'revert', id, { snapshot })).toContain('wrongState')
    expect(ask(world, 'snapshot', 'create', undefined, { volume: id })).toContain('wrongState')
    expect(move(world, id, { pool: 'two' })).toContain('wrongState')
    world.settle()
    expect(ask(world, 'snapshot', 'create', undefined, { volume: id })).toBe('taken')
  })

  it('may be deleted meanwhile: the deletion takes the place of the move, and a late word of that changes nothing', () => {
    const { world, id } = free()
    move(world, id)
    expect(ask(world, 'volume', 'delete', id)).toBe('taken')
    expect(world.asks.get(id)).toMatchObject([{ verb: 'volumeDelete', supersedes: true }])
    expect(world.report(id, 'volume.migrated')).toBe('ignored')
    world.settle()
    expect(world.get(id).state).toBe('deleted')
    expect(world.report(id, 'volume.migrateFailed', { code: 'x', message: 'late', retry: 'never' })).toBe('ignored')
  })

  it('is marked when it takes long, and goes on', () => {
    const { world, id } = free()
    move(world, id)
    world.fire(`${id} volume.migrateTimedOut`)
    expect(world.get(id)).toMatchObject({ state: 'migrating', context: { overdue: true } })
    world.settle()
    expect(world.get(id).context).not.toHaveProperty('overdue')
  })
})

describe('a volume of an instance', () => {
  const beside = (scene: { world: World; id: string; root: string; data: string }) => {
    furnishPools(scene.world)
    return scene
  }
  it('moves while its guest runs, where its provider can; its instance starts and stops meanwhile', () => {
    const { world, id, root, data } = beside(running(moving('online')))
    expect(move(world, data)).toBe('taken')
    expect(move(world, root)).toBe('taken')
    expect(world.get(data).state).toBe('in-use.migrating')
    for (const command of ['stop', 'start']) {
      expect(ask(world, 'instance', command, id)).toBe('taken')
      world.answer(id, 'done')
    }
    expect(world.get(id).state).toBe('running.steady')
    world.settle()
    for (const volume of [root, data])
      expect(world.get(volume)).toMatchObject({ state: 'in-use.attached', context: { pool: 'pool/two' } })
  })

  it('moves only while its instance is off, where its provider can no more; that does not start before', () => {
    const { world, id, data } = beside(running(moving('offline')))
    expect(move(world, data)).toBe('migrateLive')
    world.request('instance', 'stop', id)
    expect(move(world, data)).toContain('wrongState')
    world.settle()
    expect(move(world, data)).toBe('taken')
    expect(ask(world, 'instance', 'start', id)).toBe('notMigrating')
    world.settle()
    expect(ask(world, 'instance', 'start', id)).toBe('taken')
  })

  it('is held for no other: one after the other fails and is done, and only then it starts', () => {
    const { world, id, root, data } = beside(stopped(moving('offline')))
    move(world, root)
    move(world, data)
    world.answer(root, 'rejected')
    expect(ask(world, 'instance', 'start', id)).toBe('notMigrating')
    world.answer(data, 'done')
    expect(ask(world, 'instance', 'start', id)).toBe('taken')
  })

  it('does not beside a guest that is suspended', () => {
    const { world, id, data } = beside(running(moving('online')))
    world.request('instance', 'suspend', id)
    world.settle()
    expect(move(world, data)).toBe('guestAwake')
  })

  it('is not detached, resized or kept while it moves, alone, in a group, with others or in an image', () => {
    const { world, id, data } = beside(running(moving('online')))
    move(world, data)
    expect(ask(world, 'volume', 'detach', data)).toContain('wrongState')
    expect(ask(world, 'volume', 'modify', data, { sizeBytes: 32 * GiB })).toBe('notMigrating')
    expect(ask(world, 'snapshot', 'create', undefined, { volume: data })).toBe('notMigrating')
    expect(ask(world, 'snapshot-group', 'create', undefined, { instance: id })).toBe('notMigrating')
    expect(ask(world, 'image', 'create', undefined, { name: 'x', instance: id })).toBe('notMigrating')
    expect(ask(world, 'vm-snapshot', 'create', undefined, { instance: id, memory: true })).toBe('notMigrating')
    world.settle()
    expect(ask(world, 'vm-snapshot', 'create', undefined, { instance: id, memory: true })).toBe('taken')
  })

  it.each([
    ['goes with it, if it was to', true, 'deleted'],
    ['goes on moving without it, if it was to stay', false, 'available'],
  ])('whose instance ends meanwhile %s', (_, dies, state) => {
    const { world, id, data } = beside(running(moving('online')))
    world.request('instance', 'modify', id, { deleteOnTermination: { '/dev/sdb': dies } })
    move(world, data)
    world.request('instance', 'terminate', id)
    world.answer(id, 'done')
    expect(world.get(data).state).toBe(dies ? 'deleting.asking' : 'migrating')
    world.settle()
    expect(world.get(data).state).toBe(state)
    if (!dies) expect(world.get(data).context.pool).toBe('pool/two')
    expect(world.get(id).state).toBe('terminated')
  })
})

describe('a volume of an instance with VM snapshots (2.5)', () => {
  let world: World
  let id: string
  let data: string
  const open = (migrate: 'offline' | 'online', blocks: ('attach' | 'detach' | 'resize' | 'migrate')[] = []) => {
    const scene = running(moving(migrate, { vmSnapshot: { ...able.vmSnapshot, blocks } }))
    world = scene.world
    id = scene.id
    data = scene.data
    furnishPools(world)
  }
  const launchOnPools = () => {
    const launched = furnished(moving('online', { vmSnapshot: { ...able.vmSnapshot, blocks: [] } }))
    world = launched.world
    furnishPools(world)
    id = world.request('instance', 'launch', undefined, { image: launched.image, type: 'small' }).id
    world.settle()
    data = world.get(id).context.devices.sdb.volume
  }
  const vmware = { profile: 'cloudstack-vmware' }
  beforeEach(() => open('online'))

  it('is not moved, running or stopped, whatever state they are in; and is when they are gone', () => {
    const snapshot = taken(world, id)
    for (const profile of [undefined, 'generic', 'cloudstack-kvm'])
      expect(move(world, data, { profile })).toBe('lineageMovable')
    world.request('instance', 'stop', id)
    world.settle()
    expect(move(world, data)).toBe('lineageMovable')
    doing(world, snapshot, 'delete')
    expect(move(world, data)).toBe('taken')
  })

  it('is not moved while one is taken, gone back to or deleted, by any rules', () => {
    launchOnPools()
    taking(world, id)
    expect(move(world, data, vmware)).toBe('noVmSnapshotTask')
    world.settle()
    const [snapshot] = world.idsOf('vm-snapshot')
    world.request('vm-snapshot', 'revert', snapshot)
    expect(move(world, data, vmware)).toBe('noVmSnapshotTask')
    world.settle()
    world.request('vm-snapshot', 'delete', snapshot)
    expect(move(world, data, vmware)).toBe('vmSnapshotIdle')
  })

  it('moves along with them by the rules of one platform, from one pool to another, where the provider can', () => {
    launchOnPools()
    const snapshot = taken(world, id)
    expect(move(world, data)).toBe('lineageMovable')
    expect(move(world, data, vmware)).toBe('taken')
    expect(ask(world, 'vm-snapshot', 'revert', snapshot)).toBe('notMigrating')
    world.settle()
    expect(world.get(data).context.pool).toBe('pool/one')
    expect(ask(world, 'vm-snapshot', 'revert', snapshot)).toBe('taken')
  })

  it('does not where the provider cannot, or from outside of any pool', () => {
    taken(world, id)
    expect(move(world, data, vmware)).toBe('coveringMovable')
    open('online', ['migrate'])
    taken(world, id)
    expect(move(world, data, vmware)).toBe('coveringMovable')
  })
})
