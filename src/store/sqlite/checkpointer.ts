/**
 * Copies the write-ahead log into the file in another thread, so that a commit never has to: done inline, as SQLite does
 * by default, every twentieth commit or so would hold the event loop for as long as the disk takes.
 *
 * The thread has a connection of its own and does only passive checkpoints, which wait for nobody. What is appended
 * meanwhile is copied by the next round; once little is left the writer copies that itself, after which SQLite starts
 * the log anew. If the thread cannot keep up, SQLite's own limit (`wal_autocheckpoint`) makes a commit do it.
 */
import { Worker } from 'node:worker_threads'
import type Database from 'better-sqlite3'

/** Commits between two looks at the log: a look costs microseconds, and the log grows by megabytes. */
const LOOK_EVERY = 16
/** Pages of 4 KiB in the log before the thread is set to work. Fewer copies hot pages more often than needed. */
const PAGES_WORTH = 2_000
/** What the writer may copy itself: a few milliseconds. */
const PAGES_LITTLE = 200

interface Progress {
  readonly log: number
  readonly checkpointed: number
}

export class Checkpointer {
  readonly #database: Database.Database
  readonly #path: string
  #thread: Worker | undefined
  #isWorking = false
  #isClosed = false
  #commits = 0
  /** Rounds the thread has finished. */
  rounds = 0

  constructor(database: Database.Database, path: string) {
    this.#database = database
    this.#path = path
  }

  /** Called after each commit. */
  committed(): void {
    this.#commits += 1
    if (this.#commits % LOOK_EVERY === 0 && !this.#isWorking) this.#look()
  }

  /** Ends the thread; what is left in the log is the closing connection's to copy. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#thread?.terminate()
    this.#thread = undefined
  }

  #look(): void {
    const { log, checkpointed } = this.#checkpoint('NOOP')
    if (log - checkpointed < PAGES_WORTH) return
    this.#isWorking = true
    this.#thread ??= this.#start()
    this.#thread.postMessage('checkpoint')
  }

  #checkpoint(mode: 'NOOP' | 'PASSIVE'): Progress {
    return (this.#database.pragma(`wal_checkpoint(${mode})`) as Progress[])[0]!
  }

  #start(): Worker {
    // The thread's file has the ending of this one: TypeScript in the checkout, JavaScript in the package.
    const file = import.meta.url.endsWith('.ts') ? './checkpoint-thread.ts' : './checkpoint-thread.js'
    const thread = new Worker(new URL(file, import.meta.url), { workerData: this.#path })
    thread.unref()
    thread.on('message', () => this.#finished())
    // Without the thread SQLite checkpoints at its own limit: slower for a moment, and just as safe.
    thread.on('error', () => {
      this.#thread = undefined
    })
    return thread
  }

  #finished(): void {
    this.rounds += 1
    this.#isWorking = false
    if (this.#isClosed || this.#database.inTransaction) return
    const { log, checkpointed } = this.#checkpoint('NOOP')
    if (log - checkpointed <= PAGES_LITTLE) this.#checkpoint('PASSIVE')
    else this.#look()
  }
}
