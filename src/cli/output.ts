/** Where answers go: a table for people, or one JSON document for programs. */
import type { Action, Cleaned, Finding, KindSurvey, ProviderView, SurveyReport } from '../index.ts'
import { coloured, styled, table, time } from './tables.ts'
import type { CommandOutcome, Row } from './target.ts'

const say = (text: string) => void process.stdout.write(`${text}\n`)

/** Prints as JSON what was asked as JSON, else what `table` makes of it. */
export function print<T>(answer: T, isJson: boolean | undefined, tableOf: (answer: T) => string): void {
  say(isJson ? JSON.stringify(answer, undefined, 2) : tableOf(answer))
}

/** Columns that say little in a list of one kind for one account. */
const quiet = new Set(['kind', 'account', 'region', 'status', 'version', 'position', 'updatedAt'])
const first = ['id', 'name', 'state']
/** What only some kinds have and everybody asks for first. */
const sizes = ['type', 'sizeBytes', 'vcpus', 'memoryBytes']

/** A list of resources: the columns in which any of them has something to show. */
export function listed(rows: readonly Row[]): string {
  if (rows.length === 0) return styled('dim', 'There is none.')
  const wide = rows.map(row => ({ ...row, ...picked(row.attributes) }))
  const used = [...new Set(wide.flatMap(row => Object.keys(row)))].filter(each => wide.some(row => isShown(row[each])))
  const others = used.filter(each => !first.includes(each) && !quiet.has(each))
  const columns = [...first.filter(each => used.includes(each)), ...others]
  return table(
    columns,
    wide.map(row => columns.map(column => cell(row, column))),
  )
}
const isShown = (value: unknown) => value !== null && value !== undefined && typeof value !== 'object'
const picked = (attributes: unknown): Row =>
  Object.fromEntries(Object.entries((attributes ?? {}) as Row).filter(([name]) => sizes.includes(name)))

function cell(row: Row, column: string): unknown {
  const value = row[column]
  if (column === 'state') return coloured(String(row.kind), String(value))
  if (column.endsWith('At')) return time(value)
  return plain(typeof value === 'object' && value !== null ? JSON.stringify(value) : value)
}

/** Names are other people's words: what would move the cursor or the colours of a terminal is left out. */
export const plain = (value: unknown) => (typeof value === 'string' ? value.replace(/\p{Cc}/gu, '�') : value)

/** One resource: a line for each thing it has, what only its kind has included. */
export function shown({ attributes, relations, ...row }: Row): string {
  const all: Row = { ...row, ...(attributes as Row) }
  const lines = Object.keys(all)
    .filter(each => all[each] !== null && all[each] !== undefined)
    .map(each => [each, cell(all, each)])
  const related = ((relations ?? []) as { role: string; id: string }[]).map(({ role, id }) => [`${role} →`, id])
  return table(['field', 'value'], [...lines, ...related])
}

/** What became of a command. */
export function outcome({ id, kind, outcome, previousState, state, settled, version }: CommandOutcome): string {
  const now = settled ?? state
  const came = settled === null ? `${coloured(kind, state)} (not settled yet)` : coloured(kind, now)
  return table(['id', 'outcome', 'before', 'state', 'version'], [[id, outcome, previousState, came, version]])
}

export function judged(actions: readonly Action[]): string {
  const why = (action: Action) => {
    if (action.answer === 'refused') return action.reasons.map(each => `${each.code}: ${each.sentence}`).join(' ')
    return action.answer === 'depends' ? `on ${action.on.join(', ')}` : ''
  }
  const colours = { accepted: 'green', unchanged: 'dim', refused: 'red', depends: 'yellow' } as const
  const rows = actions.map(each => [each.command, styled(colours[each.answer], each.answer), why(each)])
  return table(['command', 'answer', 'why'], rows)
}

const classes = { orphan: 'red', ghost: 'red', drift: 'yellow', foreign: 'dim' } as const

/** A table of what was looked through, and one for each class of which something was found. */
export function surveyed({ providers }: SurveyReport): string {
  const heading = ['provider', 'kind', 'known', 'unsettled', ...Object.keys(classes)]
  const counts = (each: KindSurvey) => Object.keys(classes).map(name => each[name as Finding['class']].count)
  const rows = providers.flatMap(({ provider, kinds }) =>
    kinds.map(each => [provider, each.kind, each.known, each.unsettled, ...counts(each)]),
  )
  const silent = providers.filter(({ reachable }) => !reachable)
  const lost = silent.map(({ provider, problem }) => styled('red', `${provider} was not seen whole: ${plain(problem)}`))
  return [table(heading, rows), ...lost, ...Object.keys(classes).flatMap(name => found(name, providers))].join('\n\n')
}

function found(name: string, providers: SurveyReport['providers']): string[] {
  const as = name as Finding['class']
  const all = providers.flatMap(({ kinds }) => kinds.flatMap(each => each[as].listed))
  if (all.length === 0) return []
  const rows = all.map(each => [
    styled(classes[as], as),
    ...[each.provider, each.kind, plain(each.id), time(each.madeAt), plain(each.sentence)],
    each.recorded ? 'recorded' : '',
  ])
  return [table(['class', 'provider', 'kind', 'id', 'made', 'why', ''], rows)]
}

/** What became of orphans. */
export const cleaned = (results: readonly Cleaned[]): string =>
  table(
    ['outcome', 'provider', 'kind', 'id', 'token'],
    results.map(({ outcome, provider, kind, id, token }) => [outcome, provider, kind, plain(id), token]),
  )

/** Providers side by side: the answers that plans depend on. */
export function answered(providers: readonly ProviderView[]): string {
  if (providers.length === 0) return styled('dim', 'There is none.')
  const questions = Object.keys(providers[0]!.answers)
  const rows = providers.map(({ name, answers }) => [name, ...Object.values(answers).map(yesNo)])
  return table(['provider', ...questions], rows)
}
const yesNo = (value: unknown) => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : value)

/** One provider: its answers, then a line for each thing it declares. */
export function offered({ answers, capabilities }: ProviderView): string {
  const lines = [...linesOf(answers), ...linesOf(capabilities)]
  return table(
    ['capability', 'value'],
    lines.map(([name, value]) => [name, yesNo(value)]),
  )
}
function linesOf(values: object, path = ''): [string, unknown][] {
  return Object.entries(values).flatMap(([name, value]): [string, unknown][] => {
    if (Array.isArray(value)) return [[path + name, value.join(', ') || 'none']]
    if (typeof value !== 'object' || value === null) return [[path + name, value]]
    const lines = linesOf(value, `${path}${name}.`)
    return lines.length ? lines : [[path + name, 'none']]
  })
}
