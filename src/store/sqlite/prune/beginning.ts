/** What prunes left in a database, and the archives that are at hand. */
import { existsSync } from 'node:fs'
import type Database from 'better-sqlite3'
import type { AnyProjection, ViewRow } from '../../../../projections/contract.ts'
import {
  type Beginning,
  type EndingRow,
  type PruneDamage,
  Pruned,
  type SignatureCheck,
  type SnapshotRow,
} from '../../store.ts'
import type { Tables } from '../schema/tables.ts'
import { shapeOf } from '../view-schema.ts'
import { Archive } from './archive.ts'
import { besides, placeOf } from './places.ts'
import { contentText, partsIn, type SealedContent, sealOf } from './sealing.ts'

/** The prunes of a database, with their archives as far as they are where they should be. */
export class Prunes {
  readonly #database: Database.Database
  readonly #owner: string
  readonly #all: readonly Tables['prunes'][]
  readonly #folder: string | undefined
  readonly #archives = new Map<number, Archive>()

  /**
   * @param folder where relative places begin; undefined: no archive is looked for. Throws StoreError failed for a file
   * that is where an archive should be and is another.
   */
  constructor(database: Database.Database, owner: string, folder: string | undefined) {
    this.#database = database
    this.#owner = owner
    this.#folder = folder
    this.#all = database.prepare('select * from prunes order by number').all() as Tables['prunes'][]
    try {
      for (const { number, archive } of folder === undefined ? [] : this.#all) {
        const found =
          archiveAt(placeOf(archive, folder!), owner, number) ?? strayed(besides(archive, folder!), owner, number)
        if (found) this.#archives.set(number, found)
      }
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Those that are at hand. */
  get archives(): Iterable<Archive> {
    return this.#archives.values()
  }

  get hasArchives(): boolean {
    return this.#archives.size > 0
  }

  /** Undefined where every archive is at hand: the log is whole then. */
  beginning(): Beginning | undefined {
    const away = this.#all.filter(({ number }) => !this.#archives.has(number))
    const last = this.#all.at(-1)
    if (!last || away.length === 0) return undefined
    const database = this.#database
    const missing = away.map(({ archive }) => placeOf(archive, this.#folder))
    const wholeAfter = Math.max(...away.map(takenUpTo))
    return {
      ...{ position: last.position, at: last.at, missing, wholeAfter },
      async snapshot(resource) {
        return database.prepare('select * from pruned where resource = ?').get(resource) as SnapshotRow | undefined
      },
      async rows(view) {
        return rowsIn(database, view, { missing, wholeAfter })
      },
      async endings() {
        return database.prepare('select * from "beginningEndings" order by position').all() as EndingRow[]
      },
    }
  }

  damages(isSigned: SignatureCheck | undefined): PruneDamage[] {
    const found: PruneDamage[] = []
    for (const [index, prune] of this.#all.entries()) {
      const name = `prune ${prune.number}`
      const content = JSON.parse(prune.content) as SealedContent
      if (sealOf(prune.content) !== prune.seal)
        found.push({ name, key: 'seal', sealed: prune.seal, found: sealOf(prune.content) })
      const before = this.#all[index - 1]?.seal ?? ''
      const now = { ...content, ...placed(prune), owner: this.#owner, before }
      if (contentText(now) !== contentText(content)) found.push({ name, key: 'place', sealed: content, found: now })
      if (isSigned && !(prune.signature !== null && isSigned(prune.seal, prune.signature)))
        found.push({ name, key: 'signature', sealed: prune.seal, found: prune.signature ?? undefined })
      const broken = this.#archives.get(prune.number)?.brokenAt(this.#owner, prune.number, content.chain)
      if (broken) found.push({ name: prune.archive, ...broken })
    }
    const last = this.#all.at(-1)
    if (last) found.push(...this.#partDamages(JSON.parse(last.content) as SealedContent, `prune ${last.number}`))
    return found
  }

  close(): void {
    for (const archive of this.#archives.values()) archive.close()
  }

  #partDamages({ parts }: SealedContent, name: string): PruneDamage[] {
    const now = partsIn(this.#database)
    return [...new Set([...Object.keys(parts), ...Object.keys(now)])]
      .filter(part => parts[part] !== now[part])
      .map(part => ({ name, key: part, sealed: parts[part], found: now[part] }))
  }
}

const placed = ({ number, position, at, archive, chain }: Tables['prunes']) => ({
  ...{ number, position, at, archive, chain },
})

/** Nothing that a prune took out comes after this position. */
const takenUpTo = ({ content, position }: Tables['prunes']): number =>
  (JSON.parse(content) as SealedContent).taken ?? position

const archiveAt = (path: string, owner: string, number: number): Archive | undefined =>
  existsSync(path) ? new Archive(path, owner, number) : undefined

/** One that was brought beside the database. Something else there that has the same name is none of its business. */
function strayed(path: string, owner: string, number: number): Archive | undefined {
  try {
    return archiveAt(path, owner, number)
  } catch {
    return undefined
  }
}

function rowsIn(
  database: Database.Database,
  view: AnyProjection,
  away: Pick<Beginning, 'missing' | 'wholeAfter'>,
): ViewRow[] {
  const known = database.prepare('select version, shape from "beginningViews" where view = ?').get(view.name)
  const { version, shape } = (known ?? {}) as { version?: number; shape?: string }
  if (version !== view.version || shape !== shapeOf(view))
    throw new Pruned(
      `view '${view.name}' folds otherwise than before the prune, and what it would be folded from`,
      away,
    )
  const rows = database.prepare('select text from "beginningRows" where view = ? order by key').pluck().all(view.name)
  return (rows as string[]).map(text => JSON.parse(text))
}
