/** Usage as folds of the history: the worked examples of the spec (cloudstack 4.4), and the laws of periods. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import {
  gibHoursOf,
  hoursOf,
  monthOf,
  projections,
  type UsageRecord,
  type UsageRow,
  usageRecords,
  usageStatement,
} from '../../projections/index.ts'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { simulated, simulatedClasses } from '../../src/drivers/simulated/index.ts'
import { createEngine, readUsage, sqlite } from '../../src/index.ts'
import { TestClock } from '../runtime/clock.ts'

const GiB = 2 ** 30
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const d0 = Date.UTC(2026, 2, 1)
const d1 = d0 + DAY

async function open(capabilities?: DeclaredCapabilities) {
  const clock = new TestClock(d0)
  const world = simulated({ instant: true, clock, capabilities })
  const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { lab: world }, clock })
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 2, memoryBytes: 2 * GiB })
  await operator.offering.define({ name: 'large', vcpus: 4, memoryBytes: 8 * GiB })
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  const rows = async () => {
    const found: UsageRow[] = []
    for await (const row of engine.views.usage.all()) found.push(row)
    return found
  }
  const image = (await acme.image.register({ name: 'web', sizeBytes: GiB })).id
  return {
    engine,
    world,
    operator,
    acme,
    image,
    until: (time: number) => clock.pass(time - clock.now()),
    used: (fromMs: number, toMs: number) => readUsage(engine.views.usage, { fromMs, toMs, asOfMs: clock.now() }),
    rebuilt: async () => {
      const before = await rows()
      await engine.rebuild('usage')
      expect(await rows()).toEqual(before)
    },
  }
}
const hours = (records: readonly UsageRecord[], series: string) =>
  records.filter(each => each.series === series).map(({ durationMs }) => durationMs / HOUR)

describe('usage of an instance', () => {
  it('ends with its compute, however long its provider takes to clean up', async () => {
    const { engine, world, acme, image, until, used, rebuilt } = await open()
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    await until(d0 + 2 * HOUR)
    for (let nth = 0; nth < 3; nth++) world.failNext('volumeDelete', 'rejected', 'denied')
    await acme.instance.terminate(id)
    await engine.idle()
    expect((await acme.get(id)).state).toBe('shutting-down')
    await until(d0 + 3 * HOUR)
    await engine.idle()
    await until(d0 + 5 * HOUR)
    await engine.idle()
    const records = await used(d0, d1)
    expect([hours(records, 'runningInstance'), hours(records, 'allocatedInstance')]).toEqual([[2], [2]])
    await rebuilt()
    await engine.close()
  })

  it('is counted while it is allocated, and again while it runs, day by day (U1)', async () => {
    const { engine, acme, image, until, used, rebuilt } = await open()
    await until(d0 + 6 * HOUR)
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    await until(d0 + 18 * HOUR)
    await acme.instance.stop(id)
    await acme.settled(id)
    await until(d0 + 20 * HOUR)
    await acme.instance.start(id)
    await acme.settled(id)
    await until(d1 + 3 * HOUR)
    await acme.instance.terminate(id)
    await acme.settled(id)
    await until(d1 + DAY)
    const [first, second] = [await used(d0, d1), await used(d1, d1 + DAY)]
    expect([hours(first, 'runningInstance'), hours(first, 'allocatedInstance')]).toEqual([[16], [18]])
    expect([hours(second, 'runningInstance'), hours(second, 'allocatedInstance')]).toEqual([[3], [3]])
    expect(first.find(({ series }) => series === 'runningInstance')).toMatchObject({
      resource: id,
      account: 'acme',
      offering: 'small',
      vcpuMs: BigInt(2 * 16 * HOUR),
      byteMs: BigInt(2 * GiB) * BigInt(16 * HOUR),
    })
    await rebuilt()
    await engine.close()
  })

  it('is cut where it gets another size', async () => {
    const { engine, acme, operator, image, until, used } = await open()
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    await until(d0 + HOUR)
    await acme.instance.stop(id)
    await acme.settled(id)
    await until(d0 + 2 * HOUR)
    await acme.instance.modify(id, { type: 'large' })
    await until(d0 + 5 * HOUR)
    const records = (await used(d0, d1)).filter(({ series }) => series === 'allocatedInstance')
    expect(records.map(({ offering, durationMs }) => [offering, durationMs / HOUR]).sort()).toEqual([
      ['large', 3],
      ['small', 2],
    ])
    expect(operator.principal.account).toBe('op')
    await engine.close()
  })

  it('has the root that its provider makes as a series of its own, of the size that is shown', async () => {
    const { engine, world, acme, image, until, used, rebuilt } = await open(simulatedClasses.C)
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    await until(d0 + 2 * HOUR)
    await acme.instance.stop(id)
    await acme.settled(id)
    await acme.instance.modify(id, { type: 'large' })
    await until(d0 + 5 * HOUR)
    const { list } = world
    world.list = async (...asked) => {
      const { items, ...rest } = await list(...asked)
      const shown = { sizeBytes: 3 * GiB }
      return { ...rest, items: items.map(each => (each.kind === 'volume' ? { ...each, facts: shown } : each)) }
    }
    await engine.survey()
    await until(d0 + 9 * HOUR)
    await acme.instance.terminate(id)
    await acme.settled(id)
    await until(d1)
    const records = (await used(d0, d1)).filter(({ series }) => series === 'instanceRoot')
    expect(records).toEqual(
      [
        [1, 5],
        [3, 4],
      ].map(([size, lasted]) => ({
        ...{ series: 'instanceRoot', account: 'acme', region: 'local', resource: id, provider: 'lab', zone: 'a' },
        ...{ sizeBytes: size! * GiB, fromMs: d0, toMs: d1, durationMs: lasted! * HOUR },
        byteMs: BigInt(size! * GiB) * BigInt(lasted! * HOUR),
      })),
    )
    // What changed of the one cuts no record of the other.
    expect(hours(await used(d0, d1), 'allocatedInstance').sort()).toEqual([2, 7])
    expect(hours(await used(d0, d1), 'volume')).toEqual([])
    await rebuilt()
    await engine.close()
  })

  it('has no root of its own before its provider has made it, and none that is a volume', async () => {
    const failed = await open(simulatedClasses.C)
    failed.world.failNext('instanceEnsure', 'rejected', 'exhausted')
    const { id } = await failed.acme.instance.launch({ image: failed.image, type: 'small' })
    await failed.until(d0 + HOUR)
    await failed.acme.settled(id)
    expect(hours(await failed.used(d0, d1), 'instanceRoot')).toEqual([])
    await failed.engine.close()
    const ours = await open()
    await ours.acme.settled((await ours.acme.instance.launch({ image: ours.image, type: 'small' })).id)
    await ours.until(d0 + HOUR)
    expect([hours(await ours.used(d0, d1), 'instanceRoot'), hours(await ours.used(d0, d1), 'volume')]).toEqual([
      [],
      [1],
    ])
    await ours.engine.close()
  })

  it('is none for one whose launch was refused, and ends with one that failed', async () => {
    const { engine, acme, until, used } = await open()
    await expect(acme.instance.launch({ image: 'img-none', type: 'small' })).rejects.toThrow()
    await until(d1)
    expect(hours(await used(d0, d1), 'allocatedInstance')).toEqual([])
    await engine.close()
  })
})

describe('usage of a volume', () => {
  it('is counted whole, and again as far as it is attached; a new size cuts both (U2)', async () => {
    const { engine, acme, image, until, used, rebuilt } = await open()
    const instance = (await acme.instance.launch({ image, type: 'small' })).id
    await acme.settled(instance)
    await until(d0 + 8 * HOUR)
    const { id } = await acme.volume.create({ sizeBytes: 10 * GiB })
    await acme.settled(id)
    await until(d0 + 9 * HOUR)
    await acme.volume.attach(id, { instance, device: '/dev/sdf' })
    await acme.settled(id)
    await until(d0 + 12 * HOUR)
    await acme.volume.modify(id, { sizeBytes: 20 * GiB })
    await until(d1)
    const records = (await used(d0, d1)).filter(({ resource }) => resource === id)
    const rows = (series: string) =>
      records
        .filter(each => each.series === series)
        .map(({ sizeBytes, durationMs, byteMs, instance }) => [
          sizeBytes! / GiB,
          durationMs / HOUR,
          gibHoursOf(byteMs!),
          instance,
        ])
    expect(rows('volume')).toEqual([
      [10, 4, '40', undefined],
      [20, 12, '240', undefined],
    ])
    expect(rows('attachedVolume')).toEqual([
      [10, 3, '30', instance],
      [20, 12, '240', instance],
    ])
    await rebuilt()
    await engine.close()
  })

  it('goes on until the provider has confirmed that it is deleted', async () => {
    const { engine, acme, until, used } = await open()
    const { id } = await acme.volume.create({ sizeBytes: GiB })
    await acme.settled(id)
    await until(d0 + HOUR)
    await acme.volume.delete(id)
    await acme.settled(id)
    await until(d1)
    expect(hours(await used(d0, d1), 'volume')).toEqual([1])
    await engine.close()
  })
})

describe('usage of an instance that was terminated and may be recovered (4.1)', () => {
  it('pauses, with that of what is to go with it, until it is recovered; what stays goes on', async () => {
    const { engine, acme, image, until, used, rebuilt } = await open()
    const stays = { device: '/dev/sdb', sizeBytes: 2 * GiB, deleteOnTermination: false }
    const input = { recoverableForMs: DAY, blockDevices: [stays] }
    const { id } = await acme.instance.launch({ image, type: 'small', ...input })
    expect(await acme.settled(id)).toBe('running')
    await until(d0 + HOUR)
    await acme.instance.terminate(id)
    expect(await acme.settled(id)).toBe('recoverable')
    await until(d0 + 4 * HOUR)
    await acme.instance.recover(id)
    await until(d0 + 6 * HOUR)
    await acme.instance.terminate(id)
    expect(await acme.settled(id)).toBe('recoverable')
    await until(d0 + 7 * HOUR)
    await acme.instance.terminate(id, { expunge: true })
    expect(await acme.settled(id)).toBe('terminated')
    await engine.idle()
    await until(d0 + 8 * HOUR)
    const records = await used(d0, d1)
    const sized = (series: string) =>
      records
        .filter(each => each.series === series)
        .map(({ sizeBytes, durationMs }) => [sizeBytes! / GiB, durationMs / HOUR])
        .sort()
    expect(hours(records, 'allocatedInstance')).toEqual([3])
    expect(hours(records, 'runningInstance')).toEqual([1])
    expect(sized('volume')).toEqual([
      [1, 3],
      [2, 8],
    ])
    expect(sized('attachedVolume')).toEqual([
      [1, 3],
      [2, 7],
    ])
    await rebuilt()
    await engine.close()
  })
})

describe('a VM snapshot', () => {
  it('is counted from its moment until it is gone, each by itself (U3)', async () => {
    const { engine, acme, image, until, used, rebuilt } = await open()
    const blockDevices = [{ device: '/dev/sda1', sizeBytes: 10 * GiB }]
    const { id: instance } = await acme.instance.launch({ image, type: 'small', blockDevices })
    await acme.settled(instance)
    const keep = async (memory = false) => {
      const { id } = await acme['vm-snapshot'].create({ instance, memory })
      await acme.settled(id)
      return id
    }
    await until(d0 + 6 * HOUR)
    const first = await keep()
    await until(d0 + 12 * HOUR)
    const second = await keep()
    await until(d1 + 10 * HOUR)
    await acme['vm-snapshot'].delete(second)
    await acme.settled(second)
    await until(d1 + DAY)
    const rows = async (fromMs: number) =>
      new Map(
        (await used(fromMs, fromMs + DAY))
          .filter(({ series }) => series === 'vmSnapshotDisk')
          .map(({ resource, durationMs, byteMs }) => [resource, [durationMs / HOUR, gibHoursOf(byteMs!)]]),
      )
    expect(await rows(d0)).toEqual(
      new Map([
        [first, [18, '180']],
        [second, [12, '120']],
      ]),
    )
    expect(await rows(d1)).toEqual(
      new Map([
        [first, [24, '240']],
        [second, [10, '100']],
      ]),
    )
    await rebuilt()
    await engine.close()
  })

  it('has its memory counted apart, without drift however the time is cut (U4)', async () => {
    const { engine, acme, image, until, used } = await open()
    const { id: instance } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(instance)
    const { id } = await acme['vm-snapshot'].create({ instance, memory: true })
    await acme.settled(id)
    await until(d0 + 30 * DAY)
    const memory = async (stepMs: number) => {
      let sum = 0n
      for (let fromMs = d0; fromMs < d0 + 30 * DAY; fromMs += stepMs)
        for (const { series, byteMs } of await used(fromMs, fromMs + stepMs))
          if (series === 'vmSnapshotMemory') sum += byteMs!
      return gibHoursOf(sum)
    }
    expect([await memory(30 * DAY), await memory(DAY), await memory(7 * HOUR)]).toEqual(['1440', '1440', '1440'])
    await engine.close()
  })
})

describe('a statement', () => {
  it('sums an account by series and sort', async () => {
    const { engine, acme, image, until, used } = await open()
    const ids = await Promise.all([1, 2].map(() => acme.instance.launch({ image, type: 'small' })))
    for (const { id } of ids) await acme.settled(id)
    await until(d0 + 3 * HOUR)
    const line = usageStatement(await used(d0, d1)).find(({ series }) => series === 'runningInstance')
    expect(line).toMatchObject({ account: 'acme', sort: 'small', resources: 2 })
    expect([hoursOf(line!.durationMs), hoursOf(line!.vcpuMs!), gibHoursOf(line!.byteMs!)]).toEqual(['6', '12', '12'])
    await engine.close()
  })

  it('is of a calendar month', () => {
    expect(monthOf('2026-02')).toEqual({ fromMs: Date.UTC(2026, 1), toMs: Date.UTC(2026, 2) })
    expect(monthOf('2026-12').toMs).toBe(Date.UTC(2027, 0))
    for (const text of ['2026-13', '2026-00', '2026', '26-01', '']) expect(() => monthOf(text)).toThrow(RangeError)
  })

  it('reads amounts as decimal numbers, the last digit rounded half up', () => {
    expect(hoursOf(10_801_000n)).toBe('3.000278')
    expect(hoursOf(0n)).toBe('0')
    expect(hoursOf(1_800_000n, 0)).toBe('1')
    expect(hoursOf(1_799_999n, 0)).toBe('0')
    expect(gibHoursOf(BigInt(2 * GiB) * BigInt(720 * HOUR))).toBe('1440')
  })

  it('refuses a period that is none', async () => {
    const { engine } = await open()
    const ask = (fromMs: number, toMs: number) => readUsage(engine.views.usage, { fromMs, toMs, asOfMs: 0 })
    await expect(ask(2, 1)).rejects.toThrow(RangeError)
    await expect(ask(0.5, 1)).rejects.toThrow(RangeError)
    await engine.close()
  })
})

/** Segments of one volume, one after the other, with gaps and sizes at random; the last may go on. */
const lives = fc
  .array(fc.record({ gapMs: fc.nat(5), lastsMs: fc.integer({ min: 1, max: 1_000 }), sizeBytes: fc.nat(2 ** 50) }), {
    maxLength: 12,
  })
  .chain(parts => fc.tuple(fc.constant(parts), fc.boolean()))
  .map(([parts, goesOn]) => {
    let at = 0
    return parts.map(({ gapMs, lastsMs, sizeBytes }, index): UsageRow => {
      const fromMs = at + gapMs
      at = fromMs + lastsMs
      const isLast = index === parts.length - 1
      return {
        key: `vol-1@${index}`,
        resource: 'vol-1',
        kind: 'volume',
        account: 'acme',
        region: 'local',
        fromMs,
        toMs: isLast && goesOn ? undefined : at,
        fromPosition: index,
        fromVersion: index,
        counted: 1,
        sizeBytes,
      }
    })
  })
const total = (records: readonly UsageRecord[]) => records.reduce((sum, { byteMs = 0n }) => sum + byteMs, 0n)

describe('periods', () => {
  it('add up, however they are cut, to the byte-millisecond (U4)', () => {
    fc.assert(
      fc.property(lives, fc.array(fc.nat(14_000), { maxLength: 8 }), (segments, cuts) => {
        const times = [0, ...cuts, 15_000].sort((a, b) => a - b)
        const parts = times
          .slice(1)
          .map((toMs, index) => usageRecords(segments, { fromMs: times[index]!, toMs }, 13_000))
        const whole = usageRecords(segments, { fromMs: 0, toMs: 15_000 }, 13_000)
        expect(parts.reduce((sum, records) => sum + total(records), 0n)).toBe(total(whole))
        const naive = segments.reduce(
          (sum, { fromMs, toMs = 13_000, sizeBytes }) => sum + BigInt(sizeBytes!) * BigInt(Math.max(0, toMs - fromMs)),
          0n,
        )
        expect(total(whole)).toBe(naive)
      }),
    )
  })
})
