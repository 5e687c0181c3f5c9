/** `stemma restore`: a backup becomes the data file again, after it was checked whole. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { type AskRow, beginRestore } from '../../index.ts'
import { asksIn, type CheckedFile, checkedFile } from '../check/checked-file.ts'
import { reportText } from '../check/report-text.ts'
import { Failure, usage } from '../failure.ts'
import { plain } from '../output.ts'
import { styled, table, time } from '../tables.ts'

/** Open asks that are listed; the others are counted. */
const LISTED = 50

export function restoreCommand(program: Command): void {
  program
    .command('restore')
    .description('Checks a backup whole and puts it where a data file was; what is there is never overwritten.')
    .argument('<backup>')
    .argument('<database>', 'the data file to make')
    .action(async (backup: string, database: string) => {
      const [from, to] = [resolve(backup), resolve(database)]
      if (!existsSync(from)) throw usage(`There is no ${from}.`, 'backup')
      await mkdir(dirname(to), { recursive: true })
      const { checked, asks } = await restored(from, to)
      process.stdout.write(`${restoredText(to, checked, asks)}\n`)
    })
}

async function restored(from: string, to: string): Promise<{ checked: CheckedFile; asks: AskRow[] }> {
  const restoration = beginRestore(from, to)
  try {
    const checked = await checkedFile({ path: restoration.copy, readOnly: false })
    if (!checked.isSound) {
      const message = `${from} is not sound, and ${to} was not made. What was found:\n${reportText(checked)}`
      throw new Failure({ code: 'backupUnsound', message })
    }
    const asks = await asksIn(restoration.copy)
    restoration.place()
    return { checked, asks }
  } finally {
    restoration.end()
  }
}

function restoredText(to: string, { position, at, timers, histories }: CheckedFile, asks: readonly AskRow[]): string {
  const known = position === 0 ? 'It has no events.' : `Its newest event is #${position} of ${time(at)}.`
  const rows = asks.slice(0, LISTED).map(each => [each.resource, each.verb, each.provider, plain(each.token)])
  return [
    `${styled('green', 'Restored')} ${to}: sound, ${histories.events} events of ${histories.resources} resources.`,
    `${known} Whatever was acknowledged later is not in it: keep the file it replaces, and compare.`,
    `${timers} timers are armed; those that came due meanwhile fire at the next start.`,
    ...(asks.length === 0
      ? ['No ask is open.']
      : [
          styled(
            'yellow',
            `${asks.length} asks are open, and are called again at the next start, with their old tokens:`,
          ),
          table(['resource', 'asked', 'of', 'token'], rows),
        ]),
    ...(asks.length > LISTED ? [`and ${asks.length - LISTED} more.`] : []),
    'Providers went on without it: run `stemma survey` after the start, before anything else (docs/operate/restore.md).',
  ].join('\n')
}
