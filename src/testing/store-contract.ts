/**
 * The suite every store must pass: expectations are enforced, commits are whole or nothing, and nothing of the contract
 * supposes a particular database. A store that keeps only some parts of it names those. (design: contract points 4, 11.)
 *
 *     import { describe, expect, it } from 'vitest'
 *     storeContract({ name: 'mine', open: async () => ({ store, reopen, cleanup }) }, { describe, it, expect })
 */
import type { Runner } from './driver-contract/runner.ts'
import { appendClauses } from './store-contract/append.ts'
import { askClauses } from './store-contract/asks.ts'
import { claimClauses } from './store-contract/claims.ts'
import type { Clauses } from './store-contract/clauses.ts'
import { derivedClauses } from './store-contract/derived.ts'
import { positionClauses } from './store-contract/positions.ts'
import { queryClauses } from './store-contract/queries.ts'
import { retentionClauses } from './store-contract/retention.ts'
import { Session } from './store-contract/session.ts'
import type { StoreContract, StorePart } from './store-contract/subject.ts'
import { timerClauses } from './store-contract/timers.ts'
import { tokenClauses } from './store-contract/tokens.ts'

export type { StoreContract, StorePart, StoreSubject } from './store-contract/subject.ts'

/** Every clause of the contract, by part. */
export const storeClauses: Readonly<Record<StorePart, Clauses>> = {
  append: appendClauses,
  positions: positionClauses,
  claims: claimClauses,
  asks: askClauses,
  timers: timerClauses,
  tokens: tokenClauses,
  derived: derivedClauses,
  retention: retentionClauses,
  queries: queryClauses,
}

/** Declares the suite with the `describe`, `it` and `expect` given. `contract.open` is called once for each test. */
export const storeContract = (contract: StoreContract, { describe, it, expect }: Runner): void => {
  const parts = contract.parts ?? (Object.keys(storeClauses) as StorePart[])
  describe(`${contract.name} keeps the store contract`, () => {
    for (const part of parts) {
      describe(part, () => {
        for (const { title, proof } of storeClauses[part]) {
          it(title, async () => {
            const session = new Session(await contract.open(), parts, expect)
            try {
              await proof(session)
            } finally {
              await session.end()
            }
          })
        }
      })
    }
  })
}
