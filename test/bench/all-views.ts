/**
 * All views of all kinds at once: how fast durable commands are that write them, and how long a statement takes. A part of `npm run bench`; by itself: `node test/bench/all-views.ts 10000`.
 */
import { monthOf, projections, usageStatement } from '../../projections/index.ts'
import { readUsage } from '../../src/reports/usage.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { type BenchCloud, GiB, inhabit, openCloud } from './cloud.ts'
import { plainly } from './plain.ts'
import { copyDatabase, drive, file, recording, type Written } from './setting.ts'

export interface AllViewsFigures {
  /** Events a second of callers that create and tag volumes, and of plain SQL writing the same rows. */
  readonly perSecond: number
  readonly floorPerSecond: number
  readonly segments: number
  readonly statementMs: number
}

const TURNS = 3

export async function benchAllViews(machines: number, commands: number): Promise<AllViewsFigures> {
  const [path, world] = [file('cloud.db'), file('cloud.world')]
  const cloud = await openCloud(sqlite(path), world)
  await inhabit(cloud, machines)
  const { segments, statementMs } = await statement(cloud)
  await cloud.close()
  const ratios: { perSecond: number; floorPerSecond: number }[] = []
  for (let turn = 0; turn < TURNS; turn += 1) ratios.push(await durable(path, world, commands))
  const middle = ratios.sort((a, b) => a.perSecond / a.floorPerSecond - b.perSecond / b.floorPerSecond)[1]!
  return { ...middle, segments, statementMs }
}

/** What everybody used this month. */
async function statement({ views }: BenchCloud): Promise<{ segments: number; statementMs: number }> {
  let segments = 0
  for await (const _ of views.usage.all()) segments += 1
  const now = Date.now()
  const begun = process.hrtime.bigint()
  const month = monthOf(new Date(now).toISOString().slice(0, 7))
  usageStatement(await readUsage(views.usage, { ...month, asOfMs: now }))
  return { segments, statementMs: Number(process.hrtime.bigint() - begun) / 1e6 }
}

async function durable(base: string, world: string, commands: number) {
  const [path, plain] = [file('durable.db'), file('plain.db')]
  copyDatabase(base, path)
  copyDatabase(base, plain)
  copyDatabase(world, file('durable.world'))
  const written: Written[] = []
  const cloud = await openCloud(recording(path, written), file('durable.world'))
  const tenants = Array.from({ length: 50 }, (_, nth) => cloud.as({ account: `account-${nth}`, actor: 'bench' }))
  const before = cloud.health().position
  const begun = process.hrtime.bigint()
  await drive(64, commands, async nth => {
    const tenant = tenants[nth % 50]!
    const { id } = await tenant.volume.create({ sizeBytes: GiB })
    await tenant.volume.tag(id, { tags: { nth: `${nth}` } })
  })
  await cloud.idle()
  await cloud.flush()
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9
  const perSecond = (cloud.health().position - before) / seconds
  await cloud.close()
  return { perSecond, floorPerSecond: plainly(plain, written, Object.values(projections)) }
}

if (process.argv[1] === import.meta.filename) {
  const [machines = 10_000, commands = 10_000] = process.argv.slice(2).map(Number)
  console.log(await benchAllViews(machines, commands))
}
