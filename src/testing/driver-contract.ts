/**
 * The suite every driver must pass, simulated or real. A test that needs what a driver does not declare, or what its
 * maker does not offer, skips itself and says why. (spec: drivers-and-qemu 8, conformance suite.)
 *
 *     import { describe, expect, it } from 'vitest'
 *     driverContract({ name: 'mine', make: async () => ({ driver: mine() }) }, { describe, it, expect })
 */
import { attachmentClauses } from './driver-contract/attachments.ts'
import { basicClauses } from './driver-contract/basics.ts'
import type { Clauses } from './driver-contract/clauses.ts'
import { failureClauses } from './driver-contract/failures.ts'
import { instanceClauses } from './driver-contract/instances.ts'
import { powerClauses } from './driver-contract/power.ts'
import { capabilityProofs } from './driver-contract/proofs.ts'
import type { Runner } from './driver-contract/runner.ts'
import { Session } from './driver-contract/session.ts'
import { snapshotClauses } from './driver-contract/snapshots.ts'
import type { DriverContract } from './driver-contract/subject.ts'
import { volumeClauses } from './driver-contract/volumes.ts'

export { type CapabilityProof, capabilityProofs } from './driver-contract/proofs.ts'
export type { Matchers, Runner, TestRun } from './driver-contract/runner.ts'
export type { ContractFault, DriverContract, DriverSubject } from './driver-contract/subject.ts'

/** Every clause of the contract, by chapter. */
export const driverClauses: Readonly<Record<string, Clauses>> = {
  'the driver': basicClauses,
  volumes: volumeClauses,
  snapshots: snapshotClauses,
  instances: instanceClauses,
  power: powerClauses,
  attachments: attachmentClauses,
  failures: failureClauses,
}

/** Declares the suite with the `describe`, `it` and `expect` given. `contract.make` is called once for each test. */
export const driverContract = (contract: DriverContract, { describe, it, expect }: Runner): void => {
  describe(`${contract.name} keeps the driver contract`, () => {
    for (const [chapter, clauses] of Object.entries(driverClauses)) {
      describe(chapter, () => {
        for (const { title, skip, proof } of clauses) {
          it(title, async run => {
            const subject = await contract.make()
            try {
              const reason = skip?.(subject.driver.describe(), subject)
              if (reason === undefined) await proof(new Session(contract, subject, expect))
              else run.skip(reason)
            } finally {
              await subject.cleanup?.()
            }
          })
        }
      })
    }
    describe('capabilities that no answer can prove', () => {
      for (const [capability, proof] of Object.entries(capabilityProofs)) {
        if ('unproven' in proof) it(capability, async run => void run.skip(proof.unproven))
      }
    })
  })
}
