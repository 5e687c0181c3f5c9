/** The store's own tables, as Kysely sees them. Names are the same in TypeScript and SQL. */
export interface Tables {
  events: { position: number; resource: string; version: number; digest: string; text: string }
  /** Positions of a stream's events. */
  streams: { resource: string; version: number; position: number }
  snapshots: { resource: string; version: number; rules: number; checksum: number; text: string }
  asks: {
    token: string
    resource: string
    verb: string
    provider: string
    args: string
    done: string
    rejected: string
    supersedes: number
    position: number
    correlation: number
    attempts: number
    dueAt: number
    handle: string | null
    lastError: string | null
    progressed: string | null
  }
  /** Resources that have ended and are not forgotten. */
  endings: { kind: string; position: number; resource: string; at: number }
  /** How far resources of a kind are forgotten. */
  horizons: { kind: string; position: number }
  /** Whose things are at providers: one row, made with the file. */
  identity: { owner: string }
  /** What was taken out of the log, and where it is. */
  prunes: {
    number: number
    position: number
    at: number
    archive: string
    chain: string
    content: string
    seal: string
    signature: string | null
  }
  /** Streams that were taken out, as they were then. */
  pruned: { resource: string; version: number; rules: number; text: string }
  /** What views were at the last prune: their folds begin with it where an archive is not at hand. */
  beginningViews: { view: string; version: number; shape: string }
  beginningRows: { view: string; key: string; text: string }
  beginningEndings: { kind: string; position: number; resource: string; at: number }
  timers: { resource: string; event: string; dueAt: number; position: number; correlation: number }
  tokens: { account: string; token: string; digest: string; result: string; at: number }
  /** `shape`: what the view's table was made of, besides its version. */
  watermarks: { view: string; version: number; shape: string; position: number }
}

/** Names that no view may take. */
export const ownTables: readonly string[] = [
  ...([
    'events',
    'snapshots',
    'asks',
    'beginningEndings',
    'beginningRows',
    'beginningViews',
    'endings',
    'horizons',
    'identity',
    'pruned',
    'prunes',
    'streams',
    'timers',
    'tokens',
    'watermarks',
  ] satisfies (keyof Tables)[]),
  'migrations',
  'migrationLock',
]
