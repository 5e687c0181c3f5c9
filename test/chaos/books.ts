/** The log of a database, replayed: it must be whole, and every row must be what it says. */
import Database from 'better-sqlite3'
import type { Envelope } from '../../machines/grammar.ts'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { Catalogue } from '../../src/runtime/catalogue.ts'
import { checkRows } from '../simulation/checkers/folded.ts'
import { Fold } from '../simulation/fold.ts'
import { Replay } from '../simulation/replay.ts'
import type { Load } from './load.ts'

/** Throws a Violation, or an Error that names what was acknowledged and is lost, or was done twice. */
export function checkBooks(file: string, load: Load): { events: number } {
  const database = new Database(file)
  try {
    const catalogue = new Catalogue(Object.values(kinds))
    const [replay, fold, log] = [new Replay(catalogue), new Fold(), [] as Envelope[]]
    const rows = database.prepare('SELECT position, digest, text FROM events ORDER BY position').all()
    for (const { position, digest, text } of rows as { position: number; digest: string; text: string }[]) {
      if (position !== log.length + 1) throw new Error(`the log goes from ${log.length} to ${position}`)
      const event = { ...JSON.parse(text), digest } as Envelope
      replay.apply(event, text)
      fold.apply(event)
      log.push(event)
    }
    checkRows({ database, log, replay, catalogue }, projections)
    checkRowsOf(database, fold)
    checkTokens(log, load)
    return { events: log.length }
  } finally {
    database.close()
  }
}

/** Open asks and armed timers are rows. */
function checkRowsOf(database: Database.Database, { resources }: Fold): void {
  const asks = [...resources.values()].flatMap(each => [...each.asks.keys()])
  const timers = [...resources.values()].flatMap(({ id, timers }) => [...timers].map(([name]) => `${id} ${name}`))
  same('asks', database.prepare('SELECT token FROM asks').pluck().all() as string[], asks)
  same('timers', database.prepare("SELECT resource || ' ' || event FROM timers").pluck().all() as string[], timers)
}
function same(what: string, found: readonly string[], expected: readonly string[]): void {
  const [a, b] = [[...found].sort().join(), [...expected].sort().join()]
  if (a !== b) throw new Error(`${what} are ${a}; the log says ${b}`)
}

/** Every request that was acknowledged made its events once, and no other did. */
function checkTokens(log: readonly Envelope[], { acknowledged }: Load): void {
  const made = new Map<string, string[]>()
  for (const { token, resource, position } of log)
    if (token !== undefined) made.set(token, [...(made.get(token) ?? []), `${resource}@${position}`])
  for (const [token, results] of acknowledged) {
    const accepted = results
      .filter(({ outcome }) => outcome === 'accepted')
      .map(({ id, position }) => `${id}@${position}`)
    same(`events of ${token}`, made.get(token) ?? [], accepted)
  }
  for (const token of made.keys()) if (!acknowledged.has(token)) throw new Error(`${token} was never acknowledged`)
}
