/** Accounts as EC2 shows them: 12 digits. */
import { createHash } from 'node:crypto'

const digits = /^\d{12}$/

/** An account of 12 digits as it is; any other as 12 digits that are always the same for it. */
export function ownerIdOf(account: string): string {
  if (digits.test(account)) return account
  const hash = createHash('sha256').update(account).digest().readUIntBE(0, 6)
  return String(hash % 1e12).padStart(12, '0')
}

/** Both ways, for the accounts that are known. */
export function owners(accounts: Iterable<string>) {
  const byOwnerId = new Map([...accounts].map(account => [ownerIdOf(account), account]))
  return { ownerIdOf, accountOf: (ownerId: string): string => byOwnerId.get(ownerId) ?? ownerId }
}
