/**
 * Where each declared capability is proven: the titles of the clauses that would fail if the declaration were wrong, or
 * why nothing here can prove it. Every name of the vocabulary is here, or this file does not compile.
 */
import type { Capabilities } from '../../drivers/driver.ts'

export type CapabilityProof = { readonly provenBy: string } | { readonly unproven: string }

const noCall = (call: string): CapabilityProof => ({ unproven: `the driver contract has no ${call} yet` })
const engineReads: CapabilityProof = { unproven: 'it is advice for the engine; no answer of a driver depends on it' }

export const capabilityProofs: { readonly [C in keyof Capabilities]: CapabilityProof } = {
  zones: { provenBy: 'offers each zone it declares' },
  regions: engineReads,
  clonesOnLaunch: { unproven: 'a private root disk can only be told apart from inside the guest' },
  imageExclusive: noCall('call that makes images'),
  cloneKind: noCall('call that clones images'),
  canCloneImage: noCall('call that clones images'),
  canDeleteClone: noCall('call that clones images'),
  canCreateVolumeFromImage: { provenBy: 'makes a volume from an image' },
  bootFromVolume: { provenBy: 'refuses an instance whose disk does not exist, and makes nothing of it' },
  bootFromSnapshot: { unproven: 'instances are made with volumes from a snapshot, never with the snapshot itself' },
  stateAfterCreate: {
    provenBy: 'makes an instance in the state it declares, observed and listed with what it answered',
  },
  stop: { provenBy: 'stops an instance and keeps it; stopping it again is done already' },
  stopStyles: { provenBy: 'stops gracefully and hard where it declares each style' },
  start: { provenBy: 'starts the next launch of a stopped instance, once' },
  reboot: { provenBy: 'resets a running guest, once for one token, and stays in the same launch' },
  suspend: { provenBy: 'refuses the power states it does not declare' },
  pause: { provenBy: 'refuses the power states it does not declare' },
  graceful: { provenBy: 'stops gracefully and hard where it declares each style' },
  vanishesAfterStop: {
    provenBy: 'tells of a guest that ends by itself, by observation and, where it watches, by news',
  },
  consoleOutput: { provenBy: 'shows what a guest has written, and nothing of an instance it does not know' },
  destroy: { provenBy: 'destroys an instance; destroying it again, or one that never was, is done already' },
  destroyFrom: { provenBy: 'destroys from each state it declares, and from no other' },
  rootOnDestroy: { provenBy: 'frees or deletes the disk of a destroyed instance, as it declares' },
  rootOnStop: { unproven: 'the root a provider makes itself is not visible through the contract' },
  attachmentsOnDestroy: { provenBy: 'keeps or deletes the data volumes of a destroyed instance, as it declares' },
  auxiliaryOnDestroy: { unproven: 'auxiliary objects of a provider are not visible through the contract' },
  terminationProtection: noCall('call that protects'),
  deleteOnTermination: noCall('flag on devices'),
  volume: { provenBy: 'grows the disk of a running instance only where it declares to' },
  volumeAttach: { provenBy: 'attaches to a running instance only where it declares hot plug' },
  volumeSnapshot: { provenBy: 'takes snapshots of volumes in the states it declares, and of no other' },
  vmSnapshot: noCall('call that makes snapshots of instances'),
  createImage: noCall('call that makes images'),
  imageFormats: noCall('call that makes images'),
  boot: { unproven: 'how a guest boots can only be told from inside it' },
  async: { unproven: 'any call may answer with a handle' },
  idempotency: {
    provenBy: 'finds an instance made already when the call is repeated with its token, and makes no second one',
  },
  consistency: { provenBy: 'makes an instance in the state it declares, observed and listed with what it answered' },
  capacity: { provenBy: 'counts what is used where it declares a measured capacity' },
  features: { unproven: 'features are words of the driver itself' },
  limits: engineReads,
  settle: engineReads,
}
