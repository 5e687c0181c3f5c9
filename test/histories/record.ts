/**
 * Records the histories that every later release must still replay: `node test/histories/record.ts <folder>` writes one
 * file for each story. Run once at a release, into a folder named after it; what is recorded is never written again.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import type { DeclaredCapabilities } from '../../src/drivers/driver.ts'
import { simulated, simulatedClasses } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const GiB = 1_073_741_824
const [folder] = process.argv.slice(2)
if (!folder) throw new Error('usage: node test/histories/record.ts <folder>')
mkdirSync(folder, { recursive: true })

type World = ReturnType<typeof simulated>
async function open(world: World) {
  const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { local: world } })
  const operator = engine.as({ account: 'operator', actor: 'recorder', authority: 'operator' })
  const acme = engine.as({ account: 'acme', actor: 'recorder' })
  await operator.domain.create({ name: 'root' })
  await operator.account.open({ name: 'acme', domain: 'root' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const { id: image } = await acme.image.register({
    name: 'debian',
    sizeBytes: 8 * GiB,
    blockDevices: [{ device: '/dev/sdb', sizeBytes: 2 * GiB, deleteOnTermination: false }],
  })
  return { engine, operator, acme, image, world }
}
type Setting = Awaited<ReturnType<typeof open>>

const stories: Record<string, (setting: Setting) => Promise<void>> = {
  async 'launch-stop-start-terminate'({ acme, image }) {
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    await acme.instance.stop(id)
    await acme.settled(id)
    await acme.instance.modify(id, { terminationProtection: true })
    await acme.instance.start(id)
    await acme.settled(id)
    await acme.instance.reboot(id)
    await acme.instance.modify(id, { terminationProtection: false })
    await acme.instance.terminate(id)
    await acme.settled(id)
  },
  async 'clone-launch-on-it-twice-delete'({ acme, image }) {
    const { id: volume } = await acme.volume.create({ image })
    await acme.settled(volume)
    for (const mode of ['stateful', 'stateless'] as const) {
      const { id } = await acme.instance.launch({ rootVolume: volume, type: 'small', mode })
      await acme.settled(id)
      await acme.instance.terminate(id)
      await acme.settled(id)
    }
    await acme.volume.delete(volume)
    await acme.settled(volume)
  },
  async 'attach-grow-detach-delete'({ acme, image }) {
    const { id } = await acme.instance.launch({ image, type: 'small' })
    const { id: volume } = await acme.volume.create({ sizeBytes: GiB })
    await acme.settled(id)
    await acme.settled(volume)
    await acme.volume.attach(volume, { instance: id, device: '/dev/sdf' })
    await acme.settled(volume)
    await acme.volume.modify(volume, { sizeBytes: 2 * GiB })
    await acme.settled(volume)
    await acme.instance.stop(id)
    await acme.settled(id)
    await acme.volume.detach(volume)
    await acme.volume.delete(volume)
    await acme.settled(volume)
    await acme.instance.terminate(id)
    await acme.settled(id)
  },
  async 'volumes-that-go-back'({ acme, engine, image, world }) {
    const { id } = await acme.instance.launch({ image, type: 'small' })
    const { id: volume } = await acme.volume.create({ sizeBytes: GiB })
    await acme.settled(id)
    await acme.settled(volume)
    const { id: snapshot } = await acme.snapshot.create({ volume })
    await acme.settled(snapshot)
    await acme.volume.modify(volume, { sizeBytes: 2 * GiB })
    await engine.idle()
    await acme.volume.revert(volume, { snapshot })
    await acme.settled(volume)
    await acme.instance.stop(id)
    await acme.settled(id)
    await acme.volume.attach(volume, { instance: id, device: '/dev/sdf' })
    world.failNext('volumeRevert', 'rejected', 'exhausted')
    await acme.volume.revert(volume, { snapshot })
    await acme.settled(volume)
    await acme.volume.revert(volume, { snapshot })
    await acme.instance.terminate(id)
    await acme.settled(id)
    await acme.settled(volume)
  },
  async 'volumes-that-move'({ acme, operator, image, world }) {
    for (const name of ['slow', 'fast']) await operator.pool.define({ name, totalBytes: 100 * GiB })
    const { id } = await acme.instance.launch({ image, type: 'small' })
    const { id: volume } = await acme.volume.create({ sizeBytes: GiB })
    await acme.settled(id)
    await acme.settled(volume)
    await operator.volume.migrate(volume)
    await acme.settled(volume)
    await acme.volume.attach(volume, { instance: id, device: '/dev/sdf' })
    await acme.settled(volume)
    world.failNext('volumeMigrate', 'rejected', 'exhausted')
    await operator.volume.migrate(volume)
    await acme.settled(volume)
    await operator.volume.migrate(volume)
    await acme.instance.terminate(id)
    await acme.settled(id)
    await acme.settled(volume)
    await operator.volume.migrate(volume)
    await acme.volume.delete(volume)
    await acme.settled(volume)
  },
  async 'a-root-that-its-provider-makes'({ acme, engine, operator, image }) {
    await operator.pool.define({ name: 'fast', totalBytes: 100 * GiB })
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    // The one that the engine began with, and one that sees what there is by now.
    for (const _ of [1, 2]) await engine.survey()
    await acme.instance.terminate(id)
    await acme.settled(id)
  },
  async 'a-root-that-its-provider-leaves'({ acme, operator, image }) {
    await operator.pool.define({ name: 'fast', totalBytes: 100 * GiB })
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    await acme.instance.terminate(id)
    await acme.settled(id)
  },
  async 'snapshots-at-one-moment'({ acme, image, world }) {
    const { id: instance } = await acme.instance.launch({ image, type: 'small', volumeTags: { role: 'disk' } })
    await acme.settled(instance)
    const { id } = await acme['snapshot-group'].create({ instance, copyTags: true })
    await acme.settled(id)
    world.failNext('volumeSnapshotGroupEnsure', 'rejected', 'exhausted')
    const { id: failed } = await acme['snapshot-group'].create({ instance, excludeRoot: true })
    await acme.settled(failed)
    await acme['snapshot-group'].delete(id)
    await acme.settled(id)
  },
  async 'a-schedule-and-what-it-keeps'({ acme, engine, operator }) {
    const { id: volume } = await acme.volume.create({ sizeBytes: GiB })
    await acme.settled(volume)
    const target = { kind: 'volume', volume } as const
    const when = { every: 'week', weekday: 7, hour: 2, minute: 30 } as const
    const { id } = await acme.schedule.create({ target, when, timeZone: 'Europe/Berlin', keep: { count: 1 } })
    for (let run = 0; run < 2; run += 1) {
      await acme.schedule.run(id)
      await engine.idle()
    }
    await operator.account.limit('account/acme', { limits: { snapshots: 1 } })
    await acme.schedule.run(id)
    await engine.idle()
    await acme.schedule.modify(id, { keep: { ageMs: 86_400_000 }, timeZone: 'America/New_York' })
    await acme.schedule.pause(id)
    await acme.schedule.resume(id)
    await acme.schedule.delete(id)
    await engine.idle()
  },
  async 'launch-that-fails'({ acme, image, world }) {
    world.failNext('instanceEnsure', 'rejected', 'exhausted')
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
  },
  async 'terminate-while-launching'({ acme, image }) {
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.instance.terminate(id)
    await acme.settled(id)
  },
  async 'tags-types-and-encryption'({ acme, image }) {
    const blockDevices = [{ device: 'sdf', sizeBytes: 4 * GiB, volumeType: 'io1', iops: 200, encrypted: true }]
    const { id } = await acme.instance.launch({ image, type: 'small', blockDevices, tags: { role: 'web' } })
    await acme.settled(id)
    await acme.instance.tag(id, { tags: { stage: 'test', role: 'db' } })
    await acme.instance.untag(id, { tags: [{ key: 'stage' }] })
    const { id: volume } = await acme.volume.create({ sizeBytes: GiB, volumeType: 'gp2' })
    await acme.settled(volume)
    await acme.volume.modify(volume, { sizeBytes: 2 * GiB, volumeType: 'gp3' })
    await acme.settled(volume)
    await acme.instance.terminate(id)
    await acme.settled(id)
  },
  async 'start-of-what-was-lost'({ acme, image, world }) {
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    await acme.instance.stop(id)
    await acme.settled(id)
    world.vanish(id)
    await acme.instance.modify(id, { userData: 'hello' })
    await acme.instance.start(id)
    await acme.settled(id)
  },
  async 'image-of-a-running-instance'({ acme, image, world }) {
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    world.failNext('volumeSnapshotEnsure', 'delay')
    const { id: golden } = await acme.image.create({ instance: id, name: 'golden', snapshotTags: { of: 'golden' } })
    await acme.settled(golden)
    await acme.settled(id)
    const { id: copy } = await acme.image.copy({ image: golden, name: 'copy' })
    await acme.image.share(golden, { add: ['bee'] })
    const { id: second } = await acme.instance.launch({ image: golden, type: 'small' })
    await acme.settled(second)
    await acme.settled(copy)
    await acme.image.deregister(golden)
    await acme.instance.terminate(id)
    await acme.settled(id)
  },
  async 'images-that-fail'({ acme, image, world }) {
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    world.failNext('volumeSnapshotEnsure', 'rejected', 'exhausted')
    const { id: failed } = await acme.image.create({ instance: id, name: 'golden' })
    await acme.settled(failed)
    await acme.settled(id)
    world.failNext('instancePower', 'rejected', 'denied')
    const { id: untaken } = await acme.image.create({ instance: id, name: 'golden' })
    await acme.settled(untaken)
    await acme.settled(id)
    await acme.image.create({ instance: id, name: 'golden' })
    await acme.instance.terminate(id)
    await acme.settled(id)
  },
  async 'snapshots-of-what-goes'({ acme, world }) {
    const { id: volume } = await acme.volume.create({ sizeBytes: GiB })
    await acme.settled(volume)
    world.failNext('volumeSnapshotEnsure', 'delay')
    const { id: snapshot } = await acme.snapshot.create({ volume, description: 'the last' })
    await acme.volume.delete(volume)
    await acme.settled(volume)
    const { id: image } = await acme.image.register({ name: 'restored', snapshot })
    const { id: copy } = await acme.snapshot.copy({ snapshot })
    await acme.snapshot.delete(copy)
    await acme.image.deregister(image)
    await acme.snapshot.delete(snapshot)
    await acme.settled(snapshot)
    const key = { name: 'mine', publicKey: 'ssh-ed25519 AAAA', fingerprint: 'aa:bb', type: 'ed25519' } as const
    const { id: pair } = await acme['key-pair'].import(key)
    await acme['key-pair'].delete(pair)
  },
  async 'guest-powers-itself-off'({ acme, image, world, engine }) {
    const { id } = await acme.instance.launch({ image, type: 'small', shutdownBehaviour: 'terminate' })
    await acme.settled(id)
    const heard = new Promise<void>(resolve => {
      const stop = engine.on('event', event => {
        if (event.type !== 'instance.destroyed') return
        stop()
        resolve()
      })
    })
    world.powerOffGuest(id)
    await heard
  },
}

/** Where it is told of another provider than the usual one. */
const providers: Readonly<Record<string, DeclaredCapabilities>> = {
  'a-root-that-its-provider-makes': simulatedClasses.C,
  'a-root-that-its-provider-leaves': { ...simulatedClasses.A, rootOnDestroy: 'keeps' },
}

for (const [name, tell] of Object.entries(stories)) {
  const setting = await open(simulated({ latencyMs: { min: 0, max: 2 }, capabilities: providers[name] }))
  await tell(setting)
  await setting.engine.idle()
  const { worker_retries: retries } = await setting.engine.measures()
  if (retries) console.log(name, await setting.engine.measures())
  const events = await setting.engine.store.log(0, 10_000)
  writeFileSync(join(folder, `${name}.jsonl`), `${events.map(event => JSON.stringify(event)).join('\n')}\n`)
  await setting.engine.close()
  console.log(`${name}: ${events.length} events`)
}
