/** The thread of the checkpointer: one passive checkpoint for each message, answered when it is done. */
import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

const database = new Database(workerData as string, { fileMustExist: true })
// A checkpoint syncs the file before the log may start anew: without FULL, a loss of power could take both.
database.pragma('synchronous = FULL')
parentPort!.on('message', () => {
  try {
    database.pragma('wal_checkpoint(PASSIVE)')
  } finally {
    parentPort!.postMessage('done')
  }
})
