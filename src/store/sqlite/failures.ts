/** What SQLite throws, as the store's own errors: the operation, the file, and the cause. */
import { StoreError } from '../store.ts'

const codeOf = (error: unknown): string => {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : ''
}

export const isSqliteError = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_')
/** Another connection holds the lock that was asked for. */
export const isBusy = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_BUSY')
/** The row's primary key is taken, the rowid included. */
export const isKeyTaken = (error: unknown): boolean =>
  codeOf(error) === 'SQLITE_CONSTRAINT_PRIMARYKEY' || codeOf(error) === 'SQLITE_CONSTRAINT_ROWID'

/** StoreError failed around what SQLite threw; any other error as it is. */
export function asFailure(error: unknown, path: string, consequence: string): unknown {
  if (!isSqliteError(error)) return error
  const { message } = error as Error
  return new StoreError('failed', `${path}: ${message} (${codeOf(error)}); ${consequence}`, { cause: error })
}
