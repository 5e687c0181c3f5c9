/** `stemma check` and `stemma backup`: whether a data file is sound, and a copy of one that is in use. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { type CheckReport, checkStore, readOwner, sqlite, type ViewMap } from '../../index.ts'
import { sha256 as hash } from '../../system/hash.ts'
import { Failure, usage } from '../failure.ts'
import { plain, print } from '../output.ts'
import { styled } from '../tables.ts'
import { DATA_DEFAULT } from '../targets/open.ts'
import { verdictText } from '../verify/verdict-text.ts'

/** Exit code of a file that is not sound. */
const UNSOUND = 1

export function checkCommands(program: Command): void {
  program
    .command('check')
    .description('Compares everything in a data file that nobody uses with its histories.')
    .option('--data <file>', 'the data file', DATA_DEFAULT)
    .option('--json', 'print JSON')
    .action(async ({ data, json }: { data: string; json?: boolean }) => {
      const path = found(data)
      const owner = readOwner(path)
      if (owner)
        throw new Failure({
          code: 'alreadyOpen',
          message: `${path} is held by process ${owner.pid}; check a backup of it, or end that process first.`,
        })
      const report = await checked(path)
      print(report, json, reportText)
      if (!report.isSound) process.exitCode = UNSOUND
    })
  program
    .command('backup')
    .description('Copies a data file as it is at one moment, also while it is in use.')
    .argument('<file>', 'the copy, which must not be there yet')
    .option('--data <file>', 'the data file', DATA_DEFAULT)
    .action(async (to: string, { data }: { data: string }) => {
      const target = resolve(to)
      if (existsSync(target)) throw usage(`${target} is there already.`, 'file')
      const store = sqlite({ path: found(data), readOnly: true })
      const { position } = await store.open([])
      try {
        store.backup(target)
      } finally {
        await store.close()
      }
      process.stdout.write(`${target} has everything up to event ${position} at least.\n`)
    })
}

function found(data: string): string {
  const path = resolve(data)
  if (existsSync(path)) return path
  throw usage(`There is no ${path}.`, '--data')
}

async function checked(path: string): Promise<CheckReport> {
  const store = sqlite({ path, readOnly: true })
  const views: ViewMap = projections
  const opened = await store.open(Object.values(views))
  try {
    const pause = () => new Promise<void>(resolve => setImmediate(resolve))
    return await checkStore(store, opened, { kinds, projections, hash, pause })
  } finally {
    await store.close()
  }
}

function reportText({ histories, views, asks, timers, checkpoints, found, findings, isSound }: CheckReport): string {
  const rows = Object.entries(views).map(([name, count]) => `${name} ${count}`)
  return [
    verdictText(histories),
    `Rows of views: ${rows.join(', ')}. Open asks: ${asks}, timers: ${timers}, checkpoints: ${checkpoints}.`,
    ...findings.map(each => {
      const [stored, folded] = [each.stored, each.folded].map(value => plain(JSON.stringify(value)) ?? 'nothing')
      return `${styled('red', `${each.in} ${each.name}`)} ${plain(each.key)}\n    stored ${stored}\n    folded ${folded}`
    }),
    ...(found > findings.length ? [`and ${found - findings.length} more.`] : []),
    isSound ? styled('green', 'The file is sound.') : styled('red', 'The file is not what its histories say.'),
  ].join('\n')
}
