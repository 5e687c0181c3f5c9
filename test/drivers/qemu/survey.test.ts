/** A survey of a real pool: files that nobody asked for, that were lost, and that hold more than they did. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { qemu } from '../../../src/drivers/qemu/index.ts'
import { createEngine } from '../../../src/engine.ts'
import { sqlite } from '../../../src/store/sqlite/index.ts'
import { doing, mebibytes, volumeSpec } from './asking.ts'
import { describeWith, inFolder, qemuImg } from './debian.ts'

const HOUR = 3_600_000

describeWith(qemuImg, 'a survey of a pool', () => {
  it('tells orphans, ghosts, drift and strangers apart, and cleans an orphan away', () =>
    inFolder(async pool => {
      // Somebody with another name made one there, and somebody copied a file in.
      const before = qemu({ pool, owner: 'another' })
      await doing(before, 'volumeEnsure', 'vol-theirs', volumeSpec())
      await before.close!()
      let now = Date.now() - 3 * HOUR
      const clock = { now: () => now, soon: (run: () => void) => void setImmediate(run), wakeAt }
      const driver = qemu({ pool, now: () => now })
      const options = { kinds, projections, store: sqlite(':memory:'), clock, drivers: { lab: driver } }
      const engine = await createEngine({ ...options, surveyEveryMs: 0 })
      const acme = engine.as({ account: 'acme', actor: 'ops' })
      const make = async () => {
        const { id } = await acme.volume.create({ sizeBytes: 64 * mebibytes })
        expect(await acme.settled(id)).toBe('available')
        return id
      }
      const [fine, lost, grown] = [await make(), await make(), await make()]
      const context = { token: 'vol-lost.1.0', attempt: 1, deadline: Number.POSITIVE_INFINITY, owner: engine.owner }
      const own = { ...context, signal: new AbortController().signal, now: () => now }
      await driver.volumeEnsure!('vol-orphan', volumeSpec(), own)
      const fileOf = (id: string) => join(pool, 'volumes', `${id}.qcow2`)
      rmSync(fileOf(lost))
      execFileSync('qemu-img', ['resize', '-q', fileOf(grown), '128M'], { stdio: 'pipe' })
      now += 2 * HOUR
      const { kinds: seen } = (await engine.survey()).providers[0]!
      const volumes = seen.find(({ kind }) => kind === 'volume')!
      const ids = (name: 'orphan' | 'ghost' | 'drift' | 'foreign') => volumes[name].listed.map(({ id }) => id)
      expect({ orphan: ids('orphan'), ghost: ids('ghost'), drift: ids('drift'), foreign: ids('foreign') }).toEqual({
        orphan: ['vol-orphan'],
        ghost: [lost],
        drift: [grown],
        foreign: ['vol-theirs'],
      })
      expect(volumes.known).toBe(1)
      expect((await acme.get(grown)).attributes.sizeBytes).toBe(128 * mebibytes)
      expect((await acme.get(lost)).attributes.impaired).toBe(true)
      expect((await acme.get(fine)).attributes.allocatedBytes).toBeGreaterThan(0)
      await engine.clean({ provider: 'lab', kind: 'volume', id: 'vol-orphan' })
      const after = (await engine.survey()).providers[0]!.kinds.find(({ kind }) => kind === 'volume')!
      expect([after.orphan.count, after.drift.count, after.foreign.count]).toEqual([0, 0, 1])
      await engine.close()
    }))
})

/** Waits in real time, whatever the clock of the test says. */
function wakeAt(_: number, wake: () => void): () => void {
  const timer = setTimeout(wake, 30_000)
  return () => clearTimeout(timer)
}
