/** `stemma export`, `import`, `anonymize` and `reproduce`: histories that travel. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { anonymized, exportLines, importExport, reproduction, sqlite, type ViewMap } from '../../index.ts'
import { sha256 as hash } from '../../system/hash.ts'
import { usage } from '../failure.ts'
import { signerFrom } from '../keys.ts'
import { DATA_DEFAULT } from '../targets/open.ts'
import { readExportFile, writeLines } from '../transfer/lines.ts'

interface ExportOptions {
  readonly data: string
  readonly of?: string
  readonly resource?: string
  readonly out?: string
  readonly key?: string
}

export function transferCommands(program: Command): void {
  program
    .command('export')
    .description('Writes whole histories as lines of JSON, with their digests.')
    .option('--data <file>', 'the data file, whoever holds it', DATA_DEFAULT)
    .option('--of <account>', 'of one account only')
    .option('--resource <id>', 'of one resource, and of those it had to do with')
    .option('--out <file>', 'where to; default: standard output')
    .option('--key <file>', 'sign it with this private key (Ed25519, PEM)')
    .action(exported)
  program
    .command('import')
    .description('Brings an export into a data file that is not there yet: the same events, the same digests.')
    .argument('<export>')
    .option('--data <file>', 'the data file to make', DATA_DEFAULT)
    .option('--key <file>', 'the key it must be signed with, public or private')
    .action(imported)
  program
    .command('anonymize')
    .description('Replaces the names and ids of an export, the same by the same, so that it can be shown to others.')
    .argument('<export>')
    .option('--out <file>', 'where to; default: standard output')
    .option('--salt <text>', 'replaces alike in several exports; whoever knows it can try names')
    .action(async (path: string, { out, salt }: { out?: string; salt?: string }) => {
      const read = await readExportFile(path)
      await writeLines(anonymized(read, { kinds, hash, salt: salt ?? randomBytes(24).toString('base64url') }), out)
    })
  program
    .command('reproduce')
    .description('Writes a vitest file that passes and fails as the histories of an export do.')
    .argument('<export>')
    .option('--out <file>', 'where to; default: standard output')
    .option('--from <module>', 'where the test imports stemma from', 'stemma')
    .action(async (path: string, { out, from }: { out?: string; from: string }) => {
      const { events } = await readExportFile(path)
      await writeLines([reproduction(events, { hash, from, title: path }).trimEnd()], out)
    })
}

async function exported({ data, of: account, resource, out, key }: ExportOptions): Promise<void> {
  if (account !== undefined && resource !== undefined) throw usage('Give --of or --resource, not both.', '--resource')
  const path = resolve(data)
  if (!existsSync(path)) throw usage(`There is no ${path}.`, '--data')
  const sign = key === undefined ? undefined : signerFrom(key)
  const store = sqlite({ path, readOnly: true })
  await store.open([])
  try {
    const without = (await store.beginning?.())?.missing ?? []
    for (const each of without) process.stderr.write(`What was pruned into ${each} is left out: it is not there.\n`)
    await writeLines(exportLines(store, { account, resource }, hash, sign), out)
  } catch (error) {
    if (error instanceof RangeError) throw usage(`${error.message}.`, '--resource')
    throw error
  } finally {
    await store.close()
  }
}

async function imported(from: string, { data, key }: { data: string; key?: string }): Promise<void> {
  const path = resolve(data)
  if (existsSync(path)) throw usage(`${path} is there already; an export is brought into a new file.`, '--data')
  const read = await readExportFile(from, key)
  await mkdir(dirname(path), { recursive: true })
  const store = sqlite(path)
  const views: ViewMap = projections
  await store.open(Object.values(views))
  try {
    await importExport(store, read, kinds)
  } finally {
    await store.close()
  }
  const { events, resources } = read.footer
  process.stdout.write(`${events} events of ${resources} resources are in ${path}.\n`)
}
