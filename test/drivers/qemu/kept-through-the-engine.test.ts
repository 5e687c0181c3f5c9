/** VM snapshots through the engine, with machines that run: fork, go back, delete in the middle. (spec: cloudstack 2.) */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { createEngine } from '../../../src/engine.ts'
import { sqlite } from '../../../src/store/sqlite/index.ts'
import { mebibytes } from './asking.ts'
import { addCountingImage } from './counting-guest.ts'
import { describeWith, qemuSystem } from './debian.ts'
import { guestWrites, textOn } from './guest-writing.ts'
import { onPool, volumeAt } from './machine-setting.ts'
import { endAll } from './processes.ts'

describeWith(qemuSystem, 'an instance with a real machine', () => {
  it(
    'goes back to any of its VM snapshots, on every disk, also when the one between is gone',
    () =>
      onPool(async (driver, pool) => {
        const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { here: driver } })
        const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
        await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: 64 * mebibytes })
        const acme = engine.as({ account: 'acme', actor: 'ops' })
        const { id: image } = await acme.image.register({ name: 'counting', sizeBytes: 4 * mebibytes })
        addCountingImage(pool)
        renameSync(join(pool, 'images', 'counting.qcow2'), join(pool, 'images', `${image}.qcow2`))
        try {
          const blockDevices = [{ device: '/dev/sdb', sizeBytes: 4 * mebibytes, deleteOnTermination: true }]
          const { id } = await acme.instance.launch({ image, type: 'small', mode: 'stateful', blockDevices })
          expect(await acme.settled(id)).toBe('running')
          const volumes = (await acme.get(id)).attributes.devices.map(({ volume }: { volume: string }) => volume)
          const write = async (text: string) => {
            for (const volume of volumes) await guestWrites(pool, id, text, volume)
          }
          const texts = () => volumes.map((volume: string) => textOn(volumeAt(pool, volume)))
          const settled = async (snapshot: string, state: string) => expect(await acme.settled(snapshot)).toBe(state)
          const keep = async (text: string) => {
            await write(text)
            const { id: snapshot } = await acme['vm-snapshot'].create({ instance: id, memory: true, name: text })
            await settled(snapshot, 'ready')
            return snapshot
          }
          const revert = async (snapshot: string) => {
            await acme['vm-snapshot'].revert(snapshot)
            await settled(snapshot, 'ready')
            expect(await acme.settled(id)).toBe('running')
          }
          const a = await keep('a')
          const b = await keep('b')
          await revert(a)
          expect(texts()).toEqual(['a', 'a'])
          const c = await keep('c')
          for (const [snapshot, text] of [
            [b, 'b'],
            [c, 'c'],
            [a, 'a'],
          ] as const) {
            await revert(snapshot)
            expect(texts()).toEqual([text, text])
          }
          await acme['vm-snapshot'].delete(a)
          await settled(a, 'deleted')
          await revert(b)
          expect(texts()).toEqual(['b', 'b'])
          expect((await acme.get(id)).attributes.lineage).toMatchObject({ base: b, current: b })
          const { providers } = await engine.survey()
          for (const { kinds: seen } of providers)
            for (const { kind, orphan, ghost, drift } of seen)
              expect([kind, orphan.count, ghost.count, drift.count]).toEqual([kind, 0, 0, 0])
          await acme.instance.terminate(id)
          expect(await acme.settled(id)).toBe('terminated')
          for (const snapshot of [b, c]) await settled(snapshot, 'deleted')
        } finally {
          await engine.close()
          await endAll(pool)
        }
      }),
    300_000,
  )
})
