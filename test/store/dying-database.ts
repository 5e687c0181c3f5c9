/** A connection that dies after so many statements: from then on nothing answers, not even a rollback. */
import type Database from 'better-sqlite3'

export class Died extends Error {
  override readonly name = 'Died'
}

const runs = new Set<PropertyKey>(['run', 'get', 'all', 'iterate'])
const configures = new Set<PropertyKey>(['raw', 'pluck', 'expand', 'safeIntegers', 'bind'])

export function dying(database: Database.Database, statements: number): Database.Database {
  let left = statements
  const step = () => {
    if (left === 0) throw new Died(`died after ${statements} statements`)
    left -= 1
  }
  const bound = (target: object, property: PropertyKey) => {
    const value = Reflect.get(target, property)
    return typeof value === 'function' ? value.bind(target) : value
  }
  const wrapped = (statement: Database.Statement): Database.Statement =>
    new Proxy(statement, {
      get(target, property) {
        const value = bound(target, property)
        if (configures.has(property)) return (...given: unknown[]) => wrapped(value(...given))
        if (!runs.has(property)) return value
        return (...given: unknown[]) => {
          step()
          return value(...given)
        }
      },
    })
  return new Proxy(database, {
    get(target, property) {
      const value = bound(target, property)
      if (property === 'prepare') return (source: string) => wrapped(value(source))
      if (property !== 'exec' && property !== 'pragma') return value
      return (...given: unknown[]) => {
        step()
        return value(...given)
      }
    },
  })
}
