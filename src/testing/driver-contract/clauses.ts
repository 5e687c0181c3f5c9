/** One clause of the contract: a sentence, what it needs of the driver, and its proof. */
import type { Capabilities } from '../../drivers/driver.ts'
import { usesVolumes } from '../../drivers/optional-calls.ts'
import type { Session } from './session.ts'
import type { DriverSubject } from './subject.ts'

export interface Clause {
  readonly title: string
  /** Why this driver can not be asked for it; undefined if it can. */
  readonly skip?: (declared: Capabilities, subject: DriverSubject) => string | undefined
  readonly proof: (session: Session) => Promise<void>
}
export type Clauses = readonly Clause[]
type Skip = NonNullable<Clause['skip']>

/** A reason to skip, made of one condition. */
export const unless =
  (holds: (declared: Capabilities, subject: DriverSubject) => unknown, reason: string): Skip =>
  (declared, subject) =>
    holds(declared, subject) ? undefined : reason

/** The first of several reasons. */
export const firstOf =
  (...reasons: Skip[]): Skip =>
  (declared, subject) => {
    for (const reason of reasons) {
      const found = reason(declared, subject)
      if (found) return found
    }
    return undefined
  }

export const hasVolumes = unless(usesVolumes, 'it declares no volumes')
export const takesSnapshots = firstOf(
  hasVolumes,
  unless(declared => declared.volumeSnapshot.of.length > 0, 'it declares no snapshots'),
)
export const bootsFromVolume = unless(declared => declared.bootFromVolume, 'it does not boot from volumes')
export const makesRoots = unless(
  declared => declared.clonesOnLaunch !== 'never',
  'it makes no roots: an instance runs on what it is given',
)
export const repeatsSafely = unless(
  declared => declared.idempotency.by !== 'none',
  'it declares no idempotency: the engine observes before it repeats a call',
)
export const canStop = unless(declared => declared.stop === 'preserves', 'stopping does not preserve the instance')
export const canStart = unless(declared => declared.start !== 'none', 'it can not start a stopped instance')
export const canDestroy = unless(declared => declared.destroy !== 'none', 'it destroys nothing')

export const failsOnPurpose = unless((_, subject) => subject.fail, 'it can not be made to fail on purpose')
export const reopens = unless((_, subject) => subject.reopen, 'it can not be opened again on what it left')
export const speaksWithGuests = unless(
  (_, { guests }) => guests?.write && guests.read,
  'nobody can write to the disks of its guests',
)
export const hangsGuests = unless((_, { guests }) => guests?.hang, 'its guests always do what they are asked to')
