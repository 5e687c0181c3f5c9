/** What happens to a provider without the engine having asked: guests that end, objects that vanish, strangers' objects. */
import type { Observation } from '../driver.ts'
import { computes } from './capacity.ts'
import { connect } from './devices.ts'
import { digest, readRoot, writeRoot } from './guest.ts'
import { removeImage } from './images.ts'
import { comesToRest, lose } from './instance-ending.ts'
import { suspendGuest } from './instance-power.ts'
import type { SimulatedWorld } from './options.ts'
import { absence, observationOf, type VolumeRecord } from './records.ts'
import { everything } from './views.ts'
import type { World } from './world.ts'

type Operator = Omit<SimulatedWorld, 'calls' | 'heal' | 'failNext'> & { loseProcess(id: string): void }

export const operatorOf = (world: World, publish: (observation: Observation) => void): Operator => {
  /** The guest of an instance ends; where stopping destroys, the instance goes with it. */
  const endGuest = (id: string, endReason: 'guest-shutdown' | 'vanished'): boolean => {
    const instance = world.instances.get(id)
    const waits = instance?.suspendedTo === 'memory' && endReason === 'vanished'
    if (instance === undefined || !(computes(instance) || waits)) return false
    world.beginCall()
    world.alter(instance, ended => {
      ended.status = 'stopped'
      ended.suspendedTo = undefined
      ended.memoryLost = waits || undefined
    })
    if (comesToRest(world, instance)) publish(absence('instance', id, world.now()))
    else {
      const seen = observationOf(instance, world.now())
      publish({ ...seen, facts: { ...seen.facts, endReason } })
    }
    return true
  }
  const vanishVolume = (volume: VolumeRecord): void => {
    for (const user of [...volume.users]) {
      const instance = world.instances.get(user)!
      connect(
        world,
        instance,
        instance.devices.filter(device => device.volume !== volume.id),
      )
    }
    world.remove(volume)
  }

  return {
    objects: () => everything(world),
    made: id => world.made(id),
    resets: id => world.instances.get(id)?.resets ?? 0,
    powerOffGuest: id => endGuest(id, 'guest-shutdown'),
    loseHost: id => endGuest(id, 'vanished'),
    startGuest: id => {
      const instance = world.instances.get(id)
      if (instance?.status !== 'stopped' || instance.incomplete) return false
      world.beginCall()
      world.alter(instance, started => {
        started.status = 'running'
        started.memoryLost = undefined
      })
      publish(observationOf(instance, world.now()))
      return true
    },
    suspendGuest: id => {
      const instance = world.instances.get(id)
      if (instance?.status !== 'running') return false
      world.beginCall()
      suspendGuest(world, instance)
      publish(observationOf(instance, world.now()))
      return true
    },
    hangGuest: id => {
      const instance = world.instances.get(id)
      if (instance === undefined || !computes(instance)) return false
      world.alter(instance, hung => {
        hung.hangs = true
      })
      return true
    },
    stallGuest: id => {
      const instance = world.instances.get(id)
      if (instance?.status !== 'running') return false
      world.beginCall()
      world.alter(instance, stalled => {
        stalled.status = 'paused'
        stalled.held = 'full'
      })
      publish(observationOf(instance, world.now()))
      return true
    },
    makeRoom: () => {
      for (const instance of world.instances.values()) {
        if (instance.held !== 'full') continue
        world.alter(instance, waiting => {
          waiting.held = 'room'
        })
      }
    },
    writeRoot: (instance, text) => writeRoot(world, instance, text),
    readRoot: instance => readRoot(world, instance),
    digest: (kind, id) => digest(world, kind, id),
    auxiliary: id => world.instances.get(id)?.auxiliary ?? world.gone('instance', id)?.left ?? [],
    removeImage: id => removeImage(world, id),
    vanish: id => {
      const record =
        world.instances.get(id) ?? world.volumes.get(id) ?? world.snapshots.get(id) ?? world.vmSnapshots.get(id)
      if (record === undefined) return false
      world.beginCall()
      if (record.kind === 'volume') vanishVolume(record)
      else if (record.kind === 'instance') lose(world, record)
      else world.remove(record)
      publish(absence(record.kind, id, world.now()))
      return true
    },
    plant: ({ id, sizeBytes, zone = world.abilities.zones[0]!, owner = world.owner, madeAt = world.now() }) => {
      if (world.volumes.has(id)) throw new Error(`volume ${id} exists already; plant another id`)
      world.beginCall()
      world.add({
        kind: 'volume',
        id,
        askedFor: id,
        nth: world.made(id) + 1,
        sequence: world.nextSequence(),
        owner,
        token: 'planted',
        madeAt,
        spec: { sizeBytes, zone },
        sizeBytes,
        users: [],
      })
      world.written()
    },
    loseProcess: id => {
      if (endGuest(id, 'vanished')) return
      // A call about a disk loses the guest that has the disk.
      for (const user of world.volumes.get(id)?.users ?? []) endGuest(user, 'vanished')
    },
  }
}
