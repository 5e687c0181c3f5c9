/** Bug class: a timer stays armed after the state it was armed for. Which belongs to which is written from the rules. */
import { visibleOf } from '../fold.ts'
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'disarmed in time'

/** Deadline -> states a reader sees while it may be armed. (spec: ec2 2.6.) */
const belongs: Readonly<Record<string, readonly string[]>> = {
  'instance.launchTimedOut': ['pending'],
  'instance.stopTimedOut': ['stopping'],
  'instance.stopRetryDue': ['stopping', 'shutting-down'],
  'instance.startRetryDue': ['pending'],
  'instance.suspendTimedOut': ['suspending'],
  'instance.missingGraceDue': ['running', 'suspended'],
  'instance.stallRetryDue': ['running'],
  'instance.offGraceDue': ['stopped'],
  'instance.expungeDue': ['recoverable'],
  'instance.terminateTimedOut': ['shutting-down'],
  'instance.destroyRetryDue': ['shutting-down', 'pending'],
  'instance.captureTimedOut': ['running'],
  'snapshot.createTimedOut': ['pending'],
  'snapshot.deleteTimedOut': ['deleting'],
  'snapshot.deleteRetryDue': ['deleting'],
  'snapshot-group.takeTimedOut': ['taking'],
  'schedule.runDue': ['active'],
  'schedule.expiryDue': ['active', 'paused'],
  'volume.revertTimedOut': ['reverting', 'in-use'],
  'volume.migrateTimedOut': ['migrating', 'in-use'],
  'volume.createTimedOut': ['creating'],
  'volume.optimizeCheckDue': ['available', 'in-use'],
  'volume.deleteTimedOut': ['deleting'],
  'volume.deleteRetryDue': ['deleting'],
  'vm-snapshot.taskTimedOut': ['creating', 'reverting', 'deleting'],
  'vm-snapshot.removalRetryDue': ['deleting'],
  'vm-snapshot.expiryDue': ['ready'],
}

export const disarmed: CheckerMaker = () => ({
  name: NAME,
  event({ resource, position }, world) {
    const { state, timers } = world.fold.resources.get(resource)!
    for (const timer of timers.keys()) {
      const states = belongs[timer]
      if (!states) throw new Violation(NAME, `nobody said which states ${timer} belongs to; add it to the checker`)
      if (!states.includes(visibleOf(state)))
        throw new Violation(NAME, `${resource} is ${state} since event ${position}, and ${timer} is still armed`)
    }
  },
})
