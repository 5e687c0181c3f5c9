/**
 * `npm run bench [-- --quick]`: every promise about speed, with its floor measured in the same run. Figures of different
 * runs on shared machines cannot be compared; the ratios can.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { keepCompiled } from '../../src/cli/compiled.ts'
import { benchAllViews } from './all-views.ts'
import { benchCapacity } from './capacity.ts'
import { benchCommands } from './commands.ts'
import { benchCores } from './cores.ts'
import { benchEc2 } from './ec2.ts'
import { benchRebuild } from './rebuild.ts'
import { benchReplay, benchStories } from './replay.ts'
import { file } from './setting.ts'
import { benchTransitions } from './transitions.ts'
import { benchViews } from './views.ts'

// As the command line does: threads load what is compiled already.
keepCompiled()
const isQuick = process.argv.includes('--quick')
const sizes = isQuick ? [1_000, 10_000] : [1_000, 100_000, 1_000_000]
const whole = (value: number) => Math.round(value).toLocaleString('en')
const ratio = (value: number) => value.toFixed(2)
const promises: { promise: string; measured: string; kept: boolean }[] = []

const transitions = benchTransitions(isQuick ? 200_000 : 2_000_000)
promises.push({
  promise: "transitions against XState's transition(): at least 1.7",
  measured: `${ratio(transitions.ratio)} (${whole(transitions.compiledPerSecond)}/s; shared scope ${whole(transitions.sharedScopePerSecond)}/s)`,
  kept: transitions.ratio >= 1.7,
})

for (const each of await benchCommands(sizes, isQuick ? 10_000 : 40_000, isQuick ? 1 : 3)) {
  promises.push({
    promise: `durable commands against plain SQLite at ${whole(each.resources)} resources: at least 0.5`,
    measured: `${ratio(each.ratio)} (${whole(each.perSecond)}/s; strict ${whole(each.strictPerSecond)}/s; floor ${whole(each.floorPerSecond)}/s)`,
    kept: each.ratio >= 0.5,
  })
  promises.push({
    promise: `64 callers against one at ${whole(each.resources)} resources: at least 4`,
    measured: `${ratio(each.perSecond / each.onePerSecond)} (one caller ${whole(each.onePerSecond)}/s)`,
    kept: each.perSecond >= 4 * each.onePerSecond,
  })
  promises.push({
    promise: `event loop delay p99 at ${whole(each.resources)} resources`,
    measured: `${each.loopDelayP99Ms.toFixed(1)} ms`,
    kept: true,
  })
}

const views = await benchViews(isQuick ? 10_000 : 100_000)
promises.push({
  promise: `cold start with ${whole(views.resources)} resources: under 2 s`,
  measured: `${whole(views.coldStartMs)} ms, first command ${views.firstCommandMs.toFixed(1)} ms`,
  kept: views.coldStartMs < 2_000,
})
promises.push({
  promise: 'rebuild of the inventory: at least 100,000 events/s',
  measured: `${whole(views.rebuildPerSecond)}/s`,
  kept: views.rebuildPerSecond >= 100_000,
})
promises.push({
  promise: 'memory of a resident resource',
  measured: `${whole(views.bytesPerResident)} bytes`,
  kept: true,
})

const rebuild = await benchRebuild(isQuick ? 1_000 : 80_000)
promises.push({
  promise: `rebuild of all views in one pass, ${whole(rebuild.events)} events of all kinds, ${rebuild.cores} cores: at least 100,000 events/s`,
  measured: `${whole(rebuild.rebuildPerSecond)}/s (${ratio(rebuild.rebuildPerSecond / rebuild.scanPerSecond)} of a raw scan, ${whole(rebuild.scanPerSecond)}/s)`,
  kept: rebuild.rebuildPerSecond >= 100_000,
})

const all = await benchAllViews(isQuick ? 1_000 : 20_000, isQuick ? 1_000 : 10_000)
promises.push(
  {
    promise: 'durable commands with all views against plain SQLite writing the same rows: at least 0.3',
    measured: `${ratio(all.perSecond / all.floorPerSecond)} (${whole(all.perSecond)} events/s; floor ${whole(all.floorPerSecond)}/s)`,
    kept: all.perSecond >= 0.3 * all.floorPerSecond,
  },
  {
    promise: `a month's statement over ${whole(all.segments)} segments: under 1 s for each 100,000`,
    measured: `${whole(all.statementMs)} ms`,
    kept: all.statementMs < Math.max(1, all.segments / 100_000) * 1_000,
  },
)

const capacity = await benchCapacity(isQuick ? 20_000 : 1_000_000, isQuick ? 200 : 10_000)
promises.push({
  promise: `capacity and usage of one account of ${whole(capacity.accounts)}, among ${whole(capacity.volumes)} volumes: under 10 ms`,
  measured: `${capacity.accountMs.toFixed(2)} ms and ${capacity.usageMs.toFixed(2)} ms (a pool ${capacity.poolMs.toFixed(2)} ms, all ${capacity.totalMs.toFixed(1)} ms; ${whole(capacity.foldedPerSecond)} events/s)`,
  kept: capacity.accountMs < 10 && capacity.usageMs < 10,
})
const replay = await benchReplay(isQuick ? 5_000 : 100_000)
// A log to verify on one core and on two, such as `stemma trace azure` makes: npm run bench -- --log azure.db
const { values: given } = parseArgs({ options: { log: { type: 'string' }, quick: { type: 'boolean' } } })
if (given.log !== undefined || !isQuick) {
  const own = [file('replay.db'), join(import.meta.dirname, 'kind.ts')] as const
  const cores = await (given.log === undefined ? benchCores(...own) : benchCores(given.log))
  const gain = cores.oneSeconds / cores.twoSeconds
  promises.push({
    promise: `verification of ${whole(cores.events)} events on two cores against one: at least 1.7`,
    measured: `${ratio(gain)} (${cores.oneSeconds.toFixed(1)} s and ${cores.twoSeconds.toFixed(1)} s; the limit, two processes that share nothing, ${ratio(cores.limit)})`,
    kept: gain >= 1.7,
  })
}
const stories = await benchStories(isQuick ? 20_000 : 1_000_000)
const among = `among ${whole(stories.resources)} resources`
promises.push(
  {
    promise: 'verification against bare evolve over the same rows: at least 0.5',
    measured: `${ratio(replay.verifyAgainstEvolve)} (${whole(replay.verifyPerSecond)}/s; evolve ${whole(replay.evolvePerSecond)}/s)`,
    kept: replay.verifyAgainstEvolve >= 0.5,
  },
  {
    promise: 'folding a past: at least 150,000 events a second',
    measured: `${whole(replay.foldPerSecond)}/s (${ratio(replay.foldPerSecond / replay.scanPerSecond)} of a raw scan, ${whole(replay.scanPerSecond)}/s; the next look nearby ${whole(replay.againMs)} ms, the first of another process ${whole(replay.elsewhereMs)} ms)`,
    kept: replay.foldPerSecond >= 150_000,
  },
  {
    promise: `the story of one resource, and why it is there, ${among}: under 50 ms`,
    measured: `${stories.storyMs.toFixed(1)} ms and ${stories.whyMs.toFixed(1)} ms`,
    kept: Math.max(stories.storyMs, stories.whyMs) < 50,
  },
)

const ec2 = await benchEc2([0, 1_000, 5_000], isQuick ? 100 : 400)
const [empty] = ec2 as [(typeof ec2)[number]]
for (const each of ec2) {
  const at = `at ${whole(each.instances)} instances`
  const slower = empty.pairsPerSecond / each.pairsPerSecond
  promises.push({
    promise: `EC2 RunInstances and TerminateInstances ${at}: flat within 1.3`,
    measured: `${ratio(slower)} (${whole(each.pairsPerSecond)} pairs/s)`,
    kept: slower <= 1.3,
  })
  const later = each.describeP50Ms / empty.describeP50Ms
  promises.push({
    promise: `EC2 DescribeInstances by id ${at}: flat within 1.3`,
    measured: `${ratio(later)} (${whole(each.describePerSecond)}/s, p50 ${each.describeP50Ms.toFixed(1)} ms, p99 ${each.describeP99Ms.toFixed(1)} ms)`,
    kept: later <= 1.3,
  })
  if (each.listMs === undefined) continue
  promises.push({
    promise: 'EC2 listing of 1,000 instances: under 60 ms',
    measured: `${each.listMs.toFixed(1)} ms`,
    kept: each.listMs < 60,
  })
}

for (const { promise, measured, kept } of promises)
  console.log(`${kept ? 'kept  ' : 'BROKEN'}  ${promise}: ${measured}`)
if (promises.some(({ kept }) => !kept)) process.exitCode = 1
