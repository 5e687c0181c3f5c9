import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CapacityAnswer } from '../../doors/native/index.ts'
import { capacityScopes } from '../../index.ts'
import { usage as wrong } from '../failure.ts'
import { print } from '../output.ts'
import { styled, table, time } from '../tables.ts'
import { onTarget, readOptions, type TargetOptions } from '../targets/open.ts'

interface Options extends TargetOptions {
  readonly by?: string
  readonly limit?: number
  readonly explain?: boolean
}

const LIMIT_MAX = 1_000
function limitOf(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit
  throw new InvalidArgumentError(`It is a whole number from 1 to ${LIMIT_MAX}.`)
}

/** `stemma capacity [of]`: what takes storage, and with --explain the events behind it. */
export function capacityCommand(program: Command): void {
  readOptions(program.command('capacity'))
    .description('Shows what takes storage: allocated, promised, held by VM snapshots, and measured.')
    .argument('[of]', 'one of them, such as pool/ssd, a volume, or <provider>/<zone>; default: all')
    .addOption(
      new Option('--by <what>', "default: as the id says, else an operator's total, others' account").choices([
        ...capacityScopes,
      ]),
    )
    .option('--limit <count>', 'how many at most', limitOf)
    .option('--explain', 'the events behind the figures of one of them')
    .action(async (of: string | undefined, options: Options) => {
      const { by = scopeOf(of), limit, explain, json } = options
      if (of !== undefined && by === undefined)
        throw wrong(`Say what '${of}' is: --by account, domain, pool or zone.`, '--by')
      print(await onTarget(options, target => target.capacity({ by, of, limit, explain })), json, told)
    })
}

/** What an id says of itself. */
function scopeOf(of: string | undefined): string | undefined {
  const [, prefix] = /^(account|domain|pool)\//.exec(of ?? '') ?? []
  if (prefix !== undefined) return prefix
  if (/^vol-/.test(of ?? '')) return 'volume'
  return /^i-/.test(of ?? '') ? 'instance' : undefined
}

function told({ items, next, explanation }: CapacityAnswer): string {
  if (items.length === 0) return styled('dim', 'Nothing takes storage.')
  const [{ by }] = items as [CapacityAnswer['items'][number]]
  const heading = [by, 'allocated', 'requested', 'reclaimable', 'layers', 'branches', 'memory', 'committed']
  const isPool = by === 'pool'
  const rows = items.map(each => [
    each.key,
    ...[each.allocatedBytes, each.requestedBytes, each.reclaimableBytes].map(sized),
    each.snapshotLayers || '',
    ...[each.branchBytes, each.memoryBytes].map(sized),
    marked(each),
    ...(isPool ? [sized(each.settings?.allocationLimitBytes)] : []),
    sized(each.worstCaseBytes),
    each.physicalBytes === null ? 'not measured' : sized(each.physicalBytes) || '0',
    time(each.physicalAsOf),
    ...(isPool ? onDisk(each.settings?.storage) : []),
  ])
  const more = isPool ? ['used there', 'free there', 'measured'] : []
  const lines = [table([...heading, ...(isPool ? ['limit'] : []), 'worst case', 'physical', 'as of', ...more], rows)]
  if (next !== null) lines.push(styled('dim', 'There are more; raise --limit, or name one.'))
  if (explanation) lines.push('', because(explanation))
  return lines.join('\n')
}

function because({ parts, isWhole }: NonNullable<CapacityAnswer['explanation']>): string {
  if (parts.length === 0) return styled('dim', 'No event is behind it.')
  const rows = parts.map(({ of, cause, amounts }) => [
    cause.position,
    time(cause.at),
    cause.type,
    cause.resource,
    of,
    inWords(amounts),
  ])
  const lines = table(['position', 'at', 'event', 'of', 'takes from', 'amounts'], rows)
  return isWhole ? lines : `${lines}\n${styled('dim', 'There are more; raise --limit.')}`
}
const inWords = (amounts: Readonly<Record<string, number>>) =>
  Object.entries(amounts)
    .map(([name, amount]) => (name.includes('Bytes') ? `${name} ${sized(amount) || '0'}` : `${name} ${amount}`))
    .join(', ')

/** What its provider says of the pool itself. */
const onDisk = (storage: NonNullable<CapacityAnswer['items'][number]['settings']>['storage'] | undefined) =>
  storage
    ? [sized(storage.usedBytes) || '0', sized(storage.freeBytes) || '0', time(storage.asOf)]
    : ['not measured', '', '']

/** What is filled to its limit is seen. */
function marked({ committedBytes, settings }: CapacityAnswer['items'][number]): string {
  const isFull = settings !== undefined && committedBytes >= settings.allocationLimitBytes
  return isFull ? styled('red', sized(committedBytes) || '0') : sized(committedBytes)
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const
/** Bytes for people; nothing for none. */
function sized(bytes: number | null | undefined): string {
  if (!bytes) return ''
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1)
  return `${Number((bytes / 1024 ** power).toFixed(2))} ${units[power]}`
}
