/**
 * I3: every snapshot is the fold of its stream, and every row of a view the fold of the log, byte for byte; and where a
 * resource is forgotten, no row says anything of it.
 */

import type { Projection, ViewRow } from '../../../projections/contract.ts'
import { additions } from '../../../src/runtime/counting.ts'
import type { ViewMap } from '../../../src/runtime/listing.ts'
import { canonical } from '../../../src/store/canonical.ts'
import { type Books, endingsOf, forgottenIn } from '../forgotten.ts'
import { simulationViews } from '../views.ts'
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'I3 fold'

/** JSON drops what is undefined; so does a database. */
const plain = (value: unknown) => canonical(JSON.parse(JSON.stringify(value)))

function checkSnapshots(world: Books, forgotten: ReadonlySet<string>): void {
  const rows = world.database.prepare('SELECT resource, version, text FROM snapshots').all() as {
    resource: string
    version: number
    text: string
  }[]
  const stored = new Map(rows.map(row => [row.resource, row]))
  const known = [...world.replay.snapshots].filter(([resource]) => !forgotten.has(resource))
  if (stored.size !== known.length)
    throw new Violation(NAME, `there are ${stored.size} snapshots of ${known.length} resources`)
  for (const [resource, snapshot] of known) {
    const row = stored.get(resource)
    if (!row) throw new Violation(NAME, `${resource} has no snapshot row`)
    const found = plain({ resource, version: row.version, ...JSON.parse(row.text) })
    const expected = plain(snapshot)
    if (found !== expected)
      throw new Violation(NAME, `snapshot of ${resource}\n  is     ${found}\n  folded ${expected}`)
  }
}

function checkEndings(world: Books, forgotten: ReadonlySet<string>): void {
  const expected = [...endingsOf(world).values()]
    .filter(({ id }) => !forgotten.has(id))
    .map(({ kind, id, at, position }) => `${kind} ${id} ended at ${at} (${position})`)
  const found = world.database
    .prepare("SELECT kind || ' ' || resource || ' ended at ' || at || ' (' || position || ')' FROM endings")
    .pluck()
    .all() as string[]
  const missing = expected.find(each => !found.includes(each)) ?? found.find(each => !expected.includes(each))
  if (missing) throw new Violation(NAME, `the endings and the log do not agree: ${missing}`)
}

/** A row that says nothing is none. */
const kept = (view: Projection, row: ViewRow | undefined) => (row && view.isEmpty?.(row) ? undefined : row)

/** What changed in a row is added to those it counts in, one by one, as it happens. */
function addUp(view: Projection, rows: Map<string, ViewRow>, before: ViewRow | undefined, after: ViewRow | undefined) {
  for (const { key, amounts } of additions(view, before, after)) {
    const last = rows.get(key)
    const row = kept(view, view.add!(last, key, amounts))
    addUp(view, rows, last, row)
    if (row) rows.set(key, row)
    else rows.delete(key)
  }
}

function checkView(world: Books, view: Projection, forgotten: ReadonlySet<string>): void {
  const expected = new Map<string, ViewRow>()
  for (const event of world.log)
    for (const key of view.keys(event)) {
      const before = expected.get(key)
      const row = kept(view, view.fold(before, event, key))
      for (const left of view.leaves?.(before, row, event) ?? []) expected.set(left[view.key], left)
      addUp(view, expected, before, row)
      if (row) expected.set(key, row)
      else expected.delete(key)
    }
  if (view.perResource) for (const resource of forgotten) expected.delete(resource)
  const json = new Set(Object.keys(view.columns).filter(column => view.columns[column] === 'json'))
  const stored = world.database.prepare(`SELECT * FROM "${view.name}"`).all() as Record<string, unknown>[]
  if (stored.length !== expected.size)
    throw new Violation(NAME, `${view.name} has ${stored.length} rows; folding the log gives ${expected.size}`)
  for (const row of stored) {
    const key = row[view.key] as string
    for (const column of Object.keys(view.columns)) {
      const value = expected.get(key)?.[column] ?? null
      const text = json.has(column) && value !== null ? plain(value) : value
      if (row[column] !== text)
        throw new Violation(NAME, `${view.name} ${key} ${column}\n  is     ${row[column]}\n  folded ${text}`)
    }
  }
}

/** Throws a Violation where a row is not what the log says. */
export function checkRows(books: Books, views: ViewMap): void {
  const forgotten = forgottenIn(books)
  checkSnapshots(books, forgotten)
  checkEndings(books, forgotten)
  for (const view of Object.values(views)) checkView(books, view as unknown as Projection, forgotten)
}

export const folded: CheckerMaker = () => ({
  name: NAME,
  rest: world => checkRows(world, simulationViews),
})
