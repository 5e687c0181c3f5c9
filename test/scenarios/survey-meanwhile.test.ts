/** Surveys while commands are carried out by a provider that takes its time: nothing that is on its way is a fault. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { TestClock } from '../runtime/clock.ts'

const GiB = 1_073_741_824

const step = fc.oneof(
  fc.record({
    command: fc.constantFrom(
      'launch',
      'stop',
      'start',
      'terminate',
      'create',
      'attach',
      'detach',
      'delete',
      'snapshot',
    ),
    which: fc.nat(7),
  }),
  fc.record({ command: fc.constant('survey' as const), which: fc.constant(0) }),
  // Some of what is there is old enough to be judged, and some answers are on their way.
  fc.record({ command: fc.constant('pass' as const), which: fc.constantFrom(3, 40, 90, 400_000) }),
)

it('never finds an orphan, a ghost or drift in what is being done', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(1000), async (steps, seed) => {
      const clock = new TestClock()
      const own = {
        now: () => clock.now(),
        wakeAt: (time: number, wake: () => void) => clock.wakeAt(time, wake),
        soon: (run: () => void) => clock.soon(run),
      }
      const world = simulated({ clock: own, seed, latencyMs: { min: 1, max: 80 } })
      const options = { kinds, projections, store: sqlite(':memory:'), clock, drivers: { lab: world } }
      const engine = await createEngine({ ...options, surveyEveryMs: 0 })
      const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
      await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
      const acme = engine.as({ account: 'acme', actor: 'ops' })
      const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
      const [instances, volumes, surveys]: [string[], string[], Promise<unknown>[]] = [[], [], []]
      const of = (ids: string[], which: number) => ids[which % Math.max(ids.length, 1)] ?? 'none'
      const note = (ids: string[]) => (result: { id: string }) => void ids.push(result.id)
      const found: string[] = []
      engine.on('surveyed', ({ providers }) => {
        for (const { kinds } of providers)
          for (const { orphan, ghost, drift, foreign } of kinds)
            for (const each of [orphan, ghost, drift, foreign])
              found.push(...each.listed.map(({ sentence }) => sentence))
      })
      const acts: Record<string, (which: number) => Promise<unknown>> = {
        launch: () => acme.instance.launch({ image, type: 'small' }).then(note(instances)),
        stop: which => acme.instance.stop(of(instances, which)),
        start: which => acme.instance.start(of(instances, which)),
        terminate: which => acme.instance.terminate(of(instances, which)),
        create: () => acme.volume.create({ sizeBytes: GiB }).then(note(volumes)),
        attach: which => acme.volume.attach(of(volumes, which), { instance: of(instances, which), device: '/dev/sdf' }),
        detach: which => acme.volume.detach(of(volumes, which)),
        delete: which => acme.volume.delete(of(volumes, which)),
        snapshot: which => acme.snapshot.create({ volume: of(volumes, which) }),
      }
      for (const { command, which } of steps) {
        if (command === 'pass') await clock.pass(which)
        else if (command === 'survey') surveys.push(engine.survey())
        // What is refused is no matter here.
        else await acts[command]!(which).catch(() => {})
      }
      await clock.pass(3_600_000)
      await Promise.all(surveys)
      surveys.push(engine.survey())
      await clock.pass(60_000)
      await Promise.all(surveys)
      await engine.close()
      expect(found).toEqual([])
    }),
    { numRuns: 40 },
  )
})
