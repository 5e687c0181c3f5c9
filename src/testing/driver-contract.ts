/**
 * The suite every driver must pass, simulated or real. A test that needs what a driver does not declare, or what its
 * maker does not offer, skips itself and says why. (spec: drivers-and-qemu 8, conformance suite.)
 *
 *     import { describe, expect, it } from 'vitest'
 *     driverContract({ name: 'mine', make: async () => ({ driver: mine() }) }, { describe, it, expect })
 */
import { attachmentClauses } from './driver-contract/attachments.ts'
import { basicClauses } from './driver-contract/basics.ts'
import { behaviourClauses } from './driver-contract/behaviour.ts'
import type { Clause, Clauses } from './driver-contract/clauses.ts'
import { endingClauses } from './driver-contract/endings.ts'
import { failureClauses } from './driver-contract/failures.ts'
import { imageClauses } from './driver-contract/images.ts'
import { instanceClauses } from './driver-contract/instances.ts'
import { powerClauses } from './driver-contract/power.ts'
import { rootClauses } from './driver-contract/roots.ts'
import type { Runner } from './driver-contract/runner.ts'
import { Session } from './driver-contract/session.ts'
import { snapshotGroupClauses } from './driver-contract/snapshot-groups.ts'
import { snapshotClauses } from './driver-contract/snapshots.ts'
import type { DriverContract } from './driver-contract/subject.ts'
import { suspendClauses } from './driver-contract/suspends.ts'
import { vmRevertClauses } from './driver-contract/vm-reverts.ts'
import { vmSnapshotClauses } from './driver-contract/vm-snapshots.ts'
import { volumeMigrateClauses } from './driver-contract/volume-migrations.ts'
import { volumeRevertClauses } from './driver-contract/volume-reverts.ts'
import { volumeClauses } from './driver-contract/volumes.ts'

export type { CapabilityName } from './driver-contract/capability-names.ts'
export type { Clause, Clauses } from './driver-contract/clauses.ts'
export { capabilityProofs } from './driver-contract/proofs.ts'
export type { Matchers, Runner, TestRun } from './driver-contract/runner.ts'
export type { ContractFault, DriverContract, DriverSubject, Guests } from './driver-contract/subject.ts'

/** Every clause of the contract, by chapter. */
export const driverClauses: Readonly<Record<string, Clauses>> = {
  'the driver': basicClauses,
  calls: behaviourClauses,
  images: imageClauses,
  volumes: volumeClauses,
  'moving volumes': volumeMigrateClauses,
  snapshots: snapshotClauses,
  'groups of snapshots': snapshotGroupClauses,
  'going back to snapshots': volumeRevertClauses,
  instances: instanceClauses,
  roots: rootClauses,
  power: powerClauses,
  suspending: suspendClauses,
  attachments: attachmentClauses,
  'VM snapshots': vmSnapshotClauses,
  'going back to VM snapshots': vmRevertClauses,
  endings: endingClauses,
  failures: failureClauses,
}

/**
 * Holds a driver to one clause, on a subject made for it. Returns why the driver can not be asked for it, undefined if
 * it keeps it; throws what `expect` throws, and an Error for an answer that should have been another.
 */
export const keepsClause = async (
  contract: DriverContract,
  { skip, proof }: Clause,
  expect: Runner['expect'],
): Promise<string | undefined> => {
  const subject = await contract.make()
  try {
    const session = await Session.open(contract, subject, expect)
    const reason = skip?.(session.declared, subject)
    if (reason === undefined) await proof(session)
    return reason
  } finally {
    await subject.cleanup?.()
  }
}

/** Declares the suite with the `describe`, `it` and `expect` given. `contract.make` is called once for each test. */
export const driverContract = (contract: DriverContract, { describe, it, expect }: Runner): void => {
  describe(`${contract.name} keeps the driver contract`, () => {
    for (const [chapter, clauses] of Object.entries(driverClauses)) {
      describe(chapter, () => {
        for (const clause of clauses) {
          it(clause.title, async run => {
            const reason = await keepsClause(contract, clause, expect)
            if (reason !== undefined) run.skip(reason)
          })
        }
      })
    }
  })
}
