/** The store's schema, step by step. A released migration is never edited: a change is a new one. */
import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { StoreError } from '../../store.ts'

// biome-ignore lint/suspicious/noExplicitAny: a migration sees the schema as it was then, not today's types
type AnySchema = Kysely<any>

const migrations: Readonly<Record<string, Migration>> = {
  '0001-core': {
    async up(db: AnySchema) {
      await db.schema
        .createTable('events')
        .addColumn('position', 'integer', column => column.primaryKey())
        .addColumn('resource', 'text', column => column.notNull())
        .addColumn('version', 'integer', column => column.notNull())
        .addColumn('digest', 'text', column => column.notNull())
        .addColumn('text', 'text', column => column.notNull())
        .addUniqueConstraint('eventsByStream', ['resource', 'version'])
        .execute()
      await db.schema
        .createTable('snapshots')
        .addColumn('resource', 'text', column => column.primaryKey())
        .addColumn('version', 'integer', column => column.notNull())
        .addColumn('rules', 'integer', column => column.notNull())
        .addColumn('checksum', 'integer', column => column.notNull())
        .addColumn('text', 'text', column => column.notNull())
        .execute()
      await db.schema
        .createTable('asks')
        .addColumn('token', 'text', column => column.primaryKey())
        .addColumn('resource', 'text', column => column.notNull())
        .addColumn('verb', 'text', column => column.notNull())
        .addColumn('provider', 'text', column => column.notNull())
        .addColumn('args', 'text', column => column.notNull())
        .addColumn('done', 'text', column => column.notNull())
        .addColumn('rejected', 'text', column => column.notNull())
        .addColumn('supersedes', 'integer', column => column.notNull())
        .addColumn('position', 'integer', column => column.notNull())
        .addColumn('correlation', 'integer', column => column.notNull())
        .addColumn('attempts', 'integer', column => column.notNull())
        .addColumn('dueAt', 'integer', column => column.notNull())
        .addColumn('handle', 'text')
        .addColumn('lastError', 'text')
        .execute()
      await db.schema.createIndex('asksByPosition').on('asks').column('position').execute()
      await db.schema
        .createTable('timers')
        .addColumn('resource', 'text', column => column.notNull())
        .addColumn('event', 'text', column => column.notNull())
        .addColumn('dueAt', 'integer', column => column.notNull())
        .addColumn('position', 'integer', column => column.notNull())
        .addColumn('correlation', 'integer', column => column.notNull())
        .addPrimaryKeyConstraint('timersByResource', ['resource', 'event'])
        .execute()
      await db.schema.createIndex('timersByDueAt').on('timers').columns(['dueAt', 'position']).execute()
      await db.schema
        .createTable('tokens')
        .addColumn('account', 'text', column => column.notNull())
        .addColumn('token', 'text', column => column.notNull())
        .addColumn('digest', 'text', column => column.notNull())
        .addColumn('result', 'text', column => column.notNull())
        .addColumn('at', 'integer', column => column.notNull())
        .addPrimaryKeyConstraint('tokensByAccount', ['account', 'token'])
        .execute()
      await db.schema.createIndex('tokensByAt').on('tokens').column('at').execute()
      await db.schema
        .createTable('watermarks')
        .addColumn('view', 'text', column => column.primaryKey())
        .addColumn('version', 'integer', column => column.notNull())
        .addColumn('shape', 'text', column => column.notNull())
        .addColumn('position', 'integer', column => column.notNull())
        .execute()
    },
  },
  '0002-retention': {
    async up(db: AnySchema) {
      await db.schema
        .createTable('endings')
        .addColumn('kind', 'text', column => column.notNull())
        .addColumn('position', 'integer', column => column.notNull())
        .addColumn('resource', 'text', column => column.notNull())
        .addColumn('at', 'integer', column => column.notNull())
        .addPrimaryKeyConstraint('endingsByKind', ['kind', 'position'])
        .modifyEnd(sql`without rowid`)
        .execute()
      await db.schema
        .createTable('horizons')
        .addColumn('kind', 'text', column => column.primaryKey())
        .addColumn('position', 'integer', column => column.notNull())
        .execute()
      // No snapshot says yet when its resource ended: they are folded again.
      await db.deleteFrom('snapshots').execute()
      await db.updateTable('watermarks').set({ position: 0 }).where('view', '=', 'snapshots').execute()
    },
  },
  '0003-streams': {
    async up(db: AnySchema) {
      await db.schema
        .createTable('streams')
        .addColumn('resource', 'text', column => column.notNull())
        .addColumn('version', 'integer', column => column.notNull())
        .addColumn('position', 'integer', column => column.notNull())
        .addPrimaryKeyConstraint('streamsByVersion', ['resource', 'version'])
        .modifyEnd(sql`without rowid`)
        .execute()
      await sql`insert into streams select resource, version, position from events order by resource, version`.execute(
        db,
      )
      await sql`insert into watermarks select 'streams', 1, '', coalesce(max(position), 0) from events`.execute(db)
      // SQLite cannot drop a unique constraint: the table is made anew without it.
      await db.schema.alterTable('events').renameTo('eventsBefore').execute()
      await db.schema
        .createTable('events')
        .addColumn('position', 'integer', column => column.primaryKey())
        .addColumn('resource', 'text', column => column.notNull())
        .addColumn('version', 'integer', column => column.notNull())
        .addColumn('digest', 'text', column => column.notNull())
        .addColumn('text', 'text', column => column.notNull())
        .execute()
      await sql`insert into events select * from "eventsBefore" order by position`.execute(db)
      await db.schema.dropTable('eventsBefore').execute()
    },
  },
  '0004-progress': {
    async up(db: AnySchema) {
      await db.schema.alterTable('asks').addColumn('progressed', 'text').execute()
    },
  },
  '0005-identity': {
    async up(db: AnySchema) {
      await db.schema
        .createTable('identity')
        .addColumn('owner', 'text', column => column.notNull())
        .execute()
      // What there is already at a provider was marked with the name that every engine had then.
      await sql`insert into identity select case when exists (select 1 from events) then 'stemma'
        else 'stemma-' || lower(hex(randomblob(8))) end`.execute(db)
    },
  },
  '0006-prunes': {
    async up(db: AnySchema) {
      await db.schema
        .createTable('prunes')
        .addColumn('number', 'integer', column => column.primaryKey())
        .addColumn('position', 'integer', column => column.notNull())
        .addColumn('at', 'integer', column => column.notNull())
        .addColumn('archive', 'text', column => column.notNull())
        .addColumn('chain', 'text', column => column.notNull())
        .addColumn('content', 'text', column => column.notNull())
        .addColumn('seal', 'text', column => column.notNull())
        .addColumn('signature', 'text')
        .execute()
      await db.schema
        .createTable('pruned')
        .addColumn('resource', 'text', column => column.primaryKey())
        .addColumn('version', 'integer', column => column.notNull())
        .addColumn('rules', 'integer', column => column.notNull())
        .addColumn('text', 'text', column => column.notNull())
        .execute()
      await db.schema
        .createTable('beginningViews')
        .addColumn('view', 'text', column => column.primaryKey())
        .addColumn('version', 'integer', column => column.notNull())
        .addColumn('shape', 'text', column => column.notNull())
        .execute()
      await db.schema
        .createTable('beginningRows')
        .addColumn('view', 'text', column => column.notNull())
        .addColumn('key', 'text', column => column.notNull())
        .addColumn('text', 'text', column => column.notNull())
        .addPrimaryKeyConstraint('beginningRowsByKey', ['view', 'key'])
        .modifyEnd(sql`without rowid`)
        .execute()
      await db.schema
        .createTable('beginningEndings')
        .addColumn('kind', 'text', column => column.notNull())
        .addColumn('position', 'integer', column => column.notNull())
        .addColumn('resource', 'text', column => column.notNull())
        .addColumn('at', 'integer', column => column.notNull())
        .addPrimaryKeyConstraint('beginningEndingsByKind', ['kind', 'position'])
        .modifyEnd(sql`without rowid`)
        .execute()
    },
  },
}

/** The newest schema this code knows; also kept in the file as `PRAGMA user_version`. */
export const SCHEMA_VERSION = Object.keys(migrations).length

/** Throws StoreError schemaTooNew if the file is of a later schema than this code knows. */
export function checkSchema(found: number, path: string): void {
  if (found <= SCHEMA_VERSION) return
  throw new StoreError(
    'schemaTooNew',
    `${path} has schema ${found}; this stemma knows up to ${SCHEMA_VERSION}. Open it with the newer stemma that wrote it.`,
  )
}

/**
 * Brings the schema up to date, within the caller's transaction: Kysely opens none of its own on SQLite, and half a
 * migration would keep the file from ever opening again. Throws what the database threw.
 * @param upTo the last step to take; a test of what an older stemma left behind stops there
 */
export async function migrate(db: Kysely<never>, upTo?: string): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrationLock',
  })
  const { error } = await (upTo === undefined ? migrator.migrateToLatest() : migrator.migrateTo(upTo))
  if (error) throw error
}
