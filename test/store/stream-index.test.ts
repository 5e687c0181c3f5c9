import Database from 'better-sqlite3'
import fc from 'fast-check'
import { Kysely, SqliteDialect } from 'kysely'
import { describe, expect, it } from 'vitest'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Tables } from '../../src/store/sqlite/schema/tables.ts'
import { prepareStatements } from '../../src/store/sqlite/statements.ts'
import { readStream, StreamIndex } from '../../src/store/sqlite/stream-index.ts'
import { inTransaction } from '../../src/store/sqlite/transaction.ts'
import type { StoredEvent } from '../../src/store/store.ts'

/** A log with its index, which writes a run once this many entries wait. */
class Log {
  readonly waitingMax: number
  database: Database.Database
  statements: ReturnType<typeof prepareStatements>
  index: StreamIndex
  /** What was committed. */
  readonly events: StoredEvent[] = []

  constructor(database: Database.Database, waitingMax: number) {
    this.waitingMax = waitingMax
    this.database = database
    this.statements = prepareStatements(new Kysely<Tables>({ dialect: new SqliteDialect({ database }) }), database)
    this.index = new StreamIndex(this.statements, waitingMax)
  }

  /** Events that follow what is there, one for each of these resources. */
  next(resources: readonly string[]): StoredEvent[] {
    const versions = new Map<string, number>()
    return resources.map((resource, place) => {
      const version = (versions.get(resource) ?? this.streamOf(resource).length) + 1
      versions.set(resource, version)
      const position = this.events.length + place + 1
      return { position, resource, version, digest: `d${position}`, text: `{"position":${position}}` }
    })
  }

  commit(events: readonly StoredEvent[], fails = false): void {
    try {
      inTransaction(this.database, this.statements, () => {
        for (const event of events) {
          const { position, resource, version, digest, text } = event
          this.statements.event.run(position, resource, version, digest, text)
          this.index.add(event)
        }
        this.index.write()
        if (fails) throw new Error('the disk is full')
      })
    } catch (error) {
      this.index.undone()
      throw error
    }
    this.index.committed()
    this.events.push(...events)
  }

  /** The process ends here; another one opens what is on disk. */
  crash(): void {
    this.database = new Database(this.database.serialize())
    this.statements = prepareStatements(
      new Kysely<Tables>({ dialect: new SqliteDialect({ database: this.database }) }),
      this.database,
    )
    this.index = new StreamIndex(this.statements, this.waitingMax)
  }

  finish(): void {
    while (this.index.waiting > 0) {
      inTransaction(this.database, this.statements, () => this.index.writeRun())
      this.index.committed()
    }
  }

  streamOf = (resource: string) => this.events.filter(event => event.resource === resource)
}

async function openLog(waitingMax: number): Promise<Log> {
  const database = new Database(':memory:')
  const store = sqlite({ database })
  await store.open([])
  await store.close()
  return new Log(database, waitingMax)
}

const resources = ['a', 'b', 'c', 'd', 'e']
const resource = fc.constantFrom(...resources)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant('commit' as const), of: fc.array(resource, { maxLength: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('fail' as const), of: fc.array(resource, { maxLength: 6 }) }) },
  { weight: 1, arbitrary: fc.constant({ does: 'crash' as const, of: [] as string[] }) },
  { weight: 1, arbitrary: fc.constant({ does: 'finish' as const, of: [] as string[] }) },
)
const life = fc.record({ waitingMax: fc.integer({ min: 1, max: 12 }), steps: fc.array(step, { maxLength: 40 }) })

function take(log: Log, { does, of }: { does: 'commit' | 'fail' | 'crash' | 'finish'; of: readonly string[] }): void {
  if (does === 'commit') log.commit(log.next(of))
  else if (does === 'fail') expect(() => log.commit(log.next(of), true)).toThrow('the disk is full')
  else if (does === 'crash') log.crash()
  else log.finish()
}

describe('the index of streams', () => {
  it('gives every stream whole and in order, whatever waits, fails or crashes', async () => {
    await fc.assert(
      fc.asyncProperty(life, async ({ waitingMax, steps }) => {
        const log = await openLog(waitingMax)
        for (const each of steps) {
          take(log, each)
          for (const id of resources) {
            const rows = log.streamOf(id).map(event => [event.position, id, event.version, event.digest, event.text])
            expect(log.index.read(id, 1, 1_000)).toEqual(rows)
            expect(log.index.read(id, 2, 2)).toEqual(rows.slice(1, 3))
            expect(readStream(log.statements, id, 1, 1_000)).toEqual(rows)
            expect(readStream(log.statements, id, 2, 2)).toEqual(rows.slice(1, 3))
          }
        }
      }),
      { numRuns: 150 },
    )
  })

  it('refuses every version that a stream has, wherever its entry is', async () => {
    await fc.assert(
      fc.asyncProperty(life, async ({ waitingMax, steps }) => {
        const log = await openLog(waitingMax)
        for (const each of steps) take(log, each)
        const position = log.events.length + 1
        for (const { resource, version } of log.events) {
          const again = { position, resource, version, digest: '', text: '{}' }
          expect(() => log.commit([again])).toThrow(`version ${resource}@${version} has changed`)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('lets no more wait than a run and what comes while it is written', async () => {
    const log = await openLog(100)
    for (let round = 0; round < 200; round += 1) {
      log.commit(log.next(['e', 'd', 'c', 'b', 'a']))
      expect(log.index.waiting).toBeLessThanOrEqual(200)
    }
    const [{ count }] = log.database.prepare('select count(*) as count from streams').all() as [{ count: number }]
    expect(count + log.index.waiting).toBe(1_000)
    log.finish()
    log.crash()
    expect(log.index.waiting).toBe(0)
  })
})
