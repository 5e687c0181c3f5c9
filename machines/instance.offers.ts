/** What of a provider's capabilities an instance remembers for its life. (spec: stateful-and-deltacloud 3a.2.) */
import type { InstanceContext, InstanceEventNamed as Named } from './instance.alphabet.ts'
import { sparingOf } from './instance.sparing.ts'
import { vmSnapshotOffersOf } from './instance.vm-snapshots.ts'

type Capabilities = Named<'launchRequested'>['facts']['provider']['capabilities']

export function offersOf(can: Capabilities): InstanceContext['offers'] {
  const { stop, destroyFrom, settle, volumeAttach } = can
  const destroysByStop = can.destroy === 'viaStop' || undefined
  const preserves = stop === 'preserves' || undefined
  // A suspended guest whose memory is lost has to come to rest as stopped; and what starts nothing resumes nothing.
  const suspends = (preserves && can.suspend !== 'none' && can.start !== 'none') || undefined
  return {
    reboot: can.reboot !== 'none',
    hotPlug: volumeAttach.hotPlug,
    hotUnplug: volumeAttach.hotUnplug,
    attachMax: volumeAttach.max,
    destroysByStop,
    destroysStopped: (!destroysByStop && stop !== 'none' && !destroyFrom.includes('running')) || undefined,
    deletesRootByFlag: can.rootOnDestroy === 'byFlag' || undefined,
    spares: sparingOf(can),
    preserves,
    suspends,
    destroysSuspended: (suspends && destroyFrom.includes('suspended')) || undefined,
    vanishesOff: can.vanishesAfterStop || undefined,
    neverOff: stop === 'none' || undefined,
    neverHard: (stop !== 'none' && !can.stopStyles.includes('hard')) || undefined,
    startsAnew: can.start === 'none' || undefined,
    missingGraceMs: settle.missingGraceMs || undefined,
    startRetryAfterMs: settle.startRetryAfterMs,
    stopRetryAfterMs: settle.stopRetryAfterMs,
    vmSnapshots: vmSnapshotOffersOf(can),
  }
}
