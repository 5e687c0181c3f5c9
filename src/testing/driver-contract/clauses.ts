/** One clause of the contract: a sentence, what it needs of the driver, and its proof. */
import type { Capabilities } from '../../drivers/driver.ts'
import type { Session } from './session.ts'
import type { DriverSubject } from './subject.ts'

export interface Clause {
  readonly title: string
  /** Why this driver can not be asked for it; undefined if it can. */
  readonly skip?: (declared: Capabilities, subject: DriverSubject) => string | undefined
  readonly proof: (session: Session) => Promise<void>
}
export type Clauses = readonly Clause[]

/** A reason to skip, made of one condition. */
export const unless =
  (holds: (declared: Capabilities, subject: DriverSubject) => unknown, reason: string) =>
  (declared: Capabilities, subject: DriverSubject): string | undefined =>
    holds(declared, subject) ? undefined : reason

/** The first of several reasons. */
export const firstOf =
  (...reasons: NonNullable<Clause['skip']>[]) =>
  (declared: Capabilities, subject: DriverSubject): string | undefined => {
    for (const reason of reasons) {
      const found = reason(declared, subject)
      if (found) return found
    }
    return undefined
  }

export const hasVolumes = unless(
  declared => declared.bootFromVolume || declared.canCreateVolumeFromImage || declared.volumeAttach.max > 0,
  'it declares no volumes',
)
export const takesSnapshots = firstOf(
  hasVolumes,
  unless(declared => declared.volumeSnapshot.of.length > 0, 'it declares no snapshots'),
)
export const bootsFromVolume = unless(declared => declared.bootFromVolume, 'it does not boot from volumes')
export const repeatsSafely = unless(
  declared => declared.idempotency.by !== 'none',
  'it declares no idempotency: the engine observes before it repeats a call',
)
export const canStop = unless(declared => declared.stop === 'preserves', 'stopping does not preserve the instance')
export const canStart = unless(declared => declared.start !== 'none', 'it can not start a stopped instance')
