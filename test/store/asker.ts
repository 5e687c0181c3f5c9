/**
 * A process that only asks whether a lock is held, and is held up for a second in the middle of it.
 * Usage: `node asker.ts <lock>`.
 */
import Database from 'better-sqlite3'

const lock = new Database(process.argv[2]!, { readonly: true })
lock.exec('BEGIN')
lock.prepare('select 1 from sqlite_schema').get()
process.stdout.write('asking')
setTimeout(() => process.exit(), 1_000)
