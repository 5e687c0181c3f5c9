/** What of a provider's capabilities an instance remembers for its life. (spec: stateful-and-deltacloud 3a.2.) */
import type { InstanceContext, InstanceEventNamed as Named } from './instance.alphabet.ts'
import { sparingOf } from './instance.sparing.ts'
import { type VmSnapshotOffers, vmSnapshotOffersOf } from './instance.vm-snapshots.ts'

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

type Offers = InstanceContext['offers']
const both = (a: boolean | undefined, b: boolean | undefined) => (a && b) || undefined
const either = (a: boolean | undefined, b: boolean | undefined) => a || b || undefined
const longer = (a: number | undefined, b: number | undefined) => Math.max(a ?? 0, b ?? 0) || undefined

/**
 * What two scopes leave together, such as an image and the one instance that was made of it: what either does not do is
 * not done, and what either holds against it holds. None of them has to repeat what the other says.
 */
export const leftOfBoth = (a: Offers, b: Offers): Offers => ({
  reboot: a.reboot && b.reboot,
  hotPlug: a.hotPlug && b.hotPlug,
  hotUnplug: a.hotUnplug && b.hotUnplug,
  attachMax: Math.min(a.attachMax, b.attachMax),
  destroysByStop: either(a.destroysByStop, b.destroysByStop),
  destroysStopped: either(a.destroysStopped, b.destroysStopped),
  deletesRootByFlag: either(a.deletesRootByFlag, b.deletesRootByFlag),
  spares: b.spares ?? a.spares,
  preserves: both(a.preserves, b.preserves),
  suspends: both(a.suspends, b.suspends),
  destroysSuspended: both(a.destroysSuspended, b.destroysSuspended),
  vanishesOff: either(a.vanishesOff, b.vanishesOff),
  neverOff: either(a.neverOff, b.neverOff),
  neverHard: either(a.neverHard, b.neverHard),
  startsAnew: either(a.startsAnew, b.startsAnew),
  missingGraceMs: longer(a.missingGraceMs, b.missingGraceMs),
  startRetryAfterMs: longer(a.startRetryAfterMs, b.startRetryAfterMs),
  stopRetryAfterMs: longer(a.stopRetryAfterMs, b.stopRetryAfterMs),
  vmSnapshots: a.vmSnapshots && b.vmSnapshots && snapshotsOfBoth(a.vmSnapshots, b.vmSnapshots),
})
function snapshotsOfBoth(a: VmSnapshotOffers, b: VmSnapshotOffers): VmSnapshotOffers | undefined {
  const names = ['memory', 'diskOnly', 'live', 'quiesce', 'tree', 'revertWhileRunning'] as const
  const kept = Object.fromEntries(names.flatMap(name => (a[name] && b[name] ? [[name, true]] : [])))
  if (!kept.memory && !kept.diskOnly) return undefined
  const layered = either(a.layered, b.layered)
  const [maxCount, maxDepth] = [Math.min(a.maxCount, b.maxCount), Math.min(a.maxDepth, b.maxDepth)]
  return { ...kept, ...(layered && { layered }), maxCount, maxDepth }
}
