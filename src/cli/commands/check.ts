/** `stemma check` and `stemma backup`: whether a data file is sound, and a copy of one that is in use. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { readOwner, sqlite } from '../../index.ts'
import { checkedFile } from '../check/checked-file.ts'
import { reportText } from '../check/report-text.ts'
import { Failure, usage } from '../failure.ts'
import { checkFrom } from '../keys.ts'
import { print } from '../output.ts'
import { DATA_DEFAULT } from '../targets/open.ts'

/** Exit code of a file that is not sound. */
const UNSOUND = 1

export function checkCommands(program: Command): void {
  program
    .command('check')
    .description('Compares everything in a data file that nobody uses with its histories.')
    .option('--data <file>', 'the data file', DATA_DEFAULT)
    .option('--key <file>', 'the key that prunes were signed with, public or private: each must be')
    .option('--json', 'print JSON')
    .action(async ({ data, key, json }: { data: string; key?: string; json?: boolean }) => {
      const path = found(data)
      const owner = readOwner(path)
      if (owner)
        throw new Failure({
          code: 'alreadyOpen',
          message: `${path} is held by process ${owner.pid}; check a backup of it, or end that process first.`,
        })
      const report = await checkedFile({ path, readOnly: true }, key === undefined ? undefined : checkFrom(key))
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
